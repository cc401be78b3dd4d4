# SPDX-License-Identifier: GPL-3.0-or-later
"""A session of one name, policy or gate at another one."""

import os
import secrets
import ssl

from case import VERSIONS, PkiCase
from fake import Backend
from gate import accepts, needs_gate, wait_until
from visitor import Visitor

INSIDE, OUTSIDE = "127.0.0.1", "127.0.0.2"
NEEDS_CERTIFICATE = "certificate required|handshake failure|bad certificate"


class Sharing(PkiCase):
    def setUp(self):
        super().setUp()
        self.backend = self.keep(Backend())


@needs_gate
class Policies(Sharing):
    """Inside the network a certificate of the client's own is required."""

    def setUp(self):
        super().setUp()
        self.gate = self.make_gate(self.backend, {"tls_policies": [
            {"name": "inside", "base": "intermediate",
             "networks": [INSIDE + "/32"],
             "client_certificate": "required", "client_ca": self.certs.ca},
            {"name": "inside-too", "base": "inside",
             "networks": [INSIDE + "/32"],
             "client_names": ["bob@example.org"]}]})
        self.gate.policies("inside", "intermediate")
        self.gate.start()
        self.alice = (self.certs.chain("alice"), self.certs.key("alice"))

    def test_a_client_that_must_show_a_certificate_shows_it_each_time(self):
        for version in VERSIONS:
            for visitor, resumes in (
                    (Visitor(self.certs.ca, version, source=OUTSIDE), True),
                    (Visitor(self.certs.ca, version, source=INSIDE,
                             certificate=self.alice), False)):
                with self.subTest((version, visitor.source)):
                    self.assertFalse(visitor.visit(self.gate.port))
                    self.assertIs(visitor.visit(self.gate.port), resumes)

    def test_a_session_without_certificate_does_not_do_where_one_is_due(self):
        for version in VERSIONS:
            with self.subTest(version):
                visitor = Visitor(self.certs.ca, version, source=OUTSIDE)
                visitor.visit(self.gate.port)
                visitor.source = INSIDE
                with self.assertRaisesRegex(ssl.SSLError, "(?i)" +
                                            NEEDS_CERTIFICATE):
                    visitor.visit(self.gate.port)

    def test_a_session_with_certificate_is_not_resumed_where_none_is(self):
        for version in VERSIONS:
            with self.subTest(version):
                visitor = Visitor(self.certs.ca, version, source=INSIDE,
                                  certificate=self.alice)
                visitor.visit(self.gate.port)
                visitor.source = OUTSIDE
                self.assertFalse(visitor.visit(self.gate.port))

    def test_a_weak_key_of_a_client_is_refused(self):
        weak = (self.certs.chain("weak-alice"), self.certs.key("weak-alice"))
        for version in VERSIONS:
            with self.subTest(version):
                visitor = Visitor(self.certs.ca, version, source=INSIDE)
                visitor.context.set_ciphers("DEFAULT:@SECLEVEL=0")
                visitor.context.load_cert_chain(*weak)
                with self.assertRaisesRegex(ssl.SSLError, "(?i)alert"):
                    visitor.visit(self.gate.port)
                self.gate.event("tls", event_reason="the client's "
                                "certificate, or an issuer's, has a weak key",
                                tls_version=version)

    def test_a_session_is_not_resumed_once_others_only_are_let_in(self):
        for version in VERSIONS:
            with self.subTest(version):
                self.gate.policies("inside", "intermediate")
                self.gate.reload()
                visitor = Visitor(self.certs.ca, version, source=INSIDE,
                                  certificate=self.alice)
                visitor.visit(self.gate.port)
                self.gate.policies("inside-too", "intermediate")
                self.gate.reload()
                with self.assertRaises(ssl.SSLError):
                    visitor.visit(self.gate.port)


@needs_gate
class Names(Sharing):
    def test_a_session_of_one_name_is_not_resumed_by_another(self):
        gate = self.start_gate(self.backend, {"certificates": [
            {"chain": self.certs.chain(name), "key": self.certs.key(name)}
            for name in ("host-a", "host-b")]})
        for version in VERSIONS:
            with self.subTest(version):
                visitor = Visitor(self.certs.ca, version,
                                  name="a.example.org")
                visitor.visit(gate.port)
                visitor.name = "b.example.org"
                self.assertFalse(visitor.visit(gate.port))
                self.assertTrue(visitor.visit(gate.port))


@needs_gate
class Gates(Sharing):
    """Several gates of one name."""

    def secret_file(self, *lines):
        path = os.path.join(self.folder, "secrets%d" % len(self.servers))
        with open(path, "w") as f:
            f.write("\n".join(lines) + "\n")
        os.chmod(path, 0o600)
        return path

    def gate_with(self, *lines):
        return self.start_gate(self.backend, {"tls": {
            "ticket_secret": self.secret_file(*lines)}})

    def test_gates_with_the_same_secret_take_each_others_sessions(self):
        new, old = secrets.token_hex(32), secrets.token_hex(32)
        first, second = self.gate_with(new), self.gate_with(new)
        # This one seals with another secret, and opens with both.
        ahead = self.gate_with(old, new)
        stranger = self.start_gate(self.backend)
        for version in VERSIONS:
            with self.subTest(version):
                visitor = Visitor(self.certs.ca, version)
                visitor.visit(first.port)
                visitor.collects = False
                for gate, takes in ((second, True), (ahead, True),
                                    (stranger, False)):
                    self.assertIs(visitor.visit(gate.port), takes)

    def test_a_session_outlives_a_restart_when_the_secret_does(self):
        gate = self.gate_with(secrets.token_hex(32))
        for version in VERSIONS:
            with self.subTest(version):
                visitor = Visitor(self.certs.ca, version)
                visitor.visit(gate.port)
                gate.stop()
                gate.start()
                wait_until("it listens again", lambda: accepts(gate.port))
                self.assertTrue(visitor.visit(gate.port))
