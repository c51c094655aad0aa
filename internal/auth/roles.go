package auth

import (
	"fmt"
	"slices"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Permission is one thing that a role may allow. Its text is shown to people
// who lack it (superoffice.md S-13).
type Permission string

// The permissions.
const (
	ChangeInventory Permission = "change applications and URLs"
	RequestLook     Permission = "ask for a look"
	ChangeChannels  Permission = "change channels"
	ShowSecret      Permission = "see a webhook's signing secret"
	ReadAudit       Permission = "read the audit"
	AllowIntrusive  Permission = "allow intrusive probes"
	RecordOptOuts   Permission = "record who opted out"
	// AllowOwnIntrusive is for URLs of one's own team, on hosts that are shown to
	// be its own.
	AllowOwnIntrusive Permission = "allow intrusive probes of your team's hosts"
	SeeFleet          Permission = "see what is of every team"
	KeepStatements    Permission = "state attestations, and keep secrets' dates and compromises"
	HandleIncidents   Permission = "acknowledge, snooze and note on incidents"
	PlanMaintenance   Permission = "plan maintenance"
)

// permissions lists what each role may do beside reading.
func permissions(role monitor.Role) []Permission {
	switch role {
	case monitor.Administrator:
		return []Permission{ChangeInventory, KeepStatements, HandleIncidents, PlanMaintenance, RequestLook, ChangeChannels, ShowSecret, ReadAudit, AllowOwnIntrusive}
	case monitor.Developer:
		return []Permission{ChangeInventory, KeepStatements, HandleIncidents, PlanMaintenance, RequestLook, ChangeChannels, ReadAudit}
	case monitor.Operator:
		return []Permission{RequestLook, ReadAudit, AllowIntrusive, SeeFleet, RecordOptOuts}
	default:
		return nil
	}
}

// May says whether a role has a permission.
func May(role monitor.Role, permission Permission) bool {
	return slices.Contains(permissions(role), permission)
}

// DeniedError is what a person lacks.
type DeniedError struct {
	Permission Permission
	Role       monitor.Role
}

// Error implements error.
func (e *DeniedError) Error() string {
	return fmt.Sprintf("the role %s may not %s", e.Role, e.Permission)
}

// Require returns a DeniedError if the role lacks the permission.
func Require(role monitor.Role, permission Permission) error {
	if May(role, permission) {
		return nil
	}
	return &DeniedError{Permission: permission, Role: role}
}
