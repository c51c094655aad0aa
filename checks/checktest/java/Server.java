import java.io.InputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

// Serves TLS on loopback for tests, with everything that Java turns off turned
// on again. Five arguments a server: PEM files of certificates and keys
// with colons between, protocols and suites with commas, whose order decides,
// "want" or "need" of client certificates. What is empty is Java's default. It
// ends when its standard input does.
public class Server {
    public static void main(String[] arguments) throws Exception {
        Security.setProperty("jdk.tls.disabledAlgorithms", "");
        Security.setProperty("jdk.tls.legacyAlgorithms", "");
        Security.setProperty("jdk.certpath.disabledAlgorithms", "");
        List<Integer> ports = new ArrayList<>();
        var threads = Executors.newCachedThreadPool();
        for (int i = 0; i < arguments.length; i += 5) {
            SSLServerSocket socket = open(arguments[i], arguments[i + 1], arguments[i + 2],
                arguments[i + 3].equals("server"), arguments[i + 4]);
            ports.add(socket.getLocalPort());
            threads.submit(() -> {
                while (true) {
                    SSLSocket connection = (SSLSocket) socket.accept();
                    threads.submit(() -> answer(connection));
                }
            });
        }
        System.out.println("listening " + ports);
        while (System.in.read() >= 0) { }
        System.exit(0);
    }

    static SSLServerSocket open(String pairs, String protocols, String suites, boolean ownOrder, String clients)
            throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        String[] files = pairs.split(":");
        for (int i = 0; i < files.length; i += 2) {
            store.setKeyEntry("pair" + i, key(files[i + 1]), new char[0], chain(files[i]));
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
        keys.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        SSLServerSocket socket = (SSLServerSocket) context.getServerSocketFactory()
            .createServerSocket(0, 200, InetAddress.getByName("127.0.0.1"));
        SSLParameters parameters = socket.getSSLParameters();
        if (!protocols.isEmpty()) parameters.setProtocols(protocols.split(","));
        if (suites.equals("ALL")) parameters.setCipherSuites(socket.getSupportedCipherSuites());
        else if (!suites.isEmpty()) parameters.setCipherSuites(suites.split(","));
        parameters.setUseCipherSuitesOrder(ownOrder);
        if (clients.equals("want")) parameters.setWantClientAuth(true);
        if (clients.equals("need")) parameters.setNeedClientAuth(true);
        socket.setSSLParameters(parameters);
        return socket;
    }

    static Certificate[] chain(String file) throws Exception {
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            return CertificateFactory.getInstance("X.509").generateCertificates(in).toArray(new Certificate[0]);
        }
    }

    static PrivateKey key(String file) throws Exception {
        String text = Files.readString(Path.of(file)).replaceAll("-----[^-]+-----|\\s", "");
        byte[] der = Base64.getDecoder().decode(text);
        for (String algorithm : new String[] {"RSA", "EC", "EdDSA", "DSA"}) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
            } catch (java.security.spec.InvalidKeySpecException another) {
                continue;
            }
        }
        throw new IllegalArgumentException("no algorithm reads " + file);
    }

    static void answer(SSLSocket connection) {
        try (connection) {
            connection.setSoTimeout(20_000);
            connection.startHandshake();
            InputStream in = connection.getInputStream();
            if (in.read(new byte[8192]) < 0) return;
            connection.getOutputStream().write(
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n".getBytes(StandardCharsets.US_ASCII));
        } catch (Exception refused) {
            // Handshakes that fail are what tests are about.
        }
    }
}
