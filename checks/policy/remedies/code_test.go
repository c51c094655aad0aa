package remedies

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// inLanguage returns every configuration in language, by remedy and server.
func inLanguage(language string) map[string]Configuration {
	found := map[string]Configuration{}
	for _, server := range Servers() {
		for id, configuration := range linesOf(server, language) {
			found[id+" "+server] = configuration
		}
	}
	return found
}

// Languages that a program or a library here can read.
func TestLinesAreWellFormed(t *testing.T) {
	t.Parallel()
	readers := map[string]func(t *testing.T, lines string) error{
		"shell": func(t *testing.T, lines string) error { return prints(t, lines, "bash", "-n") },
		"json": func(_ *testing.T, lines string) error {
			return json.Unmarshal([]byte(lines), new(map[string]any))
		},
		"xml": func(_ *testing.T, lines string) error { return wellFormed(lines) },
		"dns": func(_ *testing.T, lines string) error {
			for line := range strings.Lines(lines) {
				if _, err := dns.NewRR(line); err != nil {
					return err
				}
			}
			return nil
		},
		"properties": func(_ *testing.T, lines string) error {
			for line := range strings.Lines(lines) {
				if !regexp.MustCompile(`^[a-z][A-Za-z.-]+=\S`).MatchString(line) {
					return fmt.Errorf("no property: %s", line)
				}
			}
			return nil
		},
		"regexp": func(_ *testing.T, lines string) error {
			if !strings.HasPrefix(lines, "^") || !strings.HasSuffix(lines, "$\n") {
				return errors.New("the pattern is not anchored")
			}
			_, err := regexp.Compile(strings.TrimSpace(lines))
			return err
		},
		"powershell": balanced, "csharp": balanced, "vcl": balanced,
	}
	for language, read := range readers {
		configurations := inLanguage(language)
		require.NotEmpty(t, configurations, language)
		for name, configuration := range configurations {
			require.NoError(t, read(t, configuration.Lines), "%s: %s", name, configuration.Lines)
		}
	}
	covered := append(slices.Collect(maps.Keys(readers)), "apache", "caddyfile", "go", "haproxy", "java", "javascript", "nginx")
	require.ElementsMatch(t, languages(), covered, "some language is read by no test")
}

func prints(t *testing.T, input, name string, arguments ...string) error {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Stdin = strings.NewReader(input)
	if text, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	return nil
}

