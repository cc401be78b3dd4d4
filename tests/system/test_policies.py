# SPDX-License-Identifier: GPL-3.0-or-later
"""What TLS policies ask of clients, on both ports."""

import socket
import ssl

from gate import needs, trusting
from test_certificates import Certificates
from wire import Wire


class Policies(Certificates):
    entries = ("leaf", "mail")
    policies = ({"name": "own", "sni": "match", "alpn": "required"},)
    names = ("own",)

    def test_names_that_match_nothing_get_alert_112(self):
        for clear in (False, True):
            for version in ("1.2", "1.3"):
                how = {"version": version, "alpn": ["imap"], "clear": clear}
                self.refused(112, "names no server", **how)
                event = self.refused(112, "no certificate is for the name",
                                     name="unknown.example.org", **how)
                self.assertEqual(event["tls.client.server_name"],
                                 "unknown.example.org")
                self.connect("mail.example.com", **how)

    def test_a_client_without_alpn_gets_alert_120(self):
        for clear in (False, True):
            how = {"name": "localhost", "clear": clear}
            self.refused(120, "the policy requires it", **how)
            self.refused(120, "wants no IMAP", alpn=["h2"], **how)
            wire = self.connect(alpn=["h2", "imap"], **how)
            self.assertEqual(wire.sock.selected_alpn_protocol(), "imap")

    def test_modern_refuses_1_2_with_alert_70(self):
        self.gate.policies("modern")
        self.reloads()
        for clear in (False, True):
            self.refused(70, "too old", name="localhost", version="1.2",
                         clear=clear)
            self.connect("localhost", "1.3", clear=clear)

    def test_an_old_maximum_is_kept(self):
        self.gate.change({"tls_policies": [
            {"name": "own", "maximum_version": "1.2"}]})
        self.reloads()
        wire = self.connect("localhost")
        self.assertEqual(wire.sock.version(), "TLSv1.2")
        self.refused(70, "no TLS version in common", name="localhost",
                     version="1.3")

    @needs("openssl")
    def test_ciphers_groups_and_signatures_are_those_that_are_named(self):
        self.gate.change({
            "certificates": [self.entry("rsa")],
            "tls_policies": [{
                "name": "own",
                "ciphers": ["TLS_CHACHA20_POLY1305_SHA256",
                            "TLS_AES_128_GCM_SHA256",
                            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
                "groups": ["secp384r1", "secp256r1"],
                "signature_algorithms": ["rsa_pss_rsae_sha512",
                                         "rsa_pss_rsae_sha384"]}]})
        self.reloads()
        for version, cipher in (("-tls1_3", "TLS_CHACHA20_POLY1305_SHA256"),
                                ("-tls1_2", "ECDHE-RSA-AES256-GCM-SHA384")):
            said = self.s_client(version)
            self.assertIn("Cipher is " + cipher, said)
            self.assertRegex(said, "Server Temp Key: ECDH, "
                             "(secp384r1|prime256v1)")
            self.assertIn("Peer signing digest: SHA384", said)
            self.assertIn("Peer signature type: RSA-PSS", said)
        self.assertIn("Peer signing digest: SHA512", self.s_client(
            "-sigalgs", "RSA-PSS+SHA512:RSA-PSS+SHA256"))
        self.refused(40, "no cipher suite or signature in common",
                     version="1.2", ciphers="ECDHE-RSA-AES128-GCM-SHA256")


class ByNetwork(Certificates):
    policies = ({"name": "inside", "networks": ["127.0.0.2/32"],
                 "maximum_version": "1.2"},
                {"name": "kiosk", "networks": ["127.0.0.0/28"],
                 "minimum_version": "1.3"},)
    names = ("inside", "kiosk", "intermediate")

    def test_the_first_policy_that_holds_the_client_counts(self):
        for clear in (False, True):
            for source, version in (("127.0.0.2", "TLSv1.2"),
                                    ("127.0.0.3", "TLSv1.3"),
                                    ("127.0.0.99", "TLSv1.3")):
                wire = self.connect("localhost", source=source, clear=clear)
                self.assertEqual(wire.sock.version(), version, source)
            self.refused(70, name="localhost", source="127.0.0.3",
                         version="1.2", clear=clear)
            self.connect("localhost", "1.2", source="127.0.0.99", clear=clear)


class WithClients(Certificates):
    policies = ({"name": "own", "client_certificate": "required"},)
    names = ("own",)

    def set_up(self):
        self.policies = [dict(self.policies[0], client_ca=self.certs.ca)]
        super().set_up()

    def policy(self, **change):
        self.gate.change({"tls_policies": [dict(self.policies[0], **change)]})
        self.reloads()

    def come_in(self, cert, version, **how):
        wire = self.connect("localhost", version, cert=cert, **how)
        if how.get("clear"):
            _, verdict = wire.command("a", b"LOGIN alice correct-horse")
            self.assertTrue(verdict.startswith(b"a OK"), verdict)
        else:
            wire.login(self.user, self.password)
        return self.gate.event("tls", source_port=self.source_port)


class Clients(WithClients):
    def test_a_certificate_is_required(self):
        for clear in (False, True):
            for version, none in (("1.2", 40), ("1.3", 116)):
                how = {"version": version, "clear": clear}
                self.refused(none, "the client has shown no certificate",
                             name="localhost", **how)
                event = self.come_in("anna", **how)
                self.assertEqual(event["tls.client.subject"],
                                 "CN=imapward test anna")
                self.assertRegex(event["tls.client.hash.sha256"],
                                 r"\A[0-9A-F]{64}\Z")
                self.assertRegex(event["tls.client.x509.serial_number"],
                                 r"\A[0-9A-F]+\Z")
                self.come_in("bert", **how)
                self.refused(42, "is not meant for clients", cert="mail",
                             name="localhost", **how)

    def test_a_certificate_is_optional(self):
        self.policy(client_certificate="optional")
        for version in ("1.2", "1.3"):
            event = self.come_in(None, version)
            self.assertNotIn("tls.client.subject", event)
            self.assertIn("tls.client.subject", self.come_in("anna", version))
            self.refused(42, cert="mail", name="localhost", version=version)

    def test_strangers_are_refused(self):
        other = self.authority(self.new_folder("other-ca"))
        mine, self.certs = self.certs, other
        other.chain("anna")
        for version in ("1.2", "1.3"):
            context = trusting(mine.ca, version)
            context.load_cert_chain(other.chain("anna"), other.key("anna"))
            wire = Wire(self.gate.port)
            self.addCleanup(wire.close)
            with self.assertRaises((ssl.SSLError, OSError)):
                wire.starttls(context)
                wire.line()
            self.gate.event("tls", imapward_tls_alert_sent=48,
                            tls_client_server_name="localhost",
                            tls_version=version)

    def test_the_revoked_are_refused(self):
        self.come_in("revoked", "1.3")
        self.policy(client_crl=self.certs.crl("revoked"))
        for version in ("1.2", "1.3"):
            self.refused(44, "has been revoked", cert="revoked",
                         name="localhost", version=version)
            self.come_in("anna", version)

    def test_names_are_what_lets_in(self):
        self.policy(client_names=["anna.example.com", "bert@example.com"])
        self.come_in("anna", "1.3")
        self.come_in("bert", "1.2")
        for version in ("1.2", "1.3"):
            self.refused(42, "none of the names", cert="revoked",
                         name="localhost", version=version)
        self.policy(client_names=["imapward test anna"])
        self.come_in("anna", "1.2")
        self.refused(42, cert="bert", name="localhost")

    def test_sessions_are_not_resumed(self):
        context = trusting(self.certs.ca, "1.2")
        context.load_cert_chain(self.certs.chain("anna"),
                                self.certs.key("anna"))
        first = Wire(self.gate.port, tls=context)
        first.greeting()
        session = first.sock.session
        first.close()
        sock = context.wrap_socket(
            socket.create_connection(("127.0.0.1", self.gate.port)),
            server_hostname="localhost", session=session)
        self.addCleanup(sock.close)
        self.assertFalse(sock.session_reused)
        self.assertFalse(session.has_ticket)

    def test_bad_files_change_nothing(self):
        for change, expected in (
                ({"client_ca": self.certs.key()},
                 "there is no certificate in it"),
                ({"client_ca": self.certs.chain("anna")},
                 "certificate 1 is not that of a CA"),
                ({"client_crl": self.certs.ca},
                 "there is no list of revoked certificates in it"),
                ({"client_ca": self.folder + "/absent"}, "cannot read")):
            self.gate.change({"tls_policies": [dict(self.policies[0],
                                                    **change)]})
            self.assertIn(expected, self.reload_fails())
        self.come_in("anna", "1.3")

    def test_a_list_of_another_ca_is_refused_at_the_reload(self):
        other = self.authority(self.new_folder("other-ca"))
        self.gate.change({"tls_policies": [dict(
            self.policies[0], client_crl=other.crl("revoked"))]})
        self.assertIn("list 1 is signed by a CA that is not in client_ca",
                      self.reload_fails())
