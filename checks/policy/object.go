package policy

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/gradewatch/gradewatch/checks"
)

// fact is one thing that a rule can hang on. A fact without a value cannot be
// told: rules see it as unknown.
type fact struct {
	id    int64
	proof checks.Proof
	value ref.Val // nil: it cannot be told
	// domain holds every value that it could have, where that is known: rules
	// whose answer is the same for all of them are not left open by it.
	domain []ref.Val
	// more: it is whether a list goes on behind what was seen of it. False in
	// its domain: it does not.
	more   bool
	made   *types.Unknown
	remedy string // what to do where it cannot be told; empty: the usual
}

// open is the unknown value that stands for the fact.
func (f *fact) open() *types.Unknown {
	if f.made == nil {
		f.made = types.NewUnknown(f.id, nil)
	}
	return f.made
}

// slot is a field's value: a fact, or something that belongs to a fact that was
// read before.
type slot struct {
	fact *fact
	view func(ref.Val) ref.Val // of the fact's value; nil: the value itself
	val  ref.Val               // without fact
}

// settled is a value that is known with whatever holds it.
func settled(value ref.Val) slot { return slot{val: value} }

// read gives the slot's value and notes that it was asked for.
func (w *world) read(s slot) ref.Val {
	if s.fact == nil {
		return s.val
	}
	value := w.valueOf(s.fact)
	if s.view == nil || types.IsUnknown(value) {
		return value
	}
	return s.view(value)
}

// object is a CEL value of one of the vocabulary's kinds. Its fields are
// computed when they are asked for, once.
type object struct {
	world  *world
	kind   *kind
	source any
	said   *fact // what it says in a proof, if anything
	slots  []*slot
}

var _ ref.Val = (*object)(nil)

func (w *world) object(k *kind, source any, said *fact) *object {
	return &object{world: w, kind: k, source: source, said: said, slots: make([]*slot, len(k.fields))}
}

func (o *object) get(i int) ref.Val {
	if o.slots[i] == nil {
		made := o.kind.fields[i].get(o.world, o.source)
		o.slots[i] = &made
	}
	return o.world.read(*o.slots[i])
}

// ConvertToNative implements ref.Val; objects stay in rules.
func (o *object) ConvertToNative(reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s has no Go value", o.kind.name)
}

// ConvertToType implements ref.Val.
func (o *object) ConvertToType(to ref.Type) ref.Val {
	if to == types.TypeType {
		return o.kind.celType()
	}
	return types.NewErr("%s cannot be made %s", o.kind.name, to.TypeName())
}

// Equal implements ref.Val: an object equals itself.
func (o *object) Equal(other ref.Val) ref.Val { return types.Bool(ref.Val(o) == other) }

// Type implements ref.Val.
func (o *object) Type() ref.Type { return o.kind.celType() }

// Value implements ref.Val.
func (o *object) Value() any { return o }

// table is a CEL map from names to facts. It holds every name that it may be
// asked for.
type table struct {
	world *world
	names []string
	get   func(name string) slot
	slots map[string]*slot
}

var _ traits.Mapper = (*table)(nil)

func (w *world) table(names []string, get func(name string) slot) *table {
	return &table{world: w, names: names, get: get, slots: make(map[string]*slot, len(names))}
}

// Find implements traits.Mapper.
func (t *table) Find(key ref.Val) (ref.Val, bool) {
	if types.IsUnknownOrError(key) {
		return key, false
	}
	text, ok := key.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(key), false
	}
	name := string(text)
	found, ok := t.slots[name]
	if !ok {
		if !t.has(name) {
			return nil, false
		}
		made := t.get(name)
		found = &made
		t.slots[name] = found
	}
	return t.world.read(*found), true
}

func (t *table) has(name string) bool {
	for _, known := range t.names {
		if known == name {
			return true
		}
	}
	return false
}

// Contains implements traits.Container.
func (t *table) Contains(key ref.Val) ref.Val {
	if types.IsUnknownOrError(key) {
		return key
	}
	text, ok := key.(types.String)
	return types.Bool(ok && t.has(string(text)))
}

// Get implements traits.Indexer.
func (t *table) Get(key ref.Val) ref.Val {
	value, found := t.Find(key)
	if !found && value == nil {
		return types.NewErr("no such key: %v", key)
	}
	return value
}

