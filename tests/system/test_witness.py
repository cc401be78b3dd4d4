# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that do not stay: one event says what they did, and why."""

import os
import socket
import ssl
import struct
import time

from fake import Backend
from gate import Case, needs, needs_gate, trusting, wait_until
from hello import (BASICS, GOOD_13, HANDSHAKE, TLS13, answer, client_hello,
                   name_extension, record)
from hello import ALERT as ALERT_RECORD
from script import raw_connection

SIGNAL, STAGE, ALERT, FAMILY, CAUSES, CONFIDENCE = (
    "imapward.tls." + name for name in ("signal", "stage", "alert_received",
                                        "family", "causes", "confidence"))
VERSIONS = ("1.2", "1.3")


class Witness(Case):
    def setUp(self):
        super().setUp()
        self.backend = self.keep(Backend())
        self.gate = self.start_gate(self.backend)
        self.seen = 0

    def told(self):
        """What is told of the connection made since the last call."""
        connection = wait_until(
            "an event connection",
            lambda: self.gate.events("connection")[self.seen:])[0]
        self.seen += 1
        session = [e for e in self.gate.events()
                   if e.get("imapward.session") ==
                   connection["imapward.session"]]
        signals = [e for e in session if SIGNAL in e]
        self.assertEqual(len(signals), 1, session)
        return signals[0]

    def program(self, *command):
        """Runs a client that will not stay; how it ends is its own."""
        self.run_program(*command, env=dict(os.environ, HOME=self.folder))
        return self.told()

    def matches(self, event, **expected):
        names = dict(signal=SIGNAL, stage=STAGE, alert=ALERT, family=FAMILY,
                     confidence=CONFIDENCE)
        cause = expected.pop("cause", None)
        self.assertEqual({k: event.get(names[k]) for k in expected}, expected,
                         event)
        if cause:
            self.assertEqual(event[CAUSES][0], cause, event)
        self.assertIsInstance(event.get(CAUSES), list)

    def s_client(self, version, *more):
        return self.program("openssl", "s_client", "-connect", "localhost:%d" %
                            self.gate.port, "-verify_return_error",
                            "-tls" + version.replace(".", "_"), *more)

    def curl(self, version, url, *more):
        return self.program("curl", "-s", "-m", "10", "--tlsv" + version,
                            "--tls-max", version, *more, url)


@needs_gate
class Refusals(Witness):
    """The clients themselves, none of which knows our CA."""

    @needs("openssl")
    def test_openssl_says_it_in_clear_in_1_3(self):
        self.matches(self.s_client("1.3"), signal="plaintext_alert",
                     stage="handshake", alert=48, family="openssl",
                     cause="unknown_ca", confidence="medium")
        self.matches(self.s_client("1.2"), signal="alert", stage="handshake",
                     alert=48, family="openssl", cause="unknown_ca")

    @needs("curl")
    def test_curl_says_it_or_leaves(self):
        url = "imaps://localhost:%d/" % self.gate.port
        self.matches(self.curl("1.3", url), signal="plaintext_alert",
                     alert=48, family="openssl", cause="unknown_ca")
        self.matches(self.curl("1.2", url), signal="alert", alert=48,
                     family="openssl", cause="unknown_ca")

    @needs("gnutls-cli")
    def test_gnutls_has_one_alert_for_all(self):
        for version in VERSIONS:
            with self.subTest(version):
                self.matches(self.program(
                    "gnutls-cli", "--priority", "NORMAL:-VERS-ALL:+VERS-TLS" +
                    version, "-p", str(self.gate.port), "localhost"),
                    signal="alert", stage="handshake", alert=42,
                    family="gnutls", cause="unknown_ca", confidence="medium")

    def tstclnt(self, version):
        return self.program("tstclnt", "-4", "-h", "localhost", "-p",
                            str(self.gate.port), "-d", "sql:" + self.folder,
                            "-V", "tls%s:tls%s" % (version, version))

    @needs("tstclnt", "certutil")
    def test_nss_is_heard_however_late_it_says_it(self):
        """In 1.2 its alert comes behind the handshake, and it closes at once:
        a greeting sent first would be answered by a reset."""
        self.succeeds("certutil", "-N", "-d", "sql:" + self.folder,
                      "--empty-password")
        self.matches(self.tstclnt("1.3"), signal="alert", stage="handshake",
                     alert=48, family="nss", cause="unknown_ca")
        for _ in range(15):
            event = self.tstclnt("1.2")
            self.matches(event, signal="alert", stage="greeting", alert=48,
                         family="nss", cause="unknown_ca")
            self.assertEqual(event["event.action"], "connection")

    @needs("node")
    def test_node_says_nothing(self):
        for version, stage in (("1.3", "handshake"), ("1.2", "greeting")):
            with self.subTest(version):
                event = self.program(
                    "node", "-e", "require('tls').connect({host: 'localhost', "
                    "port: %d, servername: 'localhost', maxVersion: 'TLSv%s'})"
                    % (self.gate.port, version))
                self.matches(event, stage=stage, family="node",
                             cause="unknown_ca", confidence="low")
                self.assertIn(event[SIGNAL], ("eof", "reset"))

    @needs("wget")
    def test_wget_says_nothing(self):
        event = self.program("wget", "-q", "-O-", "--tries=1",
                             "https://localhost:%d/" % self.gate.port)
        self.matches(event, stage="greeting", family="gnutls",
                     cause="unknown_ca", confidence="low")


