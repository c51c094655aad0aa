// Package monitor is the domain: teams, applications, endpoints, assessments,
// incidents; how two assessments compare; when the next look is due; when
// somebody is told. Its rules are pure step functions of state, event and
// time. It does no input or output.
package monitor