func wellFormed(lines string) error {
	for decoder := xml.NewDecoder(strings.NewReader(lines)); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// balanced is all that is checked where nothing here can read a language.
func balanced(_ *testing.T, lines string) error {
	for _, pair := range []string{"{}", "()", "[]"} {
		if strings.Count(lines, pair[:1]) != strings.Count(lines, pair[1:]) {
			return fmt.Errorf("%s do not match", pair)
		}
	}
	for _, quote := range []string{`"`, `'`} {
		if strings.Count(lines, quote)%2 != 0 {
			return fmt.Errorf("%s do not match", quote)
		}
	}
	return nil
}

// Every line in Go compiles and is vetted; each server that they make is run.
func TestGoLines(t *testing.T) {
	t.Parallel()
	folder, files := t.TempDir(), material(t)
	write(t, folder, files)
	snippets := linesOf("go", "go")
	write(t, folder, map[string][]byte{"main.go": []byte(goProgram(snippets))})
	source := filepath.Join(folder, "main.go")
	require.NoError(t, prints(t, "", "go", "vet", source), goProgram(snippets))
	program := filepath.Join(folder, "program")
	require.NoError(t, prints(t, "", "go", "build", "-o", program, source))
	tested := 0
	for id := range snippets {
		check := effects()[id]
		if check == nil {
			continue
		}
		tested++
		address := loopbackPort(freePort(t))
		run(t, folder, address, program, id, address.String())
		require.NoError(t, check(t, server{tls: address, plain: address}), id)
	}
	require.GreaterOrEqual(t, tested, 8)
}

// goProgram runs the snippet that its first argument names, at the address in
// the second one.
func goProgram(snippets map[string]Configuration) string {
	var cases, all strings.Builder
	for _, id := range slices.Sorted(maps.Keys(snippets)) {
		lines := strings.NewReplacer(`":443"`, "os.Args[2]", `":80"`, "os.Args[2]", `"127.0.0.1:0"`, "os.Args[2]").Replace(snippets[id].Lines)
		if !strings.Contains(lines, "Serve") {
			lines += "log.Fatal(http.ListenAndServeTLS(os.Args[2], \"fullchain.pem\", \"privkey.pem\", nil))\n"
		}
		fmt.Fprintf(&cases, "case %q:\n%s\n", id, lines)
		all.WriteString(lines)
	}
	imports := "\"os\"\n"
	for name, path := range map[string]string{
		"tls.": "crypto/tls", "log.": "log", "net.": "net", "http.": "net/http", "autocert.": "golang.org/x/crypto/acme/autocert",
	} {
		if regexp.MustCompile(`\b` + regexp.QuoteMeta(name)).MatchString(all.String()) {
			imports += strconv.Quote(path) + "\n"
		}
	}
	return "package main\n\nimport (\n" + imports + ")\n\nfunc main() {\nswitch os.Args[1] {\n" + cases.String() + "}\n}\n"
}

// Every line in JavaScript is read by Node; each server that they make is run.
func TestNodeLines(t *testing.T) {
	t.Parallel()
	node := filepath.Join(checktest.ToolsFolder(t), "node-"+string(checktest.Node24), "bin", "node")
	files := material(t)
	for name, configuration := range inLanguage("javascript") {
		folder := t.TempDir()
		write(t, folder, map[string][]byte{"lines.js": []byte(configuration.Lines)})
		text, err := exec.CommandContext(t.Context(), node, "--check", filepath.Join(folder, "lines.js")).CombinedOutput()
		require.NoError(t, err, "%s: %s", name, text)
	}
	tested := 0
	for id, configuration := range linesOf("node", "javascript") {
		check := effects()[id]
		port := regexp.MustCompile(`listen\((443|80)\)`)
		if check == nil || !port.MatchString(configuration.Lines) {
			continue
		}
		tested++
		folder, address := t.TempDir(), loopbackPort(freePort(t))
		write(t, folder, files)
		lines := port.ReplaceAllString(configuration.Lines, fmt.Sprintf("listen(%d, '127.0.0.1')", address.Port()))
		write(t, folder, map[string][]byte{"server.js": []byte(lines)})
		run(t, folder, address, node, "server.js")
		require.NoError(t, check(t, server{tls: address, plain: address}), id)
	}
	require.GreaterOrEqual(t, tested, 9)
}

// Every line in Java compiles, those of frameworks against what they name.
func TestJavaLines(t *testing.T) {
	t.Parallel()
	javac, err := filepath.Glob("/usr/lib/jvm/*17*/bin/javac")
	require.NoError(t, err)
	require.NotEmpty(t, javac, "Java 17 with its compiler is not installed: run make deps.")
	var methods strings.Builder
	for name, configuration := range inLanguage("java") {
		if strings.HasPrefix(configuration.Lines, "public void ") {
			fmt.Fprintf(&methods, "abstract static class C%d {\n%s}\n", methods.Len(), configuration.Lines)
			continue
		}
		require.NotEmpty(t, name)
		fmt.Fprintf(&methods, "static void m%d(SSLContext context, HttpSecurity http) throws Exception {\n%s}\n", methods.Len(), configuration.Lines)
	}
	folder := t.TempDir()
	write(t, folder, map[string][]byte{"Lines.java": []byte(javaFrame + methods.String() + "}\n")})
	text, err := exec.CommandContext(t.Context(), javac[0], "-proc:none", "-d", folder, filepath.Join(folder, "Lines.java")).CombinedOutput()
	require.NoError(t, err, "%s", text)
}

// javaFrame declares the parts of the servlet API and of Spring Security that
// the lines use.
const javaFrame = `import java.io.IOException;
import java.util.function.UnaryOperator;
import javax.net.ssl.*;

interface ServletRequest {}
interface ServletResponse {}
interface HttpServletResponse extends ServletResponse { void setHeader(String name, String value); }
interface FilterChain { void doFilter(ServletRequest request, ServletResponse response) throws IOException, ServletException; }
class ServletException extends Exception {}
interface Customizer<T> { void customize(T t); static <T> Customizer<T> withDefaults() { return t -> {}; } }
interface Hsts { Hsts maxAgeInSeconds(long seconds); }
interface Headers { Headers httpStrictTransportSecurity(Customizer<Hsts> customizer); }
interface HttpsRedirect {}
interface HttpSecurity {
  HttpSecurity headers(Customizer<Headers> customizer);
  HttpSecurity redirectToHttps(Customizer<HttpsRedirect> customizer);
}
class Lines {
`

// Properties of a Java runtime do in a real one what they are there for.
func TestJavaProperties(t *testing.T) {
	t.Parallel()
	issued := checktest.Issue(t, checktest.NewCA(t, "Remedies"), pki.Leaf{Names: []string{"localhost"}, Key: pki.RSA})
	everything := checktest.JavaConfig{Certificate: issued, Suites: []string{"ALL"}, Protocols: []string{"TLSv1.2", "TLSv1.3"}}
	tested := 0
	for id, configuration := range linesOf("java", "properties") {
		check := effects()[id]
		if check == nil || !strings.HasPrefix(configuration.File, "system properties") || id == "renegotiation-secure" {
			continue
		}
		tested++
		require.NoError(t, check(t, server{tls: checktest.StartJava(t, strings.Fields(configuration.Lines), everything)[0]}), id)
	}
	require.GreaterOrEqual(t, tested, 3)
}

// The program asks for TLS 1.0 and 1.1; java.security decides.
func TestJavaSecurityFile(t *testing.T) {
	t.Parallel()
	issued := checktest.Issue(t, checktest.NewCA(t, "Remedies"), pki.Leaf{Names: []string{"localhost"}, Key: pki.RSA})
	folder := t.TempDir()
	write(t, folder, map[string][]byte{"pair.pem": append(append([]byte(nil), issued.CertPEM...), issued.KeyPEM...), "Main.java": []byte(javaServer)})
	command := exec.CommandContext(t.Context(), "openssl", "pkcs12", "-export", "-in", "pair.pem", "-passout", "pass:secret", "-out", "server.p12")
	command.Dir = folder
	require.NoError(t, command.Run())
	java, err := filepath.Glob("/usr/lib/jvm/*17*/bin/java")
	require.NoError(t, err)
	require.NotEmpty(t, java)
	remedy, _ := ByID("protocols-off")
	for _, test := range []struct {
		lines string
		check effect
	}{
		{"jdk.tls.disabledAlgorithms=SSLv3\n", speaks("TLSv1.0 TLSv1.1 TLSv1.2 TLSv1.3")},
		{remedy.For("java")[0].Lines, speaks("TLSv1.2 TLSv1.3")},
	} {
		write(t, folder, map[string][]byte{"java.security": []byte(test.lines)})
		address := loopbackPort(freePort(t))
		run(t, folder, address, java[0], "-XX:TieredStopAtLevel=1", "-Djava.security.properties=java.security", "Main.java", fmt.Sprint(address.Port()))
		require.NoError(t, test.check(t, server{tls: address}), test.lines)
	}
}

const javaServer = `import java.io.File;
import java.net.InetAddress;
import java.security.KeyStore;
import javax.net.ssl.*;

class Main {
  public static void main(String[] arguments) throws Exception {
    char[] password = "secret".toCharArray();
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(KeyStore.getInstance(new File("server.p12"), password), password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    int port = Integer.parseInt(arguments[0]);
    SSLServerSocket socket = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(port, 50, InetAddress.getByName("127.0.0.1"));
    socket.setEnabledProtocols(new String[] {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"});
    for (;;) {
      SSLSocket connection = (SSLSocket) socket.accept();
      new Thread(() -> {
        try (connection) {
          connection.startHandshake();
          connection.getInputStream().read();
        } catch (Exception expected) {
        }
      }).start();
    }
  }
}
`

// What is to be typed with OpenSSL does what the text beside it says.
func TestOpenSSLLines(t *testing.T) {
	t.Parallel()
	chain := checktest.Issue(t, checktest.NewCA(t, "Remedies"), pki.Leaf{Names: []string{"app.example.com"}})
	for name, lines := range map[string]string{
		"certificate-key": "openssl req -in app.csr -noout -verify -text",
		"chain-order":     "cat fullchain.pem",
		"tlsa":            "",
	} {
		remedy, found := ByID(name)
		require.True(t, found)
		folder := t.TempDir()
		write(t, folder, map[string][]byte{"cert.pem": chain.CertPEM, "chain.pem": nil})
		command := exec.CommandContext(t.Context(), "sh", "-e")
		command.Dir, command.Stdin = folder, strings.NewReader(remedy.Configurations[0].Lines+lines+"\n")
		text, err := command.CombinedOutput()
		require.NoError(t, err, "%s", text)
		switch name {
		case "certificate-key":
			require.Contains(t, string(text), "DNS:app.example.com")
			require.Contains(t, string(text), "NIST CURVE: P-256")
		case "tlsa":
			require.Regexp(t, `= [0-9a-f]{64}\n$`, string(text))
		}
	}
}