@needs_gate
class Causes(Witness):
    """What is true of our certificate decides what comes first."""

    @needs("openssl", "curl")
    def test_another_name_is_found(self):
        for version in VERSIONS:
            self.matches(self.s_client(
                version, "-CAfile", self.certs.ca, "-servername",
                "mail.example", "-verify_hostname", "mail.example"),
                alert=42, cause="name_mismatch", confidence="high")
            self.matches(self.curl(
                version, "imaps://mail.example:%d/" % self.gate.port,
                "--cacert", self.certs.ca, "--resolve",
                "mail.example:%d:127.0.0.1" % self.gate.port),
                signal="close_notify", stage="greeting",
                cause="name_mismatch", confidence="low")

    @needs("openssl", "faketime")
    def test_a_clock_that_is_wrong_is_the_clients(self):
        ahead = self.program(
            "faketime", "+20 years", "openssl", "s_client", "-connect",
            "localhost:%d" % self.gate.port, "-verify_return_error", "-CAfile",
            self.certs.ca)
        self.matches(ahead, alert=45, cause="client_clock",
                     confidence="medium")

    @needs("openssl")
    def test_a_certificate_that_expires_while_it_is_served(self):
        soon = time.gmtime(time.time() + 4)
        self.succeeds("openssl", "req", "-new", "-key",
                      self.certs.key("leaf"), "-subj", "/CN=soon", "-out",
                      os.path.join(self.folder, "csr"))
        self.succeeds("openssl", "ca", "-batch", "-notext", "-config",
                      "ca.cnf", "-extfile", "leaf.ext", "-extensions",
                      "leaf", "-in",
                      os.path.join(self.folder, "csr"), "-out",
                      self.gate.chain, "-startdate", "20200101000000Z",
                      "-enddate", time.strftime("%Y%m%d%H%M%SZ", soon),
                      cwd=self.certs.folder)
        self.assertEqual(self.gate.reload()["event.outcome"], "success")
        wait_until("it has expired", lambda: time.gmtime() > soon, 10)
        time.sleep(1)
        for version in VERSIONS:
            self.matches(self.s_client(version, "-CAfile", self.certs.ca),
                         alert=45, cause="certificate_expired",
                         confidence="high")


