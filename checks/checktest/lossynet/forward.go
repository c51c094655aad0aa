package lossynet

import (
	"container/heap"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

const (
	packetLimit = 64 << 10 // no IP packet is longer
	queueLimit  = 16384    // packets of one direction under way; what is past it is lost, and counted apart
)

// Link is what lies between the two namespaces. The zero Link neither delays
// nor loses.
type Link struct {
	RoundTrip time.Duration // mean; half of it in each direction
	// Jitter is by how much a round trip may differ from the mean to either
	// side. Packets overtake each other within it, and no further.
	Jitter time.Duration
	Loss   float64 // of the packets of each direction: 0.02 loses 2 %
	Seed   uint64  // of what is random
}

// String describes the link for people.
func (l Link) String() string {
	return fmt.Sprintf("%s round trip, %s jitter, %.3g %% loss", l.RoundTrip, l.Jitter, 100*l.Loss)
}

// delay is how long one packet takes in one direction.
func (l Link) delay(random *rand.Rand) time.Duration {
	return l.RoundTrip/2 + time.Duration((random.Float64()-0.5)*float64(l.Jitter))
}

// Counts is what happened to the packets of one direction.
type Counts struct {
	Delivered, Lost, Overflowed int
}

// direction carries packets one way. Each Read of from and each Write to to is
// one packet.
type direction struct {
	link   Link
	random *rand.Rand
	from   io.Reader
	to     io.Writer
	queue  chan packet
	counts Counts
}

type packet struct {
	due     time.Time
	content []byte
}

func newDirection(link Link, stream uint64, from io.Reader, to io.Writer) *direction {
	return &direction{
		link: link, random: rand.New(rand.NewPCG(link.Seed, stream)),
		from: from, to: to, queue: make(chan packet, queueLimit),
	}
}

// run carries packets until from ends. What is still under way then is dropped.
func (d *direction) run() {
	var reader sync.WaitGroup
	reader.Go(d.read)
	delivered := d.deliver()
	reader.Wait()
	d.counts.Delivered = delivered
}

func (d *direction) read() {
	defer close(d.queue)
	piece := make([]byte, packetLimit)
	for {
		n, err := d.from.Read(piece)
		if err != nil {
			return
		}
		lost, due := d.random.Float64() < d.link.Loss, time.Now().Add(d.link.delay(d.random))
		if lost {
			d.counts.Lost++
			continue
		}
		select {
		case d.queue <- packet{due: due, content: append([]byte(nil), piece[:n]...)}:
		default:
			d.counts.Overflowed++
		}
	}
}

// deliver writes each packet when it is due, and returns how many it wrote.
func (d *direction) deliver() (delivered int) {
	var waiting schedule
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		var due <-chan time.Time
		if len(waiting) > 0 {
			timer.Reset(time.Until(waiting[0].due))
			due = timer.C
		}
		select {
		case next, open := <-d.queue:
			if !open {
				return delivered
			}
			heap.Push(&waiting, next)
		case <-due:
		}
		for len(waiting) > 0 && !waiting[0].due.After(time.Now()) {
			next := heap.Pop(&waiting).(packet) //nolint:errcheck // a schedule holds nothing else
			_, _ = d.to.Write(next.content)     // an interface that is gone loses packets, as they do
			delivered++
		}
	}
}

// schedule is a heap of packets, the next to deliver first.
type schedule []packet

func (s schedule) Len() int           { return len(s) }
func (s schedule) Less(i, j int) bool { return s[i].due.Before(s[j].due) }
func (s schedule) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }

// Push implements heap.Interface.
func (s *schedule) Push(next any) { *s = append(*s, next.(packet)) } //nolint:errcheck // heap.Push is given packets only

// Pop implements heap.Interface.
func (s *schedule) Pop() any {
	last := len(*s) - 1
	next := (*s)[last]
	(*s)[last] = packet{}
	*s = (*s)[:last]
	return next
}

// forward joins two interfaces until stop, which returns what was carried: to
// the servers, and from them.
func forward(link Link, servers, prober *os.File) (stop func() (to, from Counts)) {
	to, from := newDirection(link, 1, prober, servers), newDirection(link, 2, servers, prober)
	var running sync.WaitGroup
	running.Go(to.run)
	running.Go(from.run)
	return func() (Counts, Counts) {
		_ = servers.Close()
		_ = prober.Close()
		running.Wait()
		return to.counts, from.counts
	}
}
