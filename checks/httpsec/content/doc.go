// Package content reads the body of one HTTP answer: what kind of page it is,
// what it loads, and whether it gives away code, or stands before the
// application. It asks nobody and judges nothing, and what it returns holds
// nothing that differs between two looks at an unchanged page.
package content
