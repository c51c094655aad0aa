// Package views holds every page as templ components and the typed models that
// they show. It reads no request, no database and no clock, and decides
// nothing but how a thing is said.
package views
