# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the audit may go, and what happens when that takes nothing."""

import fcntl
import json
import os
import re
import signal
import socket
import time

import told
from fake import Backend
from gate import Case, needs_gate, seconds, wait_until
from processes import can_mount
from test_audit_chain import ChainCase

RFC5424 = re.compile(r"<(\d+)>1 (20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) "
                     r"(\S+) imapward (\d+) (\S+) - (\{.*\})\Z")
AUTHPRIV = 10


class Daemon:
    """A log daemon: what comes to a datagram socket at that path."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.setblocking(False)
        self.heard = []

    def listen(self):
        while True:
            try:
                self.heard.append(self.socket.recv(65536).decode())
            except BlockingIOError:
                return self.heard

    def stop(self):
        self.socket.close()

    def explain(self):
        return "\n".join(self.heard)


class SinkCase(ChainCase):
    def daemon(self):
        return self.keep(Daemon(os.path.join(self.folder, "log.sock")))


def fields_of(message):
    return dict(line.split("=", 1) for line in message.splitlines())


@needs_gate
class Sockets(SinkCase):
    def heard(self, daemon, word):
        """The first message with that word in it."""
        return wait_until("a message with " + word, lambda: [
            m for m in daemon.listen() if word in m])[0]

    def test_a_syslog_daemon_gets_rfc_5424(self):
        daemon = self.daemon()
        gate = self.start_gate(self.keep(Backend()), {
            "audit": {"sink": "syslog:" + daemon.path}})
        self.logged_in(gate).close()
        message = self.heard(daemon, '"login"')
        priority, when, host, pid, action, line = \
            RFC5424.match(message).groups()
        event = json.loads(line)
        self.assertEqual(divmod(int(priority), 8), (AUTHPRIV, 6))
        self.assertEqual((host, int(pid), action),
                         (socket.gethostname(), gate.pid, "login"))
        self.assertEqual(when, event["@timestamp"])
        self.assertEqual(event["user.name"], self.user)
        wire = self.wire(gate)
        wire.greeting()
        wire.command("a", b"LOGIN alice wrong")
        failure = RFC5424.match(self.heard(daemon, '"failure"'))
        self.assertEqual(int(failure.group(1)) % 8, 5)

    def test_journald_gets_fields(self):
        daemon = self.daemon()
        gate = self.start_gate(self.keep(Backend()), {
            "audit": {"sink": "journald:" + daemon.path}})
        self.logged_in(gate).close()
        fields = fields_of(self.heard(daemon, "IMAPWARD_EVENT=login"))
        event = json.loads(fields["MESSAGE"])
        self.assertEqual(event["event.action"], "login")
        for name, value in (("PRIORITY", "6"), ("SYSLOG_FACILITY", "10"),
                            ("SYSLOG_IDENTIFIER", "imapward"),
                            ("USER_NAME", "alice"),
                            ("SOURCE_IP", "127.0.0.1"),
                            ("EVENT_OUTCOME", "success"),
                            ("IMAPWARD_SESSION", event["imapward.session"])):
            self.assertEqual(fields[name], value)

    def test_hostile_names_are_one_line_and_one_field(self):
        daemon = self.daemon()
        gate = self.start_gate(self.keep(Backend()), {
            "audit": {"sink": "journald:" + daemon.path}})
        wire = self.wire(gate)
        wire.greeting()
        name = b'x"\\,"event.action":"start","\xc2\x85\xff_PID=1'
        wire.send(b"a LOGIN {%d+}\r\n%s wrong\r\n" % (len(name), name))
        wire.line()
        message = self.heard(daemon, "IMAPWARD_EVENT=login")
        for line in message.splitlines():
            self.assertRegex(line, r"^[A-Z][A-Z0-9_]*=")
        self.assertNotIn("\n_PID", message)
        self.assertEqual(json.loads(fields_of(message)["MESSAGE"])
                         ["event.action"], "login")

    def test_what_a_daemon_wrote_down_can_be_verified(self):
        self.begin_chain()
        daemon = self.daemon()
        gate = self.start_gate(self.keep(Backend()), {
            "audit": {"sink": "journald:" + daemon.path,
                      "chain": self.state, "anchors": self.anchors}})
        self.logged_in(gate).close()
        gate.stop()
        path = os.path.join(self.folder, "journal")
        with open(path, "w") as f:  # journalctl -o cat
            f.writelines(fields_of(m)["MESSAGE"] + "\n"
                         for m in daemon.listen())
        found, last = self.findings(path)
        self.assertEqual((found, last["intact"]), ([], True))

    def test_anchors_go_to_a_daemon_every_ten_seconds(self):
        self.begin_chain()
        daemon = self.daemon()
        gate = self.start_gate(self.keep(Backend()), {
            "audit": {"chain": self.state,
                      "anchors": "syslog:" + daemon.path}})
        self.some_sessions(gate, 2)
        wait_until("an anchor", lambda: daemon.listen(), 15)
        first = json.loads(RFC5424.match(daemon.heard[0]).group(6))
        self.assertEqual(first["event.action"], "anchor")
        self.assertEqual(first["event.sequence"], len(gate.events()))
        gate.stop()
        self.assertEqual(len(daemon.listen()), 2)  # the end is proven, too
        with open(self.anchors, "w") as f:
            f.writelines(m + "\n" for m in daemon.heard)
        found, last = self.findings(gate.audit_path)
        self.assertEqual((found, last["anchors"]), ([], 2))
        self.assertEqual(last["anchored"], last["last"])
        told.leave(self.id(), "".join(m[m.index("{"):] + "\n"
                                      for m in daemon.heard))

    def test_a_daemon_that_comes_late_gets_all(self):
        path = os.path.join(self.folder, "log.sock")
        gate = self.start_gate(self.keep(Backend()), {
            "audit": {"sink": "syslog:" + path}})
        self.logged_in(gate).close()
        wait_until("a complaint", lambda: "cannot be written: No such file "
                   "or directory; events wait" in gate.stderr())
        daemon = self.daemon()
        for word in ('"start"', '"login"', '"connection"'):
            self.heard(daemon, word)


class StuckCase(SinkCase):
    """An audit that can be held up, with little room for what waits."""

    def pipe(self):
        """A pipe of 4 KiB; the end from which nobody reads yet."""
        path = os.path.join(self.folder, "pipe")
        os.mkfifo(path)
        end = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, end)
        fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, 4096)
        return path, end

    def start_stuck(self, full, more=None):
        path, end = self.pipe()
        self.backend = self.keep(Backend())
        gate = self.make_gate(self.backend, {"audit": {
            "sink": "stdout", "full": full, "queue": "64KiB", **(more or {})}})
        gate.start(prefix=["sh", "-c", 'exec "$@" >' + path, "sh"])
        return gate, end

    def login(self, gate):
        """True, or that it was refused as unavailable; anything else fails."""
        wire = self.wire(gate)
        wire.greeting()
        begin = time.monotonic()
        _, verdict = wire.command("a", b"LOGIN alice correct-horse")
        self.assertLess(time.monotonic() - begin, 3)
        wire.close()
        if verdict.startswith(b"a NO [UNAVAILABLE]"):
            return False
        self.assertTrue(verdict.startswith(b"a OK"), verdict)
        return True

    def asked(self):
        """How many logins the backend was asked for."""
        return self.backend.received().count(b" AUTHENTICATE ") + \
            self.backend.received().count(b" LOGIN ")

    def drain(self, end, text=b""):
        """All that is in the pipe now."""
        while True:
            try:
                text += os.read(end, 65536)
            except BlockingIOError:
                return text

    def events_in(self, text, action):
        """In the whole lines of it."""
        found = [json.loads(line)
                 for line in text.rpartition(b"\n")[0].splitlines()]
        return [e for e in found if e["event.action"] == action]


@needs_gate
class Stuck(StuckCase):
    @seconds(90)
    def test_block_refuses_logins_until_the_audit_is_read(self):
        gate, end = self.start_stuck("block")
        accepted = 0
        while accepted < 500 and self.login(gate):
            accepted += 1
        self.assertGreater(accepted, 5)
        self.assertLess(accepted, 500)
        asked = self.asked()
        for _ in range(100):
            self.assertFalse(self.login(gate))
        # Not one of them reached the backend.
        self.assertEqual(self.asked(), asked)
        self.assertIn("events wait, and new logins are refused",
                      gate.stderr())
        text = b""

        def works_again():
            nonlocal text
            text = self.drain(end, text)
            return self.login(gate)

        wait_until("logins work again", works_again, every=0.2)
        accepted += 1

        def good():
            nonlocal text
            text = self.drain(end, text)
            return len([e for e in self.events_in(text, "login")
                        if e["event.outcome"] == "success"])

        # None of them is untold.
        wait_until("all logins", lambda: good() >= accepted)
        self.assertEqual(good(), accepted)
        wait_until("the end of it", lambda: good() and text.endswith(b"\n"))
        refused = [e for e in self.events_in(text, "login")
                   if e.get("event.reason") == "the audit cannot be written"]
        self.assertTrue(refused)
        self.assertNotIn("destination.port", refused[0])

    @seconds(90)
    def test_drop_counts_what_is_lost_and_refuses_nobody(self):
        gate, end = self.start_stuck("drop")
        for _ in range(150):
            self.assertTrue(self.login(gate))
        self.assertIn("events are being lost", gate.stderr())
        text = b""

        def dropped():
            nonlocal text
            text = self.drain(end, text)
            return self.events_in(text, "dropped")

        def told_of():
            nonlocal text
            text = self.drain(end, text)
            lost = sum(e["imapward.count"]
                       for e in self.events_in(text, "dropped"))
            there = sum(len(self.events_in(text, action))
                        for action in ("tls", "login", "connection"))
            return there + lost

        wait_until("their number", dropped)
        self.login(gate)
        wait_until("all of them", lambda: told_of() >= 3 * 151)
        time.sleep(1)
        self.assertEqual(told_of(), 3 * 151)
        told.leave(self.id(), text.decode())

    @seconds(90)
    def test_a_chain_through_a_pipe_that_was_stuck_is_whole(self):
        self.begin_chain()
        gate, end = self.start_stuck("drop", {"chain": self.state,
                                              "anchors": self.anchors})
        for _ in range(100):
            self.assertTrue(self.login(gate))
        text = b""
        for _ in range(50):
            text = self.drain(end, text)
            time.sleep(0.05)
        gate.stop()
        path = os.path.join(self.folder, "piped")
        with open(path, "wb") as f:
            f.write(self.drain(end, text))
        found, last = self.findings(path)
        self.assertEqual((found, last["intact"]), ([], True))
        self.assertTrue(self.events_in(open(path, "rb").read(), "dropped"))

    def test_one_that_never_reads_does_not_keep_the_gate_from_stopping(self):
        gate, _ = self.start_stuck("block")
        while self.login(gate):
            pass
        begin = time.monotonic()
        gate.stop()
        self.assertLess(time.monotonic() - begin, 10)
        self.assertIn("its last events are lost", gate.stderr())

    def test_the_setting_may_change_while_it_is_stuck(self):
        gate, end = self.start_stuck("block")
        while self.login(gate):
            pass
        gate.change({"audit": {"full": "drop"}})
        os.kill(gate.pid, 1)
        wait_until("nobody is refused any more", lambda: self.login(gate))
        gate.change({"audit": {"full": "block"}})
        os.kill(gate.pid, 1)
        wait_until("until it is asked for", lambda: not self.login(gate))
        wait_until("it is read", lambda: self.drain(end) is None or
                   self.login(gate))


@needs_gate
class HeldUp(StuckCase):
    @seconds(90)
    def test_a_keeper_that_hangs_in_a_write_holds_up_logins_only(self):
        """As on a disk that does not answer."""
        self.backend = self.keep(Backend())
        gate = self.start_gate(self.backend, {"audit": {
            "full": "block", "queue": "64KiB"}})
        inside = self.logged_in(gate)
        gate.signal(signal.SIGSTOP)
        self.addCleanup(gate.signal, signal.SIGCONT)
        accepted = 1
        while accepted < 500 and self.login(gate):
            accepted += 1
        self.assertLess(accepted, 500)
        self.assertFalse(self.login(gate))
        _, verdict = inside.command("x", b"NOOP")  # who is in stays in
        self.assertTrue(verdict.startswith(b"x OK"), verdict)
        gate.signal(signal.SIGCONT)
        wait_until("logins work again", lambda: self.login(gate))
        accepted += 1
        wait_until("all are told", lambda: len(gate.events(
            "login", event_outcome="success")) == accepted)


@needs_gate
class FullDisk(StuckCase):
    """A file system of 128 KiB, seen by the daemon alone."""

    def start_small(self, full):
        if not can_mount():
            self.skipTest("cannot mount here")
        small = self.new_folder("small")
        self.backend = self.keep(Backend())
        gate = self.make_gate(self.backend, {"audit": {
            "sink": small + "/audit.jsonl", "full": full, "queue": "64KiB"}})
        gate.start(prefix=["unshare", "-m", "sh", "-c",
                           "mount -t tmpfs -o size=128k none %s && "
                           "exec \"$@\"" % small, "sh"])
        self.inside = "/proc/%d/root%s" % (gate.pid, small)
        gate.audit_path = self.inside + "/audit.jsonl"
        return gate

    def fill(self):
        path = os.path.join(self.inside, "ballast")
        with open(path, "wb", buffering=0) as f:
            try:
                while True:
                    f.write(bytes(4096))
            except OSError:
                return path

    @seconds(90)
    def test_block_refuses_logins_until_there_is_room(self):
        gate = self.start_small("block")
        self.assertTrue(self.login(gate))
        ballast = self.fill()
        accepted = 1
        while accepted < 500 and self.login(gate):
            accepted += 1
        self.assertLess(accepted, 500)
        asked = self.asked()
        self.assertFalse(self.login(gate))
        self.assertEqual(self.asked(), asked)
        os.unlink(ballast)
        wait_until("logins work again", lambda: self.login(gate))
        accepted += 1
        wait_until("all are told", lambda: len(gate.events(
            "login", event_outcome="success")) == accepted)

    @seconds(90)
    def test_drop_goes_on_and_counts(self):
        gate = self.start_small("drop")
        ballast = self.fill()
        for _ in range(120):
            self.assertTrue(self.login(gate))
        self.assertIn("No space left on device; events are being lost",
                      gate.stderr())
        os.unlink(ballast)
        wait_until("their number is told", lambda: gate.events("dropped"))
