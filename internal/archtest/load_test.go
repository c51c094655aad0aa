package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/packages"
)

const (
	module     = "github.com/gradewatch/gradewatch"
	repository = "../.."
)

// source is one package of ours as its files stand, without its tests.
type source struct {
	path    string // below the module
	name    string
	imports []string // sorted
	files   []file
}

type file struct {
	path      string // below the repository
	tree      *ast.File
	set       *token.FileSet
	generated bool
}

func (f file) line(position token.Pos) int { return f.set.Position(position).Line }

// loaded reads the module once for all tests.
var loaded = sync.OnceValues(readModule)

func load(t *testing.T) []source {
	t.Helper()
	all, err := loaded()
	if err != nil {
		t.Fatalf("read the module's packages: %v", err)
	}
	if len(all) == 0 {
		t.Fatal("the module has no packages")
	}
	return all
}

func readModule() ([]source, error) {
	found, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports,
		Dir:  repository,
	}, "./...")
	if err != nil {
		return nil, err
	}
	root, err := filepath.Abs(repository)
	if err != nil {
		return nil, err
	}
	var all []source
	for _, p := range found {
		if len(p.GoFiles) == 0 {
			continue
		}
		s := source{path: strings.TrimPrefix(p.PkgPath, module+"/"), name: p.Name}
		for path := range p.Imports {
			s.imports = append(s.imports, path)
		}
		slices.Sort(s.imports)
		for _, path := range p.GoFiles {
			f, err := readFile(root, path)
			if err != nil {
				return nil, err
			}
			s.files = append(s.files, f)
		}
		all = append(all, s)
	}
	return all, nil
}

func readFile(root, path string) (file, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return file{}, err
	}
	relative, err := filepath.Rel(root, path)
	if err != nil {
		return file{}, err
	}
	return file{path: filepath.ToSlash(relative), tree: tree, set: set, generated: ast.IsGenerated(tree)}, nil
}

// handWritten calls visit with every file of ours that no generator wrote.
func handWritten(t *testing.T, visit func(source, file)) {
	t.Helper()
	for _, p := range load(t) {
		for _, f := range p.files {
			if !f.generated {
				visit(p, f)
			}
		}
	}
}

// localNames maps the name that f uses for a package to its import path.
func (f file) localNames() map[string]string {
	names := map[string]string{}
	for _, imported := range f.tree.Imports {
		path := strings.Trim(imported.Path.Value, `"`)
		name := path[strings.LastIndex(path, "/")+1:]
		if imported.Name != nil {
			name = imported.Name.Name
		}
		names[name] = path
	}
	return names
}

// parse returns code as a file, for tests of the rules themselves.
func parse(t *testing.T, code string) file {
	t.Helper()
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, "example.go", code, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file{path: "example.go", tree: tree, set: set}
}

// linksTesting are libraries that import testing, and why they may.
func linksTesting() map[string]string {
	return map[string]string{
		"github.com/fergusstrange/embedded-postgres": "its test_config.go lacks the suffix _test; nothing calls testing.Init, so no flag appears",
	}
}

// The binary is what people run: a test library in it brings flags, globals and
// code that nobody meant to ship.
func TestTestingIsNeverInTheBinary(t *testing.T) {
	t.Parallel()
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./cmd/gradewatch")
	command.Dir = repository
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("list what the binary links: %v", err)
	}
	support := arrow{may: testSupport()}
	found := false
	for line := range strings.Lines(string(output)) {
		words := strings.Fields(line)
		found = found || words[0] == module+"/cmd/gradewatch"
		if inside, ours := strings.CutPrefix(words[0], module+"/"); ours && support.allows(inside) {
			t.Errorf("the binary links %s, which is for tests", inside)
		}
		if linksTesting()[words[0]] != "" || strings.HasPrefix(words[0], "testing") {
			continue
		}
		for _, imported := range words[1:] {
			if forTests(imported) {
				t.Errorf("the binary links %s, since %s imports it", imported, words[0])
			}
		}
	}
	if !found {
		t.Fatalf("go list did not name the command itself:\n%s", output)
	}
}

func forTests(path string) bool {
	return path == "testing" || strings.HasPrefix(path, "testing/") || path == "net/http/httptest" ||
		strings.HasPrefix(path, "github.com/stretchr/testify")
}
