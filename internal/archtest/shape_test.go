package archtest

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Longer than this and a file holds two ideas, a function three.
const (
	fileLines     = 500
	functionLines = 80
)

func TestFilesAndFunctionsAreShort(t *testing.T) {
	t.Parallel()
	handWritten(t, func(_ source, f file) {
		if lines := f.line(f.tree.FileEnd); lines > fileLines {
			t.Errorf("%s has %d lines, more than %d: split it by idea", f.path, lines, fileLines)
		}
		for _, finding := range longFunctions(f) {
			t.Errorf("%s: longer than %d lines", finding, functionLines)
		}
	})
}

func longFunctions(f file) []string {
	var found []string
	for _, declaration := range f.tree.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if ok && f.line(function.End())-f.line(function.Pos())+1 > functionLines && !table(function) {
			found = append(found, f.path+": "+function.Name.Name)
		}
	}
	return found
}

// table says whether function returns one literal and does nothing else: a
// table, which is a function only because package variables could be changed.
func table(function *ast.FuncDecl) bool {
	if function.Body == nil || len(function.Body.List) != 1 {
		return false
	}
	result, ok := function.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(result.Results) != 1 {
		return false
	}
	_, ok = result.Results[0].(*ast.CompositeLit)
	return ok
}

func TestLongFunctionsAreSeen(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("\tprintln()\n", functionLines-2)
	if found := longFunctions(parse(t, "package p\nfunc f() {\n"+body+"}\n")); len(found) != 0 {
		t.Errorf("%d lines are allowed, got %q", functionLines, found)
	}
	if found := longFunctions(parse(t, "package p\nfunc f() {\n"+body+"\tprintln()\n}\n")); len(found) != 1 {
		t.Errorf("want one finding, got %q", found)
	}
	rows := strings.Repeat("\t\t1,\n", functionLines)
	if found := longFunctions(parse(t, "package p\nfunc f() []int {\n\treturn []int{\n"+rows+"\t}\n}\n")); len(found) != 0 {
		t.Errorf("a table may be as long as it is, got %q", found)
	}
}

// boundary is a word with which a package comment says what the package leaves
// to others.
var boundary = regexp.MustCompile(`(?i)\b(no|not|never|nothing|nobody|only|none|neither|nor|without|cannot)\b`)

// One comment a package: two of them and nobody knows which one holds.
func TestPackageComments(t *testing.T) {
	t.Parallel()
	for _, p := range load(t) {
		var comments []string
		for _, f := range p.files {
			if f.tree.Doc != nil && !f.generated {
				comments = append(comments, f.tree.Doc.Text())
			}
		}
		if len(comments) != 1 {
			t.Errorf("%s has %d package comments, want 1", p.path, len(comments))
			continue
		}
		want := "Package " + p.name + " "
		if p.name == "main" {
			want = "Command " + filepath.Base(p.path) + " "
		}
		if !strings.HasPrefix(comments[0], want) {
			t.Errorf("the comment of %s starts with %.30q, want %q", p.path, comments[0], want)
		}
		if p.name != "main" && !boundary.MatchString(comments[0]) {
			t.Errorf("the comment of %s does not say what the package must not do", p.path)
		}
	}
}

// A package is named after what it holds.
func TestPackageNames(t *testing.T) {
	t.Parallel()
	vague := regexp.MustCompile(`^(utils?|commons?|helpers?|managers?|misc|shared|base|lib|types|models?)$`)
	for _, p := range load(t) {
		if vague.MatchString(p.name) || vague.MatchString(filepath.Base(p.path)) {
			t.Errorf("%s: the name says nothing about what is in it", p.path)
		}
	}
}

// Top-level folders are fixed, so that a newcomer finds everything in the same place.
func TestTopLevelFolders(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(repository)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{
		"cmd": "the binary", "web": "pages", "worker": "jobs", "checks": "looks", "migrations": "schema", "internal": "the rest",
		"docs": "how it works", "tools": "checks with modules of their own", "bench": "what was measured, and how",
		"bin": "built", "data": "a run's data", "node_modules": "never committed",
	}
	for _, entry := range entries {
		if entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") && known[entry.Name()] == "" {
			t.Errorf("%s is no top-level folder of docs/design.md", entry.Name())
		}
	}
}
