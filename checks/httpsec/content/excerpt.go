package content

func excerpt(text string) string { return "" }
