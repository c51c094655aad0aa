package checks

import "strings"

// Texts returns what TXT records say: the strings of each, one behind the other
// (RFC 1035 section 3.3.14), without white space around them. Of a record that
// is cut off, what is whole counts.
func (s RecordSet) Texts() []string {
	texts := make([]string, 0, len(s.Data))
	for _, record := range s.Data {
		var text strings.Builder
		for len(record) > 0 && len(record) > int(record[0]) {
			length := int(record[0])
			text.Write(record[1 : 1+length])
			record = record[1+length:]
		}
		texts = append(texts, strings.TrimSpace(text.String()))
	}
	return texts
}
