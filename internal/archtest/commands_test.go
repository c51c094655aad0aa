package archtest

import (
	"go/ast"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// subcommands returns the names that the program takes, read from the fields of
// cmd/gradewatch's commandLine as kong names them: SignInLink is sign-in-link.
func subcommands(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, p := range load(t) {
		if p.path != "cmd/gradewatch" {
			continue
		}
		for _, f := range p.files {
			ast.Inspect(f.tree, func(node ast.Node) bool {
				declared, ok := node.(*ast.TypeSpec)
				if !ok || declared.Name.Name != "commandLine" {
					return true
				}
				fields, ok := declared.Type.(*ast.StructType)
				for i := 0; ok && i < len(fields.Fields.List); i++ {
					for _, name := range fields.Fields.List[i].Names {
						names[kebab(name.Name)] = true
					}
				}
				return false
			})
		}
	}
	return names
}

func kebab(name string) string {
	var result strings.Builder
	for i, letter := range name {
		if i > 0 && unicode.IsUpper(letter) {
			result.WriteByte('-')
		}
		result.WriteRune(unicode.ToLower(letter))
	}
	return result.String()
}

// What a page, the Makefile, the image or Fly starts is there to be started.
func TestSubcommandsThatAreNamedExist(t *testing.T) {
	t.Parallel()
	known := subcommands(t)
	command := regexp.MustCompile("(?m)" +
		"(?:`|^ {4}|bin/|= \"| gradewatch )gradewatch ([a-z][a-z-]+)" + // pages, fly.toml
		"|\\$\\(BINARY\\) ([a-z-]+)" + // Makefile
		"|\\[\"gradewatch\", \"([a-z-]+)\"") // Dockerfile
	named := 0
	for _, path := range append(documents(t), "Makefile", "fly.toml", "Dockerfile") {
		for _, match := range command.FindAllStringSubmatch(document(t, path), -1) {
			name := match[1] + match[2] + match[3]
			named++
			if !known[name] {
				t.Errorf("%s starts gradewatch %s, which is no subcommand of cmd/gradewatch", path, name)
			}
		}
	}
	if named < 10 {
		t.Errorf("only %d commands are named: the pattern no longer sees them", named)
	}
}
