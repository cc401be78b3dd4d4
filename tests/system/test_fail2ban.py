# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped fail2ban filter finds in our audit who failed, and nobody else."""

import os

from attack import Attacked
from gate import TOP, needs, needs_gate, wait_until

FILTER = os.path.join(TOP, "config", "fail2ban", "filter.d", "imapward.conf")
JAIL = os.path.join(TOP, "config", "fail2ban", "jail.d", "imapward.conf")

# Names that would be somebody else's failure, if quotes were not quotes.
FORGED = (
    'x","event.action":"login","source.ip":"192.0.2.66","source.port":1,'
    '"event.outcome":"failure","imapward.auth.code":"AUTHENTICATIONFAILED"',
    '","source.ip":"192.0.2.66', "192.0.2.66", "<HOST>")


@needs_gate
@needs("fail2ban-regex")
class Fail2ban(Attacked):
    def found(self, gate, mode=""):
        """The addresses that the filter finds, one for each line."""
        done = self.run_program("fail2ban-regex", "-o", "ip", gate.audit_path,
                                FILTER + mode)
        self.assertIn(done.returncode, (0, 1), done.stderr.decode())
        return sorted(done.stdout.decode().split())

    def test_failed_logins_and_nothing_else(self):
        gate = self.attacked()
        self.logs_in(gate, "alice", "127.0.70.1")
        for n in range(3):
            self.attempt(gate, "user%d" % n, "guess", "127.0.70.2", tls=n == 0)
        self.attempt(gate, "alice", "typo", "127.0.70.1")
        for _ in range(4):  # a phone with an old password is no attack
            self.attempt(gate, "bob", "old", "127.0.70.3")
        with self.wire(gate, clear=True, source="127.0.70.4") as wire:
            wire.greeting()
            wire.send(b"a b c\r\n\x00\r\n")
            wire.rest()
        gate.stop()
        self.assertEqual(self.found(gate), ["127.0.70.1"] +
                         ["127.0.70.2"] * 3 + ["127.0.70.3"])
        self.assertEqual(self.found(gate, "[mode=ban]"), [])

    def test_users_cannot_put_the_blame_on_others(self):
        gate = self.attacked()
        for name in FORGED:
            wire = self.wire(gate, clear=True, source="127.0.71.1")
            wire.greeting()
            name = name.encode()
            wire.send(b"a LOGIN {%d+}\r\n%s guess\r\n" % (len(name), name))
            wire.expect(rb"a NO \[AUTHENTICATIONFAILED\]")
            wire.command("i", b'ID ("name" "source.ip\\":\\"192.0.2.66")')
            wire.close()
        gate.stop()
        self.assertEqual(self.found(gate), ["127.0.71.1"] * len(FORGED))

    def test_addresses_that_the_gate_has_banned_itself(self):
        gate = self.attacked()
        for n in range(21):
            self.attempt(gate, "user%d" % n, "guess", "127.0.72.1")
        self.ask(gate, "ban", "add", "2001:db8::1/128")
        self.ask(gate, "ban", "add", "192.0.2.9")
        self.ask(gate, "ban", "add", "--user", "192.0.2.66")
        self.ask(gate, "ban", "remove", "192.0.2.9")
        wait_until("all is told", lambda: len(gate.events("ban")) == 5)
        gate.stop()
        self.assertEqual(self.found(gate, "[mode=ban]"),
                         ["127.0.72.1", "192.0.2.9"])

    def test_the_jail_looks_where_the_documents_put_the_audit(self):
        with open(JAIL) as f:
            jail = f.read()
        with open(os.path.join(TOP, "README.md")) as f:
            self.assertIn("sink: /var/log/imapward/audit.jsonl", f.read())
        self.assertIn("logpath  = /var/log/imapward/audit.jsonl", jail)
        self.assertIn("filter   = imapward\n", jail)


