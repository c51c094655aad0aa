package conversation

import "sync"

// Together runs parts at the same time and waits for all. A part that panics,
// a fault of ours, leaves its facts as they were and ends nobody else's look:
// goroutines have nobody above them who could recover.
func (p *Peer) Together(parts ...func()) {
	var running sync.WaitGroup
	for _, part := range parts {
		running.Go(func() {
			defer func() {
				if fault := recover(); fault != nil {
					p.Logf("our own fault: %v", fault)
				}
			}()
			part()
		})
	}
	running.Wait()
}
