package content

func signaturesOf(status int, p *page) []string { return nil }
