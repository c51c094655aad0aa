package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// constant names calls whose results never change afterwards.
func constant() map[string][]string {
	return map[string][]string{
		"errors":        {"New"},
		"fmt":           {"Errorf"},
		"regexp":        {"MustCompile"},
		"net/netip":     {"MustParseAddr", "MustParsePrefix", "AddrFrom4", "AddrFrom16", "PrefixFrom"},
		"time":          {"Date", "Unix"},
		"strings":       {"NewReplacer"},
		"sync":          {"OnceValue", "OnceValues", "OnceFunc"}, // computed once, whoever asks first
		"html/template": {"Must"},
		"text/template": {"Must"},
		"math/big":      {"NewInt"},
		"reflect":       {"TypeFor", "TypeOf"},
	}
}

// settable are variables that must be ones, and why.
func settable() map[string]string {
	return map[string]string{
		"cmd/gradewatch.version": "the linker writes it",
	}
}

// mutable returns the package-level variables of p that may change while the
// program runs, as far as source text shows it.
func mutable(p source) []string {
	written := assigned(p)
	var found []string
	for _, f := range p.files {
		if f.generated {
			continue
		}
		for _, declaration := range f.tree.Decls {
			general, ok := declaration.(*ast.GenDecl)
			if !ok || general.Tok != token.VAR {
				continue
			}
			for _, specification := range general.Specs {
				found = append(found, mutableNames(p, f, general, specification.(*ast.ValueSpec), written)...)
			}
		}
	}
	return found
}

func mutableNames(p source, f file, general *ast.GenDecl, value *ast.ValueSpec, written map[string]bool) []string {
	var found []string
	for at, name := range value.Names {
		if name.Name == "_" || embedded(general.Doc) || embedded(value.Doc) || settable()[p.path+"."+name.Name] != "" {
			continue
		}
		fixed := at < len(value.Values) && fixedValue(f.localNames(), value.Values[at])
		if !fixed || written[name.Name] {
			found = append(found, fmt.Sprintf("%s:%d: %s", f.path, f.line(name.Pos()), name.Name))
		}
	}
	return found
}

func embedded(comment *ast.CommentGroup) bool {
	return comment != nil && slices.ContainsFunc(comment.List, func(line *ast.Comment) bool {
		return strings.HasPrefix(line.Text, "//go:embed ")
	})
}

// fixedValue says whether an initial value is a table, a literal or a call that
// gives a constant thing.
func fixedValue(names map[string]string, value ast.Expr) bool {
	switch value := value.(type) {
	case *ast.CompositeLit, *ast.BasicLit, *ast.FuncLit:
		return true
	case *ast.BinaryExpr:
		return fixedValue(names, value.X) && fixedValue(names, value.Y)
	case *ast.UnaryExpr:
		return value.Op != token.AND && fixedValue(names, value.X)
	case *ast.CallExpr:
		return fixedCall(names, value)
	}
	return false
}

func fixedCall(names map[string]string, call *ast.CallExpr) bool {
	switch function := call.Fun.(type) {
	case *ast.ArrayType: // []byte("...")
		return true
	case *ast.Ident: // our own mustParse...: its name says that it reads a constant
		return strings.HasPrefix(function.Name, "must")
	case *ast.SelectorExpr:
		path, name := qualified(names, function)
		return slices.Contains(constant()[path], name)
	}
	return false
}

// assigned returns the names on the left of an assignment, an increment or a
// delete anywhere in p. A local variable of the same name counts too: give it
// another name.
func assigned(p source) map[string]bool {
	names := map[string]bool{}
	for _, f := range p.files {
		ast.Inspect(f.tree, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.AssignStmt:
				if node.Tok != token.DEFINE {
					for _, left := range node.Lhs {
						names[root(left)] = true
					}
				}
			case *ast.IncDecStmt:
				names[root(node.X)] = true
			case *ast.CallExpr:
				if function, ok := node.Fun.(*ast.Ident); ok && (function.Name == "delete" || function.Name == "clear") && len(node.Args) > 0 {
					names[root(node.Args[0])] = true
				}
			}
			return true
		})
	}
	return names
}

// root returns the variable at the bottom of x, x.f, x[i] and *x.
func root(expression ast.Expr) string {
	switch expression := expression.(type) {
	case *ast.Ident:
		return expression.Name
	case *ast.SelectorExpr:
		return root(expression.X)
	case *ast.IndexExpr:
		return root(expression.X)
	case *ast.StarExpr:
		return root(expression.X)
	case *ast.ParenExpr:
		return root(expression.X)
	}
	return ""
}

// State that belongs to a package is state that two tests, two requests or two
// clients share without knowing.
func TestNoMutablePackageState(t *testing.T) {
	t.Parallel()
	support := arrow{may: testSupport()}
	for _, p := range load(t) {
		if support.allows(p.path) {
			continue // a server or a template database shared by all tests of a process
		}
		for _, finding := range mutable(p) {
			t.Errorf("%s may change while the program runs: put it in a struct", finding)
		}
	}
}

func TestMutableStateIsSeen(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		code string
		want int
	}{
		"error":           {`import "errors"; var ErrX = errors.New("x")`, 0},
		"regexp":          {`import "regexp"; var r = regexp.MustCompile("x")`, 0},
		"table":           {`var names = [...]string{"a"}`, 0},
		"table written":   {`var names = map[string]int{}; func f() { names["a"] = 1 }`, 1},
		"table emptied":   {`var names = map[string]int{}; func f() { delete(names, "a") }`, 1},
		"counter":         {`var n = 0; func f() { n++ }`, 1},
		"no value":        {`var current string`, 1},
		"mutex":           {`import "sync"; var lock sync.Mutex`, 1},
		"pointer":         {`var shared = &struct{ n int }{}`, 1},
		"made":            {`var names = make(map[string]int)`, 1},
		"interface check": {`var _ error = (*e)(nil); type e struct{}; func (*e) Error() string { return "" }`, 0},
		"local of a name": {`func f() { n := 0; n++; _ = n }`, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := source{path: "p", files: []file{parse(t, "package p; "+test.code)}}
			if found := mutable(p); len(found) != test.want {
				t.Errorf("want %d findings, got %q", test.want, found)
			}
		})
	}
}
