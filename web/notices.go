package web

// notice says what was done before the browser came here. Only words of ours
// are ever shown: the key comes from the address bar.
func notice(key string) string {
	switch key {
	case "application-added":
		return "The application is added. The first looks have started."
	case "urls-added":
		return "The URLs are added. The first looks have started."
	case "application-removed":
		return "The application is removed. Nothing of it is looked at any more."
	case "url-removed":
		return "The URL is removed. It is not looked at any more."
	case "import-applied":
		return "The import is done."
	case "import-discarded":
		return "The import is discarded. It changed nothing."
	case "settings-changed":
		return "The change is saved."
	case "look-asked":
		return "A look has been asked for."
	case "full-look-asked":
		return "A full check has been asked for. It may take a few minutes."
	case "waiver-granted":
		return "The requirement is waived from the next look on. It counts again when the waiver is over."
	case "waiver-ended":
		return "The waiver is over. The requirement counts from the next look on."
	case "profiles-changed":
		return "The change is saved. It counts from the next look on."
	case "attestation-stated":
		return "The statement is recorded."
	case "secret-added":
		return "The date is kept. You are reminded before it."
	case "secret-replaced":
		return "The new date is kept in place of the old one."
	case "secret-removed":
		return "The date is removed. Nobody is reminded of it any more."
	case "compromise-recorded":
		return "The compromise is written down. Tell SuperOffice Online Operations now, if you have not yet."
	case "compromise-noted":
		return "It is written down."
	case "compromise-closed":
		return "The compromise is closed."
	case "intrusive-allowed":
		return "Intrusive probes are allowed. The next full check uses them."
	case "intrusive-forbidden":
		return "The leave is taken back. No check that begins from now on sends anything intrusive."
	case "host-claimed":
		return "There is a token for this host. Put it in one of the places below, then check."
	case "host-given-up":
		return "The token is forgotten."
	case "opt-out-recorded":
		return "The opt-out is recorded. It holds from the next look on."
	case "opt-out-ended":
		return "The opt-out is over. The host is looked at again from the next look on."
	case "look-running":
		return "A look is under way already."
	default:
		return noticeOfTelling(key)
	}
}

// noticeOfTelling says what was done about incidents, planned work and channels.
func noticeOfTelling(key string) string {
	switch key {
	case "incident-acknowledged":
		return "It is yours. Nobody else is called."
	case "incident-unacknowledged":
		return "The acknowledgement is taken back. Somebody else is called if your routes say so."
	case "incident-snoozed":
		return "It is silent until the time below, unless it gets worse."
	case "incident-unsnoozed":
		return "The snooze is over."
	case "incident-noted":
		return "The note is in the timeline."
	case "maintenance-planned":
		return "The maintenance is planned. While it runs, what fails opens no incident, and nobody is told."
	case "maintenance-ended":
		return "The maintenance is over. What fails from now on counts."
	case "channel-removed":
		return "The channel is removed. Nothing is sent there any more."
	case "channel-added":
		return "The channel is added."
	case "channel-disabled":
		return "The channel is paused. Nothing is sent there until you resume it."
	case "channel-enabled":
		return "The channel is in use again."
	case "previous-secret-ended":
		return "The old secret signs nothing any more."
	case "route-added":
		return "The route is added."
	case "route-removed":
		return "The route is removed."
	case "contact-named":
		return "The contact is named."
	case "sent-again":
		return "The message is on its way again."
	case "feed-ended":
		return "The address is ended. Nobody reads the calendar by it any more."
	case "test-sent":
		return "A test is on its way. Its delivery is listed below."
	default:
		return ""
	}
}
