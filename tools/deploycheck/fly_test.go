package deploycheck

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
)

// flyConfig is what https://fly.io/docs/reference/configuration/ documents, as
// far as a web and worker app may want it. A key that is not here is an error.
type flyConfig struct {
	App            string            `toml:"app"`
	PrimaryRegion  string            `toml:"primary_region"`
	KillSignal     string            `toml:"kill_signal"`
	KillTimeout    flyDuration       `toml:"kill_timeout"`
	SwapSizeMB     int               `toml:"swap_size_mb"`
	ConsoleCommand string            `toml:"console_command"`
	Build          flyBuild          `toml:"build"`
	Deploy         flyDeploy         `toml:"deploy"`
	Env            map[string]string `toml:"env"`
	Processes      map[string]string `toml:"processes"`
	HTTPService    *flyHTTPService   `toml:"http_service"`
	Checks         map[string]struct {
		flyCheck

		Type      string   `toml:"type"`
		Port      int      `toml:"port"`
		Processes []string `toml:"processes"`
	} `toml:"checks"`
	Metrics []struct {
		Port      int      `toml:"port"`
		Path      string   `toml:"path"`
		Processes []string `toml:"processes"`
	} `toml:"metrics"`
	Restart []struct {
		Policy    string   `toml:"policy"`
		Retries   int      `toml:"retries"`
		Processes []string `toml:"processes"`
	} `toml:"restart"`
	VM []struct {
		Size      string   `toml:"size"`
		Memory    string   `toml:"memory"`
		CPUs      int      `toml:"cpus"`
		CPUKind   string   `toml:"cpu_kind"`
		Processes []string `toml:"processes"`
	} `toml:"vm"`
}

type flyBuild struct {
	Dockerfile  string            `toml:"dockerfile"`
	Ignorefile  string            `toml:"ignorefile"`
	BuildTarget string            `toml:"build-target"`
	Args        map[string]string `toml:"args"`
}

type flyDeploy struct {
	Strategy              string      `toml:"strategy"`
	MaxUnavailable        float64     `toml:"max_unavailable"`
	WaitTimeout           flyDuration `toml:"wait_timeout"`
	ReleaseCommand        string      `toml:"release_command"`
	ReleaseCommandTimeout flyDuration `toml:"release_command_timeout"`
}

type flyHTTPService struct {
	Processes          []string `toml:"processes"`
	InternalPort       int      `toml:"internal_port"`
	ForceHTTPS         bool     `toml:"force_https"`
	AutoStopMachines   string   `toml:"auto_stop_machines"`
	AutoStartMachines  bool     `toml:"auto_start_machines"`
	MinMachinesRunning int      `toml:"min_machines_running"`
	Concurrency        struct {
		Type      string `toml:"type"`
		SoftLimit int    `toml:"soft_limit"`
		HardLimit int    `toml:"hard_limit"`
	} `toml:"concurrency"`
	TLSOptions struct {
		ALPN              []string `toml:"alpn"`
		Versions          []string `toml:"versions"`
		DefaultSelfSigned bool     `toml:"default_self_signed"`
	} `toml:"tls_options"`
	Checks []flyCheck `toml:"checks"`
}

type flyCheck struct {
	GracePeriod flyDuration       `toml:"grace_period"`
	Interval    flyDuration       `toml:"interval"`
	Timeout     flyDuration       `toml:"timeout"`
	Method      string            `toml:"method"`
	Path        string            `toml:"path"`
	Protocol    string            `toml:"protocol"`
	Headers     map[string]string `toml:"headers"`
}

// flyDuration is a Go duration. Fly takes bare numbers too, in seconds here and
// milliseconds there; we do not.
type flyDuration time.Duration

func (d *flyDuration) UnmarshalText(text []byte) error {
	duration, err := time.ParseDuration(string(text))
	*d = flyDuration(duration)
	return err
}

