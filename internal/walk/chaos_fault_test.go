package walk_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/gradewatch/gradewatch/internal/alert/alerttest"
)

// part is a process of the service that is killed and started again.
type part struct {
	name  string
	start func() *process

	mu      sync.Mutex
	running *process // guarded by mu
}

func (p *part) restart() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running.kill()
	p.running = p.start()
}

// supervise starts what ended by itself, as a process manager does: a program
// that begins while Postgres is away gives up.
func (p *part) supervise() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running.gone() {
		p.running = p.start()
	}
}

// chaos does harm at random, and remembers when: a repeat must have its reason.
type chaos struct {
	t       *testing.T
	world   *world
	cluster *cluster
	parts   []*part
	random  *rand.Rand

	mu    sync.Mutex
	kills []time.Time // guarded by mu: when something died that may have held an answer
	done  map[string]int
}

// rage does harm until ctx ends, a fault every half second or so, and waits for
// the last one.
func (c *chaos) rage(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(100+c.random.IntN(900)) * time.Millisecond):
			c.harm(ctx)
			c.supervise()
		}
	}
}

func (c *chaos) supervise() {
	for _, part := range c.parts {
		part.supervise()
	}
}

func (c *chaos) harm(ctx context.Context) {
	switch dice := c.random.IntN(10); {
	case dice < 3:
		victim := c.parts[c.random.IntN(len(c.parts))]
		c.killed("kill " + victim.name)
		victim.restart()
	case dice == 3:
		c.killed("crash of Postgres")
		c.cluster.crash()
	case dice == 4:
		c.killed("restart of Postgres")
		if err := c.cluster.restart(context.WithoutCancel(ctx)); err != nil {
			c.t.Errorf("start Postgres again: %v", err)
		}
	case dice < 7:
		c.mail()
	default:
		c.hook()
	}
}

// killed notes a death: at its beginning, since an answer that came before it
// may have been lost.
func (c *chaos) killed(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kills = append(c.kills, time.Now())
	c.done[what]++
}

func (c *chaos) noted(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done[what]++
}

// mail makes the mail server refuse, answer with a fault, fall silent, or hang
// up before or after it took the mail.
func (c *chaos) mail() {
	faults := []alerttest.SMTPFaults{
		{At: "connect", Code: 421, Text: "4.3.2 Service shutting down", Times: 1},
		{At: "rcpt", Code: 451, Text: "4.3.0 Try again later", Times: 1},
		{At: "data", Code: 452, Text: "4.3.1 No room", Times: 1},
		{DropBeforeAccepting: 1},
		{DropBeforeAnswer: 1},
		{DropAfterAnswer: 1},
		{Silent: 1},
	}
	i := c.random.IntN(len(faults))
	c.noted(fmt.Sprintf("mail fault %d", i))
	c.world.mail.SetFaults(c.t, faults[i])
}

// hook makes the receiver answer with a fault, hang up, fall silent, or hang up
// after it took the event.
func (c *chaos) hook() {
	faults := []alerttest.Fault{
		alerttest.Answer(500, nil), alerttest.Answer(503, map[string]string{"Retry-After": "1"}), alerttest.Answer(429, nil),
		alerttest.Drop, alerttest.Silence,
	}
	i := c.random.IntN(len(faults) + 1)
	c.noted(fmt.Sprintf("webhook fault %d", i))
	if i == len(faults) {
		c.world.hook.DropAnswers(1)
		return
	}
	c.world.hook.Fail(faults[i])
}

// heal takes back every fault that nobody met.
func (c *chaos) heal() {
	c.world.mail.SetFaults(c.t, alerttest.SMTPFaults{})
	c.world.hook.Heal()
}