@needs_gate
class Silence(Witness):
    """Those that go without a word."""

    def shaken(self, **more):
        wire = self.wire(self.gate, **more)
        wire.expect(rb"\* OK ")
        return wire

    def test_an_end_behind_the_greeting(self):
        self.shaken().half_close()
        self.matches(self.told(), signal="eof", stage="greeting",
                     family="openssl", cause="unknown_ca", confidence="low")
        self.shaken().reset()
        self.matches(self.told(), signal="reset", stage="greeting")

    def test_a_pause_is_a_person(self):
        wire = self.shaken()
        time.sleep(2.2)
        wire.half_close()
        self.matches(self.told(), signal="eof", stage="greeting",
                     cause="user_declined", confidence="low")

    def test_a_word_is_none_of_these(self):
        wire = self.shaken()
        wire.command("a", b"NOOP")
        wire.half_close()
        self.gate.event("connection")
        self.assertFalse([e for e in self.gate.events() if SIGNAL in e])

    def test_a_connection_without_a_byte(self):
        raw_connection(self.gate.port).close()
        self.matches(self.told(), signal="eof", stage="connect",
                     cause="probe", confidence="low")
        sock = raw_connection(self.gate.clear_port)
        sock.recv(4096)
        sock.close()
        self.matches(self.told(), signal="eof", stage="connect",
                     cause="probe")

    def test_a_reset_behind_our_flight(self):
        context = ssl.create_default_context()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = context.wrap_bio(incoming, outgoing,
                                  server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            client.do_handshake()
        sock = raw_connection(self.gate.port)
        sock.sendall(outgoing.read())
        sock.recv(65536)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
        sock.close()
        self.matches(self.told(), signal="reset", stage="handshake",
                     family="openssl", cause="unknown_ca", confidence="low")


@needs_gate
class Late(Case):
    @needs("strace")
    def test_an_alert_that_a_reset_has_overtaken_is_still_read(self):
        """The client's last word is there when the gate's next one fails."""
        gate = self.make_gate(self.keep(Backend()))
        gate.start(prefix=["strace", "-D", "-f", "-qq", "-o", os.devnull,
                           "-e", "trace=write", "-e",
                           "inject=write:delay_enter=300000"],
                   env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = trusting(self.certs.ca, "1.2").wrap_bio(
            incoming, outgoing, server_hostname="localhost")
        sock = raw_connection(gate.port)
        for answered in (True, False):
            with self.assertRaises(ssl.SSLWantReadError):
                client.do_handshake()
            sock.sendall(outgoing.read())
            if answered:
                incoming.write(sock.recv(65536))
        time.sleep(0.1)  # the gate is about to write its last flight
        sock.sendall(b"\x15\x03\x03\0\2\2\x2d")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
        sock.close()
        event = gate.event("connection", **{SIGNAL.replace(".", "_"):
                                            "alert"})
        self.assertEqual((event[STAGE], event[ALERT]), ("greeting", 45))


@needs_gate
class Forged(Witness):
    """Anybody between the client and the gate."""

    def test_an_alert_in_clear_is_not_believed_against_our_certificate(self):
        for number in (42, 43, 44, 45, 46, 48):
            with self.subTest(number):
                kind, _ = answer(self.gate.port, client_hello(
                    sorted(GOOD_13), BASICS + TLS13 +
                    name_extension(b"localhost")),
                    record(ALERT_RECORD, bytes([2, number]), 0x0303))
                self.assertEqual(kind, HANDSHAKE)
                event = self.told()
                self.matches(event, signal="plaintext_alert", alert=number,
                             stage="handshake", confidence="medium")
                for wrong in ("certificate_expired", "name_mismatch",
                              "self_signed", "weak_key", "wrong_usage"):
                    self.assertNotIn(wrong, event[CAUSES])

    def test_a_hello_that_lists_more_than_any_client_is_no_trouble(self):
        answer(self.gate.port, client_hello(range(0x2000, 0x2090), BASICS))
        event = self.told()
        self.matches(event, signal="our_alert", family="unknown",
                     cause="no_common_cipher")
        self.assertNotIn("imapward.tls.ja4", event)
        self.assertNotIn("tls.client.ja3", event)


@needs_gate
class Settings(Witness):
    """Mail programs that are set up wrong."""

    def test_clear_text_on_the_tls_port(self):
        sock = raw_connection(self.gate.port)
        self.addCleanup(sock.close)
        sock.sendall(b"a1 CAPABILITY\r\n")
        self.assertIn(b"SSL/TLS", sock.recv(4096))
        self.matches(self.told(), signal="cleartext", stage="hello",
                     cause="cleartext_on_tls_port", confidence="high")

    @needs("openssl")
    def test_tls_on_the_starttls_port(self):
        self.run_program("openssl", "s_client", "-connect", "localhost:%d" %
                         self.gate.clear_port)
        self.matches(self.told(), signal="tls_on_starttls", stage="hello",
                     family="openssl", cause="tls_on_starttls_port",
                     confidence="high")

    def test_waiting_for_a_greeting_on_the_tls_port(self):
        self.gate.change({"timeouts": {"handshake": "1s"}})
        self.gate.reload()
        sock = raw_connection(self.gate.port)
        self.addCleanup(sock.close)
        self.assertIn(b"SSL/TLS", sock.recv(4096))
        self.matches(self.told(), signal="timeout", stage="connect",
                     cause="starttls_expected", confidence="medium")

    @needs("openssl")
    def test_what_the_gate_refuses_itself(self):
        for version, options, cause, stage in (
                ("1.2", ("-alpn", "h2"), "no_alpn", "hello"),
                ("1.3", ("-alpn", "h2"), "no_alpn", "hello"),
                ("1.2", ("-cipher", "AES128-SHA:@SECLEVEL=0"),
                 "no_common_cipher", "hello"),
                ("1.3", ("-ciphersuites", "TLS_AES_128_CCM_SHA256"),
                 "no_common_cipher", "handshake")):
            with self.subTest((version, options)):
                event = self.s_client(version, "-CAfile", self.certs.ca,
                                      *options)
                self.matches(event, signal="our_alert", stage=stage,
                             cause=cause, confidence="high")
                self.assertEqual(event.get("event.outcome"), "failure")


    @needs("openssl")
    def test_a_group_that_only_the_client_has(self):
        """In 1.3 the library tries one of its own, and the client objects."""
        for version, signal in (("1.2", "our_alert"),
                                ("1.3", "plaintext_alert")):
            self.matches(self.s_client(version, "-CAfile", self.certs.ca,
                                       "-groups", "P-521"), signal=signal,
                         stage="handshake", cause="no_common_group",
                         confidence="high")


@needs_gate
class AfterStarttls(Witness):
    @needs("openssl")
    def test_a_refusal_behind_starttls_is_told_alike(self):
        event = self.program("openssl", "s_client", "-starttls", "imap",
                             "-connect", "localhost:%d" % self.gate.clear_port,
                             "-verify_return_error", "-tls1_3")
        self.matches(event, signal="plaintext_alert", stage="handshake",
                     alert=48, family="openssl", cause="unknown_ca")

    def test_silence_behind_starttls_is_told_alike(self):
        wire = self.wire(self.gate, clear=True)
        wire.expect(rb"\* OK ")
        wire.command("a", b"STARTTLS")
        wire.starttls(trusting(self.certs.ca))
        wire.half_close()
        self.matches(self.told(), signal="eof", stage="greeting",
                     family="openssl", cause="unknown_ca")
