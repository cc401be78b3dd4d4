// SPDX-License-Identifier: GPL-3.0-or-later
//
// Peer.java - Java's TLS as a mail program uses it.
//
//   java Peer.java PORT VERSION CA
//
// Trusts the certificates in the file CA, insists on the name localhost, says
// LOGOUT and shows what comes back.

import java.io.FileInputStream;
import java.io.InputStream;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

public class Peer {
    static SSLContext trusting(String file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream in = new FileInputStream(file)) {
            int n = 0;
            for (Certificate c :
                 CertificateFactory.getInstance("X.509").generateCertificates(in))
                store.setCertificateEntry("ca" + n++, c);
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(
            TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    public static void main(String[] words) throws Exception {
        SSLContext context = trusting(words[2]);
        try (SSLSocket s = (SSLSocket) context.getSocketFactory().createSocket(
                 "localhost", Integer.parseInt(words[0]))) {
            SSLParameters p = s.getSSLParameters();
            p.setEndpointIdentificationAlgorithm("HTTPS");
            // By itself Java names only hosts with a dot in their name.
            p.setServerNames(List.of(new SNIHostName("localhost")));
            p.setProtocols(new String[] {"TLSv" + words[1]});
            s.setSSLParameters(p);
            s.startHandshake();
            s.getOutputStream().write("a LOGOUT\r\n".getBytes());
            s.getInputStream().transferTo(System.out);
        }
    }
}
