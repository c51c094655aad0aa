package alerttest

import (
	"bytes"
	"embed"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

//go:embed postfix
var postfixFiles embed.FS

// PostfixOptions says what a Postfix does with mail that it accepts.
type PostfixOptions struct {
	Mailboxes []string          // addresses that have one; others of their domains are unknown
	Relays    map[string]string // domain -> host:port of the server that its mail is passed on to, in the clear
	// CommandDomain's mail is piped into Command, a program that gets the
	// recipient as its argument.
	CommandDomain, Command string
}

// Postfix is a running mail server, as operators have it: it takes mail with
// STARTTLS from who signs in, and is not told apart from one that root started.
type Postfix struct {
	Address        string // host:port
	CAFile         string
	User, Password string

	folder string
	master *exec.Cmd
	ended  chan struct{}
}

// StartPostfix runs the system's Postfix on files of its own until the test
// ends. It needs no privileges: a library makes it believe that it has them.
func StartPostfix(t testing.TB, options PostfixOptions) *Postfix {
	t.Helper()
	master := postfixMaster(t)
	p := &Postfix{User: "ada", Password: "p@ss/w:rd", folder: t.TempDir(), ended: make(chan struct{})}
	require.False(t, strings.ContainsAny(p.folder, " ,="), "Postfix takes no such path: %s", p.folder)
	authority, err := pki.NewCA("Postfix authority")
	require.NoError(t, err)
	issued, err := authority.Issue(pki.Leaf{Names: []string{"127.0.0.1", "localhost"}})
	require.NoError(t, err)
	p.CAFile = p.path("ca.pem")
	for name, content := range map[string][]byte{"ca.pem": authority.PEM(), "cert.pem": issued.CertPEM, "key.pem": issued.KeyPEM} {
		require.NoError(t, os.WriteFile(p.path(name), content, 0o600))
	}
	for _, name := range []string{"active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop", "pid", "private", "public", "saved", "trace"} {
		require.NoError(t, os.MkdirAll(p.path("queue", name), 0o755)) //nolint:gosec // Postfix' own
	}
	for _, name := range []string{"data", "mail", filepath.Join("conf", "sasl")} {
		require.NoError(t, os.MkdirAll(p.path(name), 0o755)) //nolint:gosec // as above
	}
	p.configure(t, options, filepath.Dir(master))
	p.run(t, "gcc", "", "-shared", "-fPIC", "-o", p.path("ownuser.so"), p.path("conf", "ownuser.c"))
	p.run(t, "saslpasswd2", p.Password, "-p", "-c", "-f", p.path("sasldb2"), "-u", "mail.test", p.User)
	p.start(t, master)
	return p
}

func (p *Postfix) path(names ...string) string {
	return filepath.Join(append([]string{p.folder}, names...)...)
}

// postfixMaster finds the program that runs all others.
func postfixMaster(t testing.TB) string {
	t.Helper()
	for _, file := range []string{"/usr/lib/postfix/sbin/master", "/usr/libexec/postfix/master", "/usr/lib/postfix/master"} {
		if _, err := os.Stat(file); err == nil {
			return file
		}
	}
	require.FailNow(t, "Postfix is missing", "run make deps, which installs the package postfix")
	return ""
}

func (p *Postfix) run(t testing.TB, program, input string, arguments ...string) {
	t.Helper()
	if found, err := exec.LookPath(program); err == nil {
		program = found
	} else {
		program = filepath.Join("/usr/sbin", program) // not in everybody's PATH
	}
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Stdin = strings.NewReader(input)
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s: %s", program, output)
}

func (p *Postfix) configure(t testing.TB, options PostfixOptions, daemons string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p.Address = listener.Addr().String()
	require.NoError(t, listener.Close())
	_, port, _ := net.SplitHostPort(p.Address)

	var mailboxes, transport, domains, relayed []string
	for _, address := range options.Mailboxes {
		_, domain, _ := strings.Cut(address, "@")
		mailboxes, domains = append(mailboxes, address+" "+address+"/"), append(domains, domain)
	}
	for domain, server := range options.Relays {
		host, port, err := net.SplitHostPort(server)
		require.NoError(t, err)
		transport, relayed = append(transport, fmt.Sprintf("%s smtp:[%s]:%s", domain, host, port)), append(relayed, domain)
	}
	data := map[string]any{"Folder": p.folder, "Daemons": daemons, "Port": port}
	if options.CommandDomain != "" {
		transport, relayed = append(transport, options.CommandDomain+" command:"), append(relayed, options.CommandDomain)
		data["Commands"] = []string{options.Command}
	}
	data["Domains"], data["Relayed"] = strings.Join(domains, " "), strings.Join(relayed, " ")
	files, err := template.ParseFS(postfixFiles, "postfix/*.tmpl")
	require.NoError(t, err)
	shim, err := postfixFiles.ReadFile("postfix/ownuser.c")
	require.NoError(t, err)
	for name, content := range map[string]string{
		"main.cf": filled(t, files, "main.cf.tmpl", data), "master.cf": filled(t, files, "master.cf.tmpl", data),
		"mailboxes": strings.Join(mailboxes, "\n") + "\n", "transport": strings.Join(transport, "\n") + "\n", "ownuser.c": string(shim),
		// Debian's Postfix looks below its configuration.
		"sasl/smtpd.conf": "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: " + p.path("sasldb2") + "\nmech_list: PLAIN LOGIN\n",
	} {
		require.NoError(t, os.WriteFile(p.path("conf", name), []byte(content), 0o600))
	}
}

func filled(t testing.TB, files *template.Template, name string, data any) string {
	t.Helper()
	var content bytes.Buffer
	require.NoError(t, files.ExecuteTemplate(&content, name, data))
	return content.String()
}

// start runs the master, in a session of its own as it wants to be, and waits
// until it takes mail.
func (p *Postfix) start(t testing.TB, master string) {
	t.Helper()
	p.master = exec.Command(master, "-c", p.path("conf"), "-d") //nolint:gosec,noctx // stop ends it
	p.master.Env = append(os.Environ(), "LD_PRELOAD="+p.path("ownuser.so"), "MAIL_CONFIG="+p.path("conf"))
	p.master.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
	var printed bytes.Buffer
	p.master.Stdout, p.master.Stderr = &printed, &printed
	require.NoError(t, p.master.Start())
	go func() {
		defer close(p.ended)
		_ = p.master.Wait() // it was told to leave
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("Postfix printed %s and logged:\n%s", printed.String(), p.log())
		}
	})
	p.until(t, "greets", func() bool {
		connection, err := net.DialTimeout("tcp", p.Address, time.Second)
		if err != nil {
			return false
		}
		defer connection.Close()
		_ = connection.SetDeadline(time.Now().Add(5 * time.Second))
		greeting := make([]byte, 3)
		n, _ := connection.Read(greeting)
		return string(greeting[:n]) == "220"
	})
}

