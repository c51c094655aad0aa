package hsts

import "strings"

// Listed returns every name of the embedded list.
func Listed() []Entry {
	_, list, _ := strings.Cut(preloadList, "\n")
	data := list[4+4*number(list, 0):]
	var entries []Entry
	current := ""
	for data != "" {
		shared, own := int(data[0]), int(data[1])
		current = current[:shared] + data[2:2+own]
		data = data[2+own:]
		name, alone := strings.CutSuffix(current, Alone)
		entries = append(entries, Entry{Name: ReverseLabels(name), IncludeSubDomains: !alone})
	}
	return entries
}
