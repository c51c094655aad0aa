package main

import (
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/hsts"
)

func TestDecodeSource(t *testing.T) {
	t.Parallel()
	entries, err := decodeSource([]byte(`// a comment
{ "entries": [
  // another
  { "name": "A.example", "policy": "bulk-1-year", "mode": "force-https", "include_subdomains": true },
  { "name": "b.example", "policy": "custom", "mode": "force-https" },
  { "name": "pins.example", "policy": "custom", "pins": "google" }
] }`))
	require.NoError(t, err)
	require.Equal(t, []hsts.Entry{{Name: "a.example", IncludeSubDomains: true}, {Name: "b.example"}}, entries)
	_, err = decodeSource([]byte("{"))
	require.Error(t, err)
}

func TestEncode(t *testing.T) {
	t.Parallel()
	content, err := encode("Chromium 1", []hsts.Entry{{Name: "b.example"}, {Name: "a.example", IncludeSubDomains: true}})
	require.NoError(t, err)
	require.Equal(t, "Chromium 1\n\x00\x00\x00\x01\x00\x00\x00\x00\x00\x09example.a\x08\x02b!", string(content))
	for name, entries := range map[string][]hsts.Entry{
		"empty":      nil,
		"twice":      {{Name: "a.example"}, {Name: "a.example", IncludeSubDomains: true}},
		"no name":    {{}},
		"a long one": {{Name: strings.Repeat("a", 255)}},
	} {
		_, err := encode("Chromium 1", entries)
		require.Error(t, err, name)
	}
}

// program builds what a Chromium with these names would hold.
func program(names ...string) []byte {
	b := &builder{}
	b.table(names)
	content := append([]byte("before\xff\xff"), b.tree()...)
	for len(b.out)%8 != 0 {
		b.out = append(b.out, 0)
	}
	for i := 0; i < len(b.out); i += 8 {
		var value byte
		for _, bit := range b.out[i : i+8] {
			value = value<<1 | bit
		}
		content = append(content, value)
	}
	return append(content, "behind it"...)
}

// builder writes a trie with a code of equal lengths for each character.
type builder struct{ out []byte }

func (b *builder) write(value, n int) {
	for i := n - 1; i >= 0; i-- {
		b.out = append(b.out, byte(value>>i&1))
	}
}

// characters in their order, with the two marks: 40, in a tree of 39 pairs.
func characters() []byte {
	all := append([]byte{endOfName, endOfTable}, hostCharacters...)
	slices.Sort(all)
	return all
}

// tree is the codes: a pair for two characters, and pairs for pairs.
func (b *builder) tree() []byte {
	var level, out []byte
	for _, character := range characters() {
		level = append(level, character|0x80)
	}
	for len(level) > 1 {
		var above []byte
		for i := 0; i+1 < len(level); i += 2 {
			above = append(above, byte(len(out)/2))
			out = append(out, level[i], level[i+1])
		}
		if len(level)%2 == 1 {
			above = append(above, level[len(level)-1])
		}
		level = above
	}
	return out
}

func (b *builder) character(wanted byte) {
	codes := huffman(b.tree())
	for code := range 1 << 8 {
		for n := 1; n <= 8; n++ {
			t := trie{bits: []byte{byte(code << (8 - n))}, codes: codes}
			if got, err := t.character(); err == nil && t.at == n && got == wanted && bits.Len(uint(code)) <= n {
				b.write(code, n)
				return
			}
		}
	}
}

// table writes the nodes of names, and then their table, and says where that is.
// A name with a bang does not include subdomains.
func (b *builder) table(names []string) int {
	groups := map[byte][]string{}
	for _, name := range names {
		bare := strings.TrimSuffix(name, "!")
		mark := name[len(bare):]
		if bare == "" {
			groups[endOfName] = append(groups[endOfName], mark)
			continue
		}
		last := bare[len(bare)-1]
		groups[last] = append(groups[last], bare[:len(bare)-1]+mark)
	}
	var order []byte
	at := map[byte]int{}
	for _, character := range characters() {
		if len(groups[character]) > 0 {
			order = append(order, character)
			if character != endOfName {
				at[character] = b.table(groups[character])
			}
		}
	}
	node := len(b.out)
	b.write(0, 2) // no prefix
	before := -1
	for _, character := range order {
		b.character(character)
		switch {
		case character == endOfName && groups[character][0] == "!":
			b.write(0b001, 3) // not the usual; https without subdomains
		case character == endOfName:
			b.write(1, 1)
		case before < 0:
			b.write(20, 5)
			b.write(node-at[character], 20)
		default:
			b.write(1, 1)
			b.write(12, 4)
			b.write(at[character]-before, 20)
		}
		if character != endOfName {
			before = at[character]
		}
	}
	b.character(endOfTable)
	return node
}

func TestDecodeProgram(t *testing.T) {
	t.Parallel()
	want := []hsts.Entry{{Name: "a.example", IncludeSubDomains: true}, {Name: "bb.example"}, {Name: "example", IncludeSubDomains: true}}
	names := []string{"a.example", "bb.example!", "example"}
	for character := byte('a'); character <= 'z'; character++ {
		name := "x.top" + string(character)
		names = append(names, name)
		want = append(want, hsts.Entry{Name: name, IncludeSubDomains: true})
	}
	entries, err := decodeProgram(program(names...))
	require.NoError(t, err)
	require.ElementsMatch(t, want, entries)
	for _, other := range [][]byte{nil, []byte("no list"), program("a.example"), program(names...)[:100]} {
		_, err := decodeProgram(other)
		require.ErrorIs(t, err, errNoList)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, out := filepath.Join(folder, "list.json"), filepath.Join(folder, "preload.bin")
	require.NoError(t, os.WriteFile(source, []byte(`{"entries":[{"name":"a.example","mode":"force-https"}]}`), 0o600))
	require.Error(t, run("", source, "", out), "of which version?")
	require.NoError(t, run("", source, "7.0.0.0", out))
	content, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Contains(t, string(content), "Chromium 7.0.0.0\n")
	require.Error(t, run(source, "", "", out), "it is no Chromium")
}
