package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// changeChannelSettings names a channel and says when it gets a digest.
func (s *server) changeChannelSettings(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeChannels); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	channel, deliveries, err := s.findChannel(r)
	if err != nil {
		return err
	}
	form := views.ChannelSettings{Name: typed(r, "name"), Digest: typed(r, "digest"), Hour: typed(r, "digest_hour"), Zone: typed(r, "digest_zone")}
	schedule, faults := readSchedule(form)
	if len(faults) > 0 {
		return s.renderChannel(w, r, http.StatusUnprocessableEntity, views.Channel{Channel: channel, Deliveries: deliveries, Settings: form, Faults: faults})
	}
	before := channel
	channel.Name, channel.Digest, channel.DigestHour, channel.DigestZone = form.Name, string(schedule.Period), schedule.Hour, schedule.Zone
	channel.DigestNextAt = monitor.NextDigest(schedule, s.now())
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.ChangeChannel(ctx, channel); err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{
			Action: "channel.change", Object: fmt.Sprintf("channel/%d", channel.ID), Old: auditedSettings(before), New: auditedSettings(channel),
		})
	})
	if err != nil {
		return err
	}
	return redirect(w, r, fmt.Sprintf("/channels/%d?done=settings-changed", channel.ID))
}

func auditedSettings(channel store.Channel) map[string]any {
	return map[string]any{
		"name": channel.Name, "digest": channel.Digest, "digest_hour": channel.DigestHour, "digest_zone": channel.DigestZone,
	}
}

func readSchedule(form views.ChannelSettings) (schedule monitor.DigestSchedule, faults views.Faults) {
	if !nameFits(form.Name) {
		faults = append(faults, views.FieldFault{ID: "name", Text: fmt.Sprintf("Enter a name of at most %d characters.", longestChannelName)})
	}
	schedule = monitor.DigestSchedule{Period: monitor.DigestPeriod(form.Digest), Hour: -1, Zone: form.Zone}
	if hour, err := strconv.Atoi(form.Hour); err == nil {
		schedule.Hour = hour
	}
	if schedule.Zone == "" {
		schedule.Zone = "UTC"
	}
	return schedule, append(faults, faultsOf(schedule.Validate())...)
}

// faultsOf puts what the domain says of fields beside them.
func faultsOf(found []monitor.FieldFault) views.Faults {
	var faults views.Faults
	for _, fault := range found {
		faults = append(faults, views.FieldFault{ID: fault.Field, Text: fault.Text + "."})
	}
	return faults
}
