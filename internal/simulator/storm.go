package simulator

import (
	"fmt"
	"time"
)

// Storm is a script in which every endpoint of some teams turns bad at once. Of
// one cause: the authority of all certificates is distrusted. Else: each endpoint
// is on a host of its own, which accepts SSL 3.0.
func Storm(teams, endpoints int, oneCause bool) Script {
	return Script{
		Name: "A storm", Length: 150 * time.Minute,
		Play: func(w *World) {
			var hosts []*Host
			for range teams {
				_, more := manyHealthy(w, endpoints)
				hosts = append(hosts, more...)
			}
			w.At(20*time.Minute, fmt.Sprintf("%d endpoints turn bad", teams*endpoints), func() {
				if oneCause {
					w.distrust()
					return
				}
				for _, host := range hosts {
					w.Change(host, sslv3(true))
				}
			})
		},
	}
}

// Fleet is a script of healthy endpoints to which nothing happens but renewals.
func Fleet(endpoints int, length time.Duration) Script {
	return Script{Name: "A fleet", Length: length, Play: func(w *World) { manyHealthy(w, endpoints) }}
}

// Incidents counts the incidents that opened.
func (w *World) Incidents() int { return int(w.incidents) }
