package simulator

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Chance is one thing of a random script.
type chance struct {
	host        int
	from, until time.Duration
	kind        int
}

// Random returns a script of some hosts to which faults happen at random times,
// each on a host of its own and for hours, with short glitches and a share of
// lost looks between them. Equal seeds give equal scripts.
func Random(seed uint64) Script {
	random := rand.New(rand.NewPCG(seed, 11))
	const length = 9 * day
	hosts := 2 + random.IntN(5)
	script := Script{Name: fmt.Sprintf("Random %d", seed), Length: length}
	var chances []chance
	for host := range hosts {
		if random.IntN(3) == 0 {
			continue
		}
		from := day + time.Duration(random.Int64N(int64(3*day)))
		one := chance{host: host, from: from, until: from + 3*time.Hour + time.Duration(random.Int64N(int64(2*day))), kind: random.IntN(5)}
		if one.kind == 4 && slices.ContainsFunc(chances, func(c chance) bool { return c.kind == 4 }) {
			one.kind = 1 // two names of one domain that lead nowhere are one problem
		}
		chances = append(chances, one)
		script.Problems = append(script.Problems, Problem{
			What: faultNames()[one.kind], From: from, Places: []string{fmt.Sprintf("app%d.example.com/", host+1)}, Hears: opensAndResolves(),
		})
	}
	lose, pages := []int{0, 0, 500}[random.IntN(3)], 1+random.IntN(4)
	glitches := random.IntN(4)
	script.Play = func(w *World) {
		team, all := manyHealthy(w, hosts)
		for i, host := range all {
			for page := range pages - 1 {
				w.Register(team, int64(i+1), host, fmt.Sprintf("/page%d", page))
			}
		}
		w.At(0, fmt.Sprintf("One look in %d reaches nothing", lose), func() { w.LoseOneIn = lose })
		for _, one := range chances {
			w.At(one.from, faultNames()[one.kind], func() { w.breaks(team, all[one.host], one.kind, true) })
			w.At(one.until, "It is mended", func() { w.breaks(team, all[one.host], one.kind, false) })
		}
		for i := range glitches { // shorter than a second look takes, so nobody is to hear of it
			at := 5*day + time.Duration(i)*11*time.Hour + time.Duration(random.Int64N(int64(10*time.Hour)))
			host := all[random.IntN(len(all))]
			w.At(at, "A restart of twenty seconds", func() { w.Change(host, down(checks.ReasonRefused)) })
			w.At(at+20*time.Second, "It is over", func() { w.Change(host, down("")) })
		}
	}
	return script
}

func faultNames() []string {
	return []string{"SSL 3.0", "nothing answers", "a cookie that script can read", "status 500", "the name does not resolve"}
}

// breaks lets a fault of a kind happen to a host, or ends it.
func (w *World) breaks(team *Team, host *Host, kind int, on bool) {
	edit := func(change func(*Page)) {
		for _, e := range team.Endpoints {
			if e.Host == host {
				e.Edit(change)
			}
		}
	}
	switch kind {
	case 0:
		w.Change(host, sslv3(on))
	case 1:
		w.Change(host, down(map[bool]checks.Reason{true: checks.ReasonTimeout}[on]))
	case 2:
		edit(looseCookie(on))
	case 3:
		edit(status(map[bool]int{true: 500}[on]))
	default:
		w.resolves(host, map[bool]checks.Reason{true: checks.ReasonNameNotFound}[on])
	}
}