func parseFly(content string) (flyConfig, error) {
	var configuration flyConfig
	metadata, err := toml.Decode(content, &configuration)
	if err != nil {
		return configuration, err
	}
	if unknown := metadata.Undecoded(); len(unknown) > 0 {
		return configuration, fmt.Errorf("keys that Fly does not document: %v", unknown)
	}
	return configuration, nil
}

func loadFly(t *testing.T) flyConfig {
	t.Helper()
	configuration, err := parseFly(string(read(t, "fly.toml")))
	if err != nil {
		t.Fatal(err)
	}
	return configuration
}

func TestFlyKeysAreDocumented(t *testing.T) {
	t.Parallel()
	loadFly(t)
	for _, wrong := range []string{
		"app = \"x\"\nkill_timout = \"5s\"\n",
		"[http_service]\nauto_stop = \"off\"\n",
		"kill_timeout = \"5 seconds\"\n",
		"[env]\nA = 1\n",
	} {
		if _, err := parseFly(wrong); err == nil {
			t.Errorf("want an error for %q", wrong)
		}
	}
}

func TestFlyValues(t *testing.T) {
	t.Parallel()
	fly := loadFly(t)
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`).MatchString(fly.App) {
		t.Errorf("app %q is no app name", fly.App)
	}
	if fly.PrimaryRegion != "arn" {
		t.Errorf("primary_region is %q, want arn (Stockholm)", fly.PrimaryRegion)
	}
	oneOf(t, "kill_signal", fly.KillSignal, "SIGINT", "SIGTERM", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGKILL", "SIGSTOP")
	oneOf(t, "deploy.strategy", fly.Deploy.Strategy, "rolling", "immediate", "canary", "bluegreen")
	oneOf(t, "auto_stop_machines", fly.HTTPService.AutoStopMachines, "off", "stop", "suspend")
	oneOf(t, "concurrency.type", fly.HTTPService.Concurrency.Type, "connections", "requests")
	if fly.HTTPService.Concurrency.SoftLimit >= fly.HTTPService.Concurrency.HardLimit {
		t.Error("soft_limit must be below hard_limit")
	}
	for _, version := range fly.HTTPService.TLSOptions.Versions {
		oneOf(t, "tls_options.versions", version, "TLSv1.2", "TLSv1.3")
	}
	for _, restart := range fly.Restart {
		oneOf(t, "restart.policy", restart.Policy, "always", "never", "on-failure")
	}
	for _, vm := range fly.VM {
		oneOf(t, "vm.size", vm.Size, "shared-cpu-1x", "shared-cpu-2x", "shared-cpu-4x", "shared-cpu-8x",
			"performance-1x", "performance-2x", "performance-4x", "performance-8x", "performance-16x")
	}
	if fly.HTTPService.InternalPort != listenPort(t, fly) {
		t.Errorf("internal_port %d is not the port of GRADEWATCH_LISTEN %q", fly.HTTPService.InternalPort, fly.Env["GRADEWATCH_LISTEN"])
	}
	if fly.Deploy.ReleaseCommand != "gradewatch migrate" {
		t.Errorf("release_command is %q", fly.Deploy.ReleaseCommand)
	}
}

func listenPort(t *testing.T, fly flyConfig) int {
	t.Helper()
	host, port, found := strings.Cut(fly.Env["GRADEWATCH_LISTEN"], ":")
	number, err := strconv.Atoi(port)
	if !found || host != "" || err != nil {
		t.Fatalf("GRADEWATCH_LISTEN %q must be :port, on every interface", fly.Env["GRADEWATCH_LISTEN"])
	}
	return number
}

// Fly kills what has not ended in kill_timeout (at most 300 s). The program
// lets running looks end, and a look takes up to GRADEWATCH_LOOK_TIMEOUT.
func TestFlyLetsLooksEnd(t *testing.T) {
	t.Parallel()
	kill := time.Duration(loadFly(t).KillTimeout)
	found := regexp.MustCompile(`GRADEWATCH_LOOK_TIMEOUT" envDefault:"([^"]+)"`).FindSubmatch(read(t, "internal/config/config.go"))
	if found == nil {
		t.Fatal("internal/config names no default of GRADEWATCH_LOOK_TIMEOUT")
	}
	look, err := time.ParseDuration(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	if kill <= look || kill > 300*time.Second {
		t.Errorf("kill_timeout %s must be above a look's %s and at most 300 s", kill, look)
	}
}

func TestFlyProcessGroups(t *testing.T) {
	t.Parallel()
	fly := loadFly(t)
	want := map[string]string{"web": "gradewatch web", "worker": "gradewatch worker"}
	if fmt.Sprint(fly.Processes) != fmt.Sprint(want) {
		t.Errorf("processes are %v, want %v", fly.Processes, want)
	}
	if !slices.Equal(fly.HTTPService.Processes, []string{"web"}) {
		t.Errorf("http_service must serve web only, not %v", fly.HTTPService.Processes)
	}
	named := slices.Clone(fly.HTTPService.Processes)
	for _, check := range fly.Checks {
		named = append(named, check.Processes...)
	}
	for _, metrics := range fly.Metrics {
		named = append(named, metrics.Processes...)
	}
	for _, restart := range fly.Restart {
		named = append(named, restart.Processes...)
	}
	sized := map[string]int{}
	for _, vm := range fly.VM {
		named = append(named, vm.Processes...)
		for _, group := range vm.Processes {
			sized[group]++
		}
	}
	for _, group := range named {
		if fly.Processes[group] == "" {
			t.Errorf("%q is no process group", group)
		}
	}
	for group := range fly.Processes {
		if sized[group] != 1 {
			t.Errorf("process group %s has %d vm sections, want 1", group, sized[group])
		}
	}
}

func TestFlyChecksReadiness(t *testing.T) {
	t.Parallel()
	checks := loadFly(t).HTTPService.Checks
	if len(checks) != 1 || checks[0].Path != "/readyz" || checks[0].Method != "GET" {
		t.Fatalf("want one check of GET /readyz, got %+v", checks)
	}
	if checks[0].Timeout >= checks[0].Interval {
		t.Error("a check must end before the next one starts")
	}
}

// Where GRADEWATCH_LISTEN is set, a worker answers there too.
func TestFlyChecksTheWorker(t *testing.T) {
	t.Parallel()
	fly := loadFly(t)
	check, found := fly.Checks["worker"]
	if !found || check.Type != "http" || check.Path != "/healthz" || !slices.Equal(check.Processes, []string{"worker"}) {
		t.Fatalf("want a check of the worker's /healthz, got %+v", check)
	}
	if check.Port != listenPort(t, fly) {
		t.Errorf("the check asks port %d, and the worker listens on %s", check.Port, fly.Env["GRADEWATCH_LISTEN"])
	}
}

// An [env] key that the program does not read is a setting somebody believes in.
func TestFlyEnvIsReadByTheProgram(t *testing.T) {
	t.Parallel()
	source := string(read(t, "internal/config/config.go"))
	for name := range loadFly(t).Env {
		if strings.HasPrefix(name, "FLY_") {
			t.Errorf("%s: Fly keeps the prefix FLY_ for itself", name)
		}
		if !strings.Contains(source, `env:"`+name+`"`) {
			t.Errorf("internal/config does not read %s", name)
		}
		if strings.Contains(name, "DATABASE") || strings.Contains(name, "SMTP") {
			t.Errorf("%s holds a password: set it as a secret", name)
		}
	}
}

func oneOf(t *testing.T, key, value string, allowed ...string) {
	t.Helper()
	if !slices.Contains(allowed, value) {
		t.Errorf("%s is %q, want one of %v", key, value, allowed)
	}
}
