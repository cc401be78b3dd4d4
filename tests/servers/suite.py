# SPDX-License-Identifier: GPL-3.0-or-later
"""suite.py - the clients of tests/system, with another server behind the gate.

    class Cyrus(suite.Clients):
        server = cyrus.Cyrus

A test that a server cannot pass, gate or not, is replaced by lacks("why").
"""

import ssl
import unittest
from unittest import mock

import test_clients
import test_imaplib
from chroots import needs_chroots
from dovecot import MESSAGE, USER
from gate import DIRECT, Case
from recorder import Recorder


def lacks(reason):
    """In the place of a test."""
    @unittest.skip(reason)
    def test(self):
        pass
    return test


class Behind(Case):
    """The gate in front of self.server."""

    server = None

    def setUp(self):
        super().setUp()
        users = mock.patch.dict(test_imaplib.USERS, self.server.users,
                                clear=True)
        users.start()
        self.addCleanup(users.stop)

    def start_server(self, **change):
        folder = self.new_folder("server%d" % len(self.servers))
        server = self.keep(self.server(folder, **change)).start()
        return server

    def start_both(self, change=None, **more):
        server = self.start_server(**more)
        for number in (1, 2, 3):
            server.deliver(USER, MESSAGE.format(user=USER, number=number))
        if DIRECT:
            return self.start_recorder(server), server
        return self.start_gate(server, change), server

    def start_recorder(self, server):
        """Nothing but TLS in the place of the gate (GATE_DIRECT=1)."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.certs.chain(), self.certs.key())
        recorder = self.keep(Recorder(server.port, tls))
        recorder.clear_port = server.port
        return recorder


class Curl(Behind, test_clients.Curl):
    def uses(self, base, *always):
        """Lists, fetches, searches and uploads."""
        self.assertRegex(self.curl(base + "/", *always), rb' "?INBOX"?\r\n')
        message = self.curl(base + "/INBOX;MAILINDEX=2", *always)
        self.assertIn(b"body of sample message 2", message)
        found = self.curl(base + "/INBOX?SUBJECT%20%22message%203%22", *always)
        self.assertEqual(found.split(), [b"*", b"SEARCH", b"3"])
        draft = self.folder + "/draft"
        with open(draft, "w", newline="") as f:
            f.write("Subject: uploaded\r\n\r\nby curl\r\n")
        self.curl(base + "/INBOX", *always, "-T", draft)
        self.assertIn(b"by curl\r\n",
                      self.curl(base + "/INBOX;MAILINDEX=4", *always))


class Mbsync(Behind, test_clients.Mbsync):
    def discard_far(self, server, subject):
        server.discard(subject)


class Mutt(Behind, test_clients.Mutt):
    pass


class Login(Behind, test_imaplib.Login):
    pass


class Authenticate(Behind, test_imaplib.Authenticate):
    pass


class Mail(Behind, test_imaplib.Mail):
    def test_login_select_fetch_and_logout_in_one_write(self):
        gate, _ = self.start_both()
        wire = self.wire(gate)
        wire.greeting()
        wire.send(b"a LOGIN alice correct-horse\r\n"
                  b"b SELECT INBOX\r\n"
                  b"c FETCH 1:3 (UID BODY[])\r\n"
                  b"d LOGOUT\r\n")
        wire.until(rb"b OK")
        fetched, _ = wire.until(rb"c OK")  # and what became of the flags
        messages = [m for m in fetched if b"BODY[]" in m]
        self.assertEqual(len(messages), 3)
        self.assertIn(b"body of sample message 3", messages[2])
        wire.until(rb"\* BYE")
        wire.until(rb"d OK")
        self.assertTrue(wire.ended())


class Settings(Behind):
    """What an administrator must change on the old server, proven."""

    def log_in(self, gate, user=USER):
        """The tagged answer; the connection stays."""
        wire = self.wire(gate)
        wire.greeting()
        word = self.server.users[user]
        return wire.command("a", b'LOGIN %s "%s"' % (user.encode(),
                                                     word.encode()))[1]

    def refuses(self, code, reason, after=0, change=None, **setting):
        """After some sessions, at the latest, a login gets this code; the
        event tells this reason."""
        gate = self.start_gate(self.start_server(**setting), change)
        for _ in range(after + 1):
            answer = self.log_in(gate)
            if not answer.startswith(b"a OK"):
                break
        self.assertRegex(answer, br"^a NO \[%s\]" % code)
        event = gate.event("login", event_outcome="failure")
        self.assertRegex(event["event.reason"], reason)

    def allows(self, sessions, **setting):
        gate = self.start_gate(self.start_server(**setting))
        for _ in range(sessions):
            self.assertRegex(self.log_in(gate), b"^a OK")


KINDS = [Curl, Mbsync, Mutt, Login, Authenticate, Mail]


def clients(server, module, **instead):
    """One class of tests a kind of client, as members of the module."""
    for kind in KINDS:
        own = {name: test for name, test in instead.items()
               if hasattr(kind, name)}
        case = type(kind.__name__, (kind,), dict(
            own, server=server, __module__=module["__name__"]))
        module[kind.__name__] = needs_chroots(case)
