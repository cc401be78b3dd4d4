# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions are resumed where they may be, and only there."""

import os
import re
import signal
import subprocess

from case import VERSIONS, PkiCase, full
from fake import Backend
from gate import needs, needs_gate, seconds, wait_until
from sessions import saved_ticket
from visitor import Visitor
from wire import PATIENCE


@needs_gate
class Resumption(PkiCase):
    def setUp(self):
        super().setUp()
        self.backend = self.keep(Backend())

    def gate_with(self, change=None):
        return self.start_gate(self.backend, change)

    def visitors(self):
        return [Visitor(self.certs.ca, version) for version in VERSIONS]

    def told(self, gate):
        return [e["tls.resumed"] for e in gate.events("tls")]

    def test_a_session_is_resumed_whichever_worker_accepts(self):
        gate = self.gate_with({"process": {"workers": 4}})
        for visitor in self.visitors():
            first = len(self.told(gate))
            self.assertFalse(visitor.visit(gate.port))
            # That one worker of four took all: one in four to the power 23.
            for _ in range(24):
                self.assertTrue(visitor.visit(gate.port))
            wait_until("all are told",
                       lambda: len(self.told(gate)) == first + 25)
            self.assertEqual(self.told(gate)[first:], [False] + 24 * [True])

    def test_after_a_reload_that_changes_nothing_it_is_resumed(self):
        gate = self.gate_with()
        for visitor in self.visitors():
            visitor.visit(gate.port)
            gate.reload()
            self.assertTrue(visitor.visit(gate.port))

    def test_a_renewed_certificate_ends_no_session(self):
        gate = self.gate_with()
        for visitor in self.visitors():
            gate.present("leaf")
            gate.reload()
            visitor.visit(gate.port)
            gate.present("second")
            gate.reload()
            self.assertTrue(visitor.visit(gate.port))

    def test_a_certificate_for_other_names_ends_it_by_a_full_handshake(self):
        gate = self.gate_with()
        for visitor in self.visitors():
            gate.present("leaf")
            gate.reload()
            visitor.visit(gate.port)
            gate.present("wildcard")
            gate.reload()
            self.assertFalse(visitor.visit(gate.port))
            self.assertTrue(visitor.visit(gate.port))

    def test_after_the_relay_died_one_full_handshake_is_enough(self):
        gate = self.gate_with()
        for visitor in self.visitors():
            visitor.visit(gate.port)
            before = gate.relay()
            deaths = len(gate.events("restart"))
            os.kill(before, signal.SIGKILL)
            wait_until("a new relay", lambda: len(gate.events("restart")) >
                       deaths and gate.relay() != before)
            visitor.visit(gate.port)
            self.assertTrue(visitor.visit(gate.port))

    def test_a_chain_of_300_resumptions_never_breaks(self):
        gate = self.gate_with()
        for visitor in self.visitors():
            self.assertFalse(visitor.visit(gate.port))
            resumed = [visitor.visit(gate.port) for _ in range(300)]
            # A lineage ends now and then by a full handshake.
            self.assertGreaterEqual(sum(resumed), 290)

    def test_a_ticket_is_refused_when_it_is_too_old(self):
        gate = self.gate_with({"tls": {"ticket_lifetime": "2s"}})
        for visitor in self.visitors():
            visitor.visit(gate.port)
            visitor.collects = False
            wait_until("the ticket is too old",
                       lambda: not visitor.visit(gate.port), 30, every=0.2)
            visitor.collects = True
            visitor.visit(gate.port)
            self.assertTrue(visitor.visit(gate.port))

    def test_one_version_does_not_resume_a_session_of_the_other(self):
        gate = self.gate_with()
        for made, used in (VERSIONS, VERSIONS[::-1]):
            with self.subTest(made=made, used=used):
                visitor = Visitor(self.certs.ca, made)
                visitor.visit(gate.port)
                visitor.only(used)
                self.assertFalse(visitor.visit(gate.port))


@needs("openssl")
@needs_gate
class Tickets(PkiCase):
    """openssl s_client keeps sessions in files."""

    def setUp(self):
        super().setUp()
        self.gate = self.start_gate(self.keep(Backend()))
        self.kept = os.path.join(self.folder, "kept")

    def s_client(self, version, *more):
        done = subprocess.run(
            ["openssl", "s_client", "-connect", "localhost:%d" %
             self.gate.port, "-servername", "localhost", "-CAfile",
             self.certs.ca, "-ign_eof", "-tls" + version.replace(".", "_"),
             *more],
            input=b"a LOGOUT\r\n", stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=PATIENCE)
        said = done.stdout.decode(errors="replace")
        self.assertIn("a OK", said)
        return said

    def secret(self):
        """What the session's keys are made from."""
        text = self.succeeds("openssl", "sess_id", "-noout", "-text", "-in",
                             self.kept).decode(errors="replace")
        return bytes.fromhex(re.search(
            r"(?:Master-Key|Resumption PSK): *([0-9A-F]+)", text).group(1))

    def test_a_ticket_does_not_show_its_secret_and_no_two_are_the_same(self):
        seen = set()
        for version in VERSIONS:
            for _ in range(3):
                self.s_client(version, "-sess_out", self.kept)
                ticket = saved_ticket(self.kept)
                self.assertNotIn(self.secret()[:8], ticket)
                seen.add(ticket[16:])  # behind the name of the key
        self.assertEqual(len(seen), 6)

    @full
    @seconds(150)
    def test_a_ticket_outlives_the_rotation_of_its_key(self):
        """A minute is the least: so long the name of the key is the same."""
        self.gate.change({"tls": {"ticket_rotation": "1m",
                                  "ticket_lifetime": "30m"}})
        self.assertEqual(self.gate.reload()["event.outcome"], "success")
        self.s_client("1.3", "-sess_out", self.kept)
        first = saved_ticket(self.kept)
        newest = self.kept + ".newest"

        def rotated():
            self.s_client("1.3", "-sess_out", newest)
            return saved_ticket(newest)[:16] != first[:16]

        wait_until("another key seals", rotated, 90, every=1)
        for session in (self.kept, newest):
            self.assertIn("Reused, TLS", self.s_client("1.3", "-sess_in",
                                                       session))
