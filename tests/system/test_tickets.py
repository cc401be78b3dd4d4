# SPDX-License-Identifier: GPL-3.0-or-later
"""Session tickets: shared by gates, and for their time."""

import os
import subprocess
import time

from fake import Backend
from gate import IMAPWARD, Case, needs_gate

VERSIONS = ("1.2", "1.3")
OLD, NEW = ("%064x" % (0x1234567 ** n) for n in (8, 9))


@needs_gate
class Tickets(Case):
    def setUp(self):
        super().setUp()
        self.backend = self.keep(Backend())

    def gate_with(self, lines=None, **tls):
        """A gate whose file of secrets has these lines."""
        gate = self.make_gate(self.backend)
        if lines is not None:
            self.write_secrets(gate, lines)
            tls["ticket_secret"] = self.secret_path(gate)
        gate.change({"tls": tls})
        gate.start()
        return gate

    def secret_path(self, gate):
        return gate.config_path + ".secret"

    def write_secrets(self, gate, lines):
        with open(self.secret_path(gate), "w") as f:
            f.write("# made by a test\n" + "".join(
                line + "\n" for line in lines))
        os.chmod(self.secret_path(gate), 0o600)

    def visit(self, gate, version, *arguments):
        return self.run_program(
            "sh", "-c", "echo 'a LOGOUT' | openssl s_client -tls%s -crlf "
            "-ign_eof -CAfile %s -connect localhost:%d %s" % (
                version.replace(".", "_"), self.certs.ca, gate.port,
                " ".join(arguments))).stdout

    def ticket(self, gate, version):
        path = os.path.join(self.folder, "ticket-" + version)
        self.assertIn(b"a OK", self.visit(gate, version, "-sess_out", path))
        return path

    def resumes(self, gate, version, ticket):
        said = self.visit(gate, version, "-sess_in", ticket)
        self.assertIn(b"a OK", said)
        return b"Reused" in said

    def test_gates_that_share_secrets_share_tickets(self):
        first, second = self.gate_with([OLD]), self.gate_with([OLD])
        stranger, alone = self.gate_with([NEW]), self.gate_with()
        for version in VERSIONS:
            with self.subTest(version):
                ticket = self.ticket(first, version)
                self.assertTrue(self.resumes(first, version, ticket))
                self.assertTrue(self.resumes(second, version, ticket))
                self.assertFalse(self.resumes(stranger, version, ticket))
                self.assertFalse(self.resumes(alone, version, ticket))

    def test_a_secret_is_changed_without_losing_a_ticket(self):
        first, second = self.gate_with([OLD]), self.gate_with([OLD])
        for lines in ([OLD, NEW], [NEW, OLD]):
            tickets = [(v, self.ticket(second, v)) for v in VERSIONS]
            for gate in (first, second):
                self.write_secrets(gate, lines)
                self.assertEqual(gate.reload()["event.outcome"], "success")
                for other in (first, second):
                    for version, ticket in tickets:
                        self.assertTrue(self.resumes(other, version, ticket))
                tickets = [(v, self.ticket(gate, v)) for v in VERSIONS]
        for gate in (first, second):
            self.write_secrets(gate, [NEW])
            gate.reload()
        for version, ticket in tickets:
            self.assertTrue(self.resumes(first, version, ticket))

    def test_a_session_ends_with_its_lifetime(self):
        gate = self.gate_with(ticket_lifetime="2s")
        for version in VERSIONS:
            with self.subTest(version):
                ticket = self.ticket(gate, version)
                self.assertTrue(self.resumes(gate, version, ticket))
                time.sleep(3.1)
                self.assertFalse(self.resumes(gate, version, ticket))

    def test_a_reload_keeps_the_tickets_of_one_gate(self):
        gate = self.gate_with()
        for version in VERSIONS:
            with self.subTest(version):
                ticket = self.ticket(gate, version)
                gate.reload()
                self.assertTrue(self.resumes(gate, version, ticket))

    def test_a_bad_file_is_told_and_changes_nothing(self):
        gate = self.gate_with([OLD])
        ticket = self.ticket(gate, "1.3")
        for lines, said in (([], "no secret"), ([OLD[1:]], "line 2"),
                            ([OLD, OLD], "line 3"), (["g" * 64], "line 2")):
            self.write_secrets(gate, lines)
            done = subprocess.run([IMAPWARD, "config", "check",
                                   gate.config_path], capture_output=True,
                                  text=True, timeout=20)
            with self.subTest(lines):
                self.assertEqual(done.returncode, 2)
                self.assertIn(said, done.stderr)
                self.assertIn(self.secret_path(gate), done.stderr)
                self.assertNotIn(OLD[1:20], done.stderr)
                self.assertEqual(gate.reload()["event.outcome"], "failure")
                self.assertTrue(self.resumes(gate, "1.3", ticket))

    def test_no_secret_is_written_anywhere(self):
        gate = self.gate_with([OLD, NEW])
        self.write_secrets(gate, [OLD, OLD])
        gate.reload()
        printed = subprocess.run([IMAPWARD, "config", "print",
                                  gate.config_path], capture_output=True,
                                 text=True, timeout=20).stdout
        for text in (printed, gate.stderr(), gate.audit()):
            self.assertNotIn(OLD[:16], text)
            self.assertNotIn(NEW[:16], text)
