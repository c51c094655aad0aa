package regrade

import (
	"context"
	"fmt"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/store"
)

// stored is one observation as it is stored.
type stored struct {
	manifest store.RegradeManifest
	places   []place
}

// place is a component where it was seen; without one it is gone.
type place struct {
	entry     store.RegradeEntry
	component *component
}

// assemble decodes what is not decoded yet, and puts the observation together.
// It shares what its components hold with other observations.
func (s *stored) assemble() (checks.Observation, error) {
	if s.manifest.Depth == "" {
		return checks.Observation{}, errGone
	}
	parts := make([]store.PlacedPart, 0, len(s.places))
	for _, place := range s.places {
		if place.component == nil {
			return checks.Observation{}, errGone
		}
		part, err := place.component.decode()
		if err != nil {
			return checks.Observation{}, err
		}
		parts = append(parts, store.PlacedPart{Part: part, Address: place.entry.Address, Port: place.entry.Port})
	}
	observation, err := store.Assemble(parts)
	observation.Depth = s.manifest.Depth
	return observation, err
}

// batch is some observations that follow each other.
type batch struct {
	before, next int64 // the cursor before them, and behind them
	observations []stored
}

// load reads the observations behind the cursor, and those of their components
// that the cache does not hold. An empty batch is the end.
func (r *run) load(ctx context.Context, after int64) (*batch, error) {
	var loaded *batch
	err := r.store.AsWorker(ctx, func(ctx context.Context, tx *store.Tx) error {
		manifests, entries, err := tx.RegradeBatch(ctx, r.regrade.ID, after, r.config.Batch)
		if err != nil {
			return err
		}
		held, err := r.components(ctx, tx, entries)
		if err != nil {
			return err
		}
		loaded = arrange(after, manifests, entries, held)
		return nil
	})
	return loaded, err
}

// components returns those that entries name, from the cache or from the
// database. Those of this batch stay in memory, whatever the cache lets go.
func (r *run) components(ctx context.Context, tx *store.Tx, entries []store.RegradeEntry) (map[key]*component, error) {
	held, kinds := map[key]*component{}, map[key]string{}
	var missing [][]byte
	for _, entry := range entries {
		of := key(entry.SHA256)
		if held[of] != nil || kinds[of] != "" {
			continue
		}
		if known := r.cache.get(of); known != nil {
			held[of] = known
			continue
		}
		kinds[of], missing = entry.Kind, append(missing, entry.SHA256)
	}
	if len(missing) == 0 {
		return held, nil
	}
	bodies, err := tx.ComponentBodies(ctx, missing)
	if err != nil {
		return nil, err
	}
	for _, body := range bodies {
		of := key(body.SHA256)
		held[of] = r.cache.add(of, kinds[of], body.Body)
	}
	return held, nil
}

func arrange(after int64, manifests []store.RegradeManifest, entries []store.RegradeEntry, held map[key]*component) *batch {
	loaded := &batch{before: after, next: after, observations: make([]stored, len(manifests))}
	byOrdinal := make(map[int64]*stored, len(manifests))
	for i, manifest := range manifests {
		loaded.observations[i].manifest = manifest
		byOrdinal[manifest.Ordinal] = &loaded.observations[i]
		loaded.next = manifest.Ordinal
	}
	for _, entry := range entries {
		if of := byOrdinal[entry.Ordinal]; of != nil {
			of.places = append(of.places, place{entry: entry, component: held[key(entry.SHA256)]})
		}
	}
	return loaded
}

// prefetched is a batch that is read while another is judged.
type prefetched struct {
	batch *batch
	err   error
}

// prefetch reads the batches behind after, one ahead of who takes them, until
// nothing is left, an error or the end of ctx. It closes its channel then.
func (r *run) prefetch(ctx context.Context, after int64) <-chan prefetched {
	batches := make(chan prefetched)
	go func() {
		defer close(batches)
		for {
			loaded, err := r.load(ctx, after)
			if err != nil {
				err = fmt.Errorf("read what is to judge: %w", err)
			} else if len(loaded.observations) == 0 {
				return
			}
			select {
			case batches <- prefetched{loaded, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
			after = loaded.next
		}
	}()
	return batches
}
