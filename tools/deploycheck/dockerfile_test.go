package deploycheck

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// resolver answers for base images, since no registry is asked: linux/amd64,
// with the user and the PATH that distroless and golang images have.
type resolver struct{}

func (resolver) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	image := ocispecs.Image{Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}}
	image.Config.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	form, err := json.Marshal(image)
	return ref, digest.FromBytes(form), form, err
}

func lint(t *testing.T, source []byte) []string {
	t.Helper()
	platform := platforms.MustParse("linux/amd64")
	sources := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", source)
	sources.Definition = &llb.Definition{} // findings name lines of a file, not of a build
	results, err := dockerfile2llb.DockerfileLint(t.Context(), source, dockerfile2llb.ConvertOpt{
		Config:         dockerui.Config{BuildPlatforms: []ocispecs.Platform{platform}},
		SourceMap:      sources,
		TargetPlatform: &platform,
		MetaResolver:   resolver{},
	})
	if err != nil {
		t.Fatalf("lint the Dockerfile: %v", err)
	}
	var findings []string
	if results.Error != nil {
		findings = append(findings, results.Error.Message)
	}
	for _, warning := range results.Warnings {
		findings = append(findings, warning.RuleName+": "+warning.Detail)
	}
	return findings
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestDockerfileHasNoFindings(t *testing.T) {
	t.Parallel()
	for _, finding := range lint(t, read(t, "Dockerfile")) {
		t.Error(finding)
	}
}

func TestLinterFinds(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ source, want string }{
		"undefined variable": {"FROM scratch AS run\nCOPY x $nowhere/y\n", "UndefinedVar"},
		"secret in ENV":      {"FROM scratch\nENV API_TOKEN=1\n", "SecretsUsedInArgOrEnv"},
		"shell form":         {"FROM scratch\nCMD gradewatch web\n", "JSONArgsRecommended"},
		"unknown stage":      {"FROM scratch AS a\nFROM scratch AS a\n", "DuplicateStageName"},
		"broken instruction": {"FROM scratch\nRUNN x\n", "unknown instruction"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(lint(t, []byte(test.source)), "\n"); !strings.Contains(got, test.want) {
				t.Errorf("want a finding with %q, got %q", test.want, got)
			}
		})
	}
}

// The last stage is what runs: an unprivileged numeric user (Kubernetes proves
// runAsNonRoot only for numbers), a health check, and no shell form.
func TestImageRunsAsOperatorsWant(t *testing.T) {
	t.Parallel()
	tree, err := parser.Parse(strings.NewReader(string(read(t, "Dockerfile"))))
	if err != nil {
		t.Fatal(err)
	}
	stages, _, err := instructions.Parse(tree.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(stages) < 2 {
		t.Fatalf("want a build and a run stage, got %d", len(stages))
	}
	var user, health, command string
	labels := map[string]bool{}
	for _, instruction := range stages[len(stages)-1].Commands {
		switch instruction := instruction.(type) {
		case *instructions.UserCommand:
			user = instruction.User
		case *instructions.HealthCheckCommand:
			health = strings.Join(instruction.Health.Test, " ")
		case *instructions.CmdCommand:
			command = strings.Join(instruction.CmdLine, " ")
		case *instructions.EntrypointCommand:
			t.Error("an ENTRYPOINT would stand in front of every command in fly.toml")
		case *instructions.LabelCommand:
			for _, label := range instruction.Labels {
				labels[label.Key] = true
			}
		}
	}
	if user != "65532:65532" {
		t.Errorf("want the user 65532:65532, got %q", user)
	}
	if health != "CMD gradewatch health" {
		t.Errorf("want a health check by gradewatch health, got %q", health)
	}
	if command != "gradewatch web" {
		t.Errorf("want gradewatch web by default, got %q", command)
	}
	if !labels["org.opencontainers.image.version"] {
		t.Error("want the label org.opencontainers.image.version")
	}
}

func TestBuildContextHoldsSourcesOnly(t *testing.T) {
	t.Parallel()
	patterns, err := ignorefile.ReadAll(strings.NewReader(string(read(t, ".dockerignore"))))
	if err != nil {
		t.Fatal(err)
	}
	if len(patterns) == 0 || patterns[0] != "*" {
		t.Fatalf("want everything left out first, got %q", patterns)
	}
	for _, needed := range []string{"go.mod", "go.sum", "Makefile", "cmd", "web", "worker", "checks", "migrations", "internal"} {
		found := false
		for _, pattern := range patterns {
			found = found || pattern == "!"+needed
		}
		if !found {
			t.Errorf("the build needs %s", needed)
		}
	}
}
