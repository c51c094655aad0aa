package probe

// UserAgent says who asks, and where to read why and how to opt out. Every
// request of a look carries it, to the server and to its issuers alike.
const UserAgent = "Gradewatch/1 (+https://gradewatch.dev/probe)"
