package policy

import (
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// kind is a type of the vocabulary.
type kind struct {
	name   string
	doc    string
	fields []field
}

// field is one field of a kind.
type field struct {
	name   string
	of     *cel.Type
	doc    string
	names  []string // all that a map holds
	values []string // all that a text, or each of a map's texts, may be
	open   bool     // a list that may go on behind what was seen of it
	get    func(w *world, source any) slot
}

func (k *kind) celType() *cel.Type { return cel.ObjectType(k.name) }

func (k *kind) field(name string) (int, bool) {
	for i, one := range k.fields {
		if one.name == name {
			return i, true
		}
	}
	return 0, false
}

// kinds returns every kind by its name.
var kinds = sync.OnceValue(func() map[string]*kind {
	known := map[string]*kind{}
	for _, k := range vocabulary() {
		known[k.name] = k
	}
	return known
})

func (w *world) of(name string, source any, said *fact) *object {
	return w.object(w.kinds[name], source, said)
}

// vocabularyTypes tells CEL of the kinds, so that a field that does not exist
// is found when a profile is loaded.
type vocabularyTypes struct {
	types.Provider
	kinds map[string]*kind
}

// FindStructType implements types.Provider.
func (p vocabularyTypes) FindStructType(name string) (*types.Type, bool) {
	if k, ok := p.kinds[name]; ok {
		return types.NewTypeTypeWithParam(k.celType()), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p vocabularyTypes) FindStructFieldNames(name string) ([]string, bool) {
	k, ok := p.kinds[name]
	if !ok {
		return p.Provider.FindStructFieldNames(name)
	}
	names := make([]string, 0, len(k.fields))
	for _, one := range k.fields {
		names = append(names, one.name)
	}
	return names, true
}

// FindStructFieldType implements types.Provider.
func (p vocabularyTypes) FindStructFieldType(name, fieldName string) (*types.FieldType, bool) {
	k, ok := p.kinds[name]
	if !ok {
		return p.Provider.FindStructFieldType(name, fieldName)
	}
	i, ok := k.field(fieldName)
	if !ok {
		return nil, false
	}
	return &types.FieldType{
		Type:  k.fields[i].of,
		IsSet: func(any) bool { return true },
		GetFrom: func(from any) (any, error) {
			if o, ok := from.(*object); ok {
				return o.get(i), nil
			}
			if unknown, ok := from.(*types.Unknown); ok {
				return unknown, nil
			}
			return types.NewErr("%T is no %s", from, name), nil
		},
	}, true
}

// NewValue implements types.Provider: rules make no objects.
func (p vocabularyTypes) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if _, ok := p.kinds[name]; ok {
		return types.NewErr("a rule cannot make a %s", name)
	}
	return p.Provider.NewValue(name, fields)
}