// Iterator implements traits.Iterable: over the names.
func (t *table) Iterator() traits.Iterator {
	return types.NewStringList(types.DefaultTypeAdapter, t.names).Iterator()
}

// Size implements traits.Sizer.
func (t *table) Size() ref.Val { return types.Int(len(t.names)) }

// ConvertToNative implements ref.Val.
func (t *table) ConvertToNative(reflect.Type) (any, error) {
	return nil, fmt.Errorf("a map of facts has no Go value")
}

// ConvertToType implements ref.Val.
func (t *table) ConvertToType(to ref.Type) ref.Val {
	if to == types.MapType {
		return t
	}
	return types.NewErr("a map of facts cannot be made %s", to.TypeName())
}

// Equal implements ref.Val.
func (t *table) Equal(other ref.Val) ref.Val { return types.Bool(ref.Val(t) == other) }

// Type implements ref.Val.
func (t *table) Type() ref.Type { return types.MapType }

// Value implements ref.Val.
func (t *table) Value() any { return t }

// list is a CEL list of objects. Where not all of it was seen, it goes on with
// what is unknown.
type list struct {
	world    *world
	segments []segment
}

// segment is a part of a list that hangs on one fact. Elements without a fact
// are there whatever holds; a fact without elements says that the list may go on.
type segment struct {
	fact     *fact
	elements []ref.Val
}

var (
	_ traits.Lister   = (*list)(nil)
	_ traits.Foldable = (*list)(nil)
)

// each gives every element as rules see them now, until do says stop. What a
// rule does not come to does not count as read.
func (l *list) each(do func(ref.Val) bool) {
	for _, part := range l.segments {
		if part.fact != nil {
			switch value := l.world.valueOf(part.fact); {
			case types.IsUnknown(value):
				if !do(value) {
					return
				}
				continue
			case value == types.False:
				continue
			}
		}
		for _, element := range part.elements {
			if !do(element) {
				return
			}
		}
	}
}

func (l *list) all() []ref.Val {
	var elements []ref.Val
	l.each(func(element ref.Val) bool {
		elements = append(elements, element)
		return true
	})
	return elements
}

// Fold implements traits.Foldable.
func (l *list) Fold(folder traits.Folder) {
	index := 0
	l.each(func(element ref.Val) bool {
		index++
		return folder.FoldEntry(types.Int(index-1), element)
	})
}

// Add implements traits.Adder.
func (l *list) Add(other ref.Val) ref.Val {
	more, ok := other.(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	elements := l.all()
	for it := more.Iterator(); it.HasNext() == types.True; {
		elements = append(elements, it.Next())
	}
	return types.NewRefValList(types.DefaultTypeAdapter, elements)
}

// Contains implements traits.Container.
func (l *list) Contains(element ref.Val) ref.Val {
	var open ref.Val
	for _, own := range l.all() {
		switch {
		case types.IsUnknown(own):
			open = own
		case own.Equal(element) == types.True:
			return types.True
		}
	}
	if open != nil {
		return open
	}
	return types.False
}

// Get implements traits.Indexer.
func (l *list) Get(index ref.Val) ref.Val {
	at, ok := index.(types.Int)
	elements := l.all()
	if !ok || at < 0 || int(at) >= len(elements) {
		return types.NewErr("index out of range: %v", index)
	}
	return elements[at]
}

// Iterator implements traits.Iterable.
func (l *list) Iterator() traits.Iterator {
	return types.NewRefValList(types.DefaultTypeAdapter, l.all()).Iterator()
}

// Size implements traits.Sizer. Rules cannot ask for the size of a list that
// may go on: compile refuses it.
func (l *list) Size() ref.Val { return types.Int(len(l.all())) }

// ConvertToNative implements ref.Val.
func (l *list) ConvertToNative(reflect.Type) (any, error) {
	return nil, fmt.Errorf("a list of facts has no Go value")
}

// ConvertToType implements ref.Val.
func (l *list) ConvertToType(to ref.Type) ref.Val {
	if to == types.ListType {
		return l
	}
	return types.NewErr("a list of facts cannot be made %s", to.TypeName())
}

// Equal implements ref.Val.
func (l *list) Equal(other ref.Val) ref.Val { return types.Bool(ref.Val(l) == other) }

// Type implements ref.Val.
func (l *list) Type() ref.Type { return types.ListType }

// Value implements ref.Val.
func (l *list) Value() any { return l }
