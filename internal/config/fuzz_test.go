package config_test

import (
	"strings"
	"testing"

	"github.com/gradewatch/gradewatch/internal/config"
)

// FuzzLoad reads settings as somebody may mistype them: it says what is wrong
// and names the setting, or every duration and count that is read makes sense.
func FuzzLoad(f *testing.F) {
	f.Add("GRADEWATCH_LISTEN=127.0.0.1:0\nDATABASE_URL=postgres://a:secret@b/c")
	f.Add("GRADEWATCH_LOOK_TIMEOUT=-1s\nGRADEWATCH_LOOK_WORKERS=0\nGRADEWATCH_BASE_URL=ftp://x")
	f.Add("GRADEWATCH_SMTP_URL=smtps://u:secret@[::1%25]:99999")
	for _, name := range config.Names() {
		f.Add(name + "=,:;\x00\xff")
	}
	f.Fuzz(func(t *testing.T, text string) {
		environment := map[string]string{}
		for line := range strings.Lines(text) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			environment[name] = value
		}
		loaded, err := config.Load(environment)
		if err != nil {
			if !strings.Contains(err.Error(), "GRADEWATCH_") && !strings.Contains(err.Error(), "DATABASE_") {
				t.Errorf("%v names no setting", err)
			}
			return
		}
		if loaded.LookTimeout <= 0 || loaded.LookWorkers <= 0 || loaded.ClaimEvery <= 0 {
			t.Errorf("taken without a word: %+v", loaded)
		}
	})
}
