package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// statement finds text that starts like SQL. Sentences for people start like
// it too ("Select a team"), so it asks for the word that must follow.
var statement = regexp.MustCompile(`(?is)^\s*(` +
	`select\s.+\sfrom\s|select\s+[a-z_]+\(|insert\s+into\s|update\s+[a-z_"]+\s+set\s|delete\s+from\s|with\s+[a-z_]+\s+as\s*\(|` +
	`create\s+(table|index|unique|role|user|database|schema|function|extension|view)\s|alter\s+(table|role|user|database|system)\s|` +
	`drop\s+(table|role|user|database|schema)\s|truncate\s+[a-z_]+|grant\s+[a-z, ]+\s+(on|to)\s|revoke\s|set\s+(local\s+)?role\s|` +
	`listen\s+[a-z_"]+$|notify\s+[a-z_"]+|begin\s*;|commit\s*;|vacuum\b|do\s+\$\$)`)

// sqlHolders are who may hold SQL, and why. Tests may ask the database directly.
func sqlHolders() []arrow {
	return []arrow{
		{"internal/store/", nil, "every SQL statement of the program, so that row-level security has one door"},
		{"migrations/", nil, "the schema, and the grants on River's tables"},
		{"internal/pgembed/", nil, "creates the role and the database of its own Postgres, before any schema is"},
		{"internal/testdb/", nil, "creates and drops databases of tests"},
	}
}

// statements returns the string literals of f that are SQL.
func statements(f file) []string {
	var found []string
	ast.Inspect(f.tree, func(node ast.Node) bool {
		literal, ok := node.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		text, err := strconv.Unquote(literal.Value)
		if err == nil && statement.MatchString(text) {
			found = append(found, fmt.Sprintf("%s:%d: %.60q", f.path, f.line(literal.Pos()), strings.Join(strings.Fields(text), " ")))
		}
		return true
	})
	return found
}

func TestOnlyTheStoreHoldsSQL(t *testing.T) {
	t.Parallel()
	handWritten(t, func(_ source, f file) {
		if slices.ContainsFunc(sqlHolders(), func(h arrow) bool { return strings.HasPrefix(f.path, h.importer) }) {
			return
		}
		for _, finding := range statements(f) {
			t.Errorf("%s: only internal/store holds SQL", finding)
		}
	})
}

func TestStatementsAreSeen(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"SELECT id FROM endpoints":                 true,
		"\n\t\tselect id\n\t\tfrom endpoints x":    true,
		"SELECT set_config('role', $1, true)":      true,
		"INSERT INTO audit (id) VALUES (1)":        true,
		"UPDATE endpoints SET next_run_at = $1":    true,
		"DELETE FROM sessions WHERE id = 1":        true,
		"WITH due AS (SELECT 1) SELECT 2 FROM due": true,
		"SET LOCAL ROLE gradewatch_team":           true,
		"LISTEN river_insert":                      true,
		"Select an environment":                    false,
		"Select a URL from the list":               true, // reads like SQL: write it another way
		"Update the endpoint":                      false,
		"listen on 127.0.0.1:8080":                 false,
		"Delete":                                   false,
		"with":                                     false,
	}
	for text, want := range tests {
		f := parse(t, "package p; const text = "+strconv.Quote(text))
		if got := len(statements(f)) == 1; got != want {
			t.Errorf("%q: want %v, got %v", text, want, got)
		}
	}
}