// until waits until ready says yes, and fails the test when Postfix ended or
// takes too long.
func (p *Postfix) until(t testing.TB, what string, ready func() bool) {
	t.Helper()
	deadline := time.After(2 * processTimeout)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ready() {
		select {
		case <-tick.C:
		case <-p.ended:
			require.FailNow(t, "Postfix ended before it "+what)
		case <-deadline:
			require.FailNow(t, "Postfix takes too long: it never "+what)
		}
	}
}

// stop ends the master, which ends its own, and then the whole session.
func (p *Postfix) stop() {
	_ = p.master.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(processTimeout):
	}
	_ = syscall.Kill(-p.master.Process.Pid, syscall.SIGKILL)
	<-p.ended
}

func (p *Postfix) log() string {
	text, _ := os.ReadFile(p.path("mail.log"))
	return string(text[max(0, len(text)-20_000):])
}

// URL is what GRADEWATCH_SMTP_URL must be to use this server.
func (p *Postfix) URL() string {
	address := url.URL{
		Scheme: "smtp", Host: p.Address, User: url.UserPassword(p.User, p.Password),
		RawQuery: url.Values{"ca-file": {p.CAFile}}.Encode(),
	}
	return address.String()
}

// Mails waits until the mailbox of address holds count mails, and returns them
// in the order of their delivery.
func (p *Postfix) Mails(t testing.TB, address string, count int) [][]byte {
	t.Helper()
	folder := p.path("mail", address, "new")
	p.until(t, "delivers "+strconv.Itoa(count)+" to "+address, func() bool {
		files, err := os.ReadDir(folder)
		return err == nil && len(files) >= count
	})
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	byTime(t, files)
	var mails [][]byte
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		mails = append(mails, raw)
	}
	return mails
}

// byTime sorts files of a Maildir by when they were delivered.
func byTime(t testing.TB, files []string) {
	t.Helper()
	at := map[string]time.Time{}
	for _, file := range files {
		info, err := os.Stat(file)
		require.NoError(t, err)
		at[file] = info.ModTime()
	}
	slices.SortFunc(files, func(a, b string) int { return at[a].Compare(at[b]) })
}
