# SPDX-License-Identifier: GPL-3.0-or-later
"""Peers that are slow, deaf, or half gone, in every state of a session."""

import re
import socket
import ssl
import time

from fake import Backend, Conversation
from gate import merge, seconds
from load import FULL, MEGABYTE, UNLIMITED, mb, memory, wait_until
from test_faults import FaultCase, Serving, at_once

PAUSE = 1.0 if FULL else 0.4
SHORT = {"handshake": "3s", "clear": "3s", "gate_first": "3s",
         "gate_total": "5s", "login": "3s", "greeting": "3s", "connect": "3s",
         "half_close": "2s"}
ENDS_BEFORE = 12  # seconds; the longest of these deadlines, and a slow machine


def client_hello():
    """A whole and valid one."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    talk = ssl.create_default_context().wrap_bio(incoming, outgoing,
                                                 server_hostname="localhost")
    try:
        talk.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def drip(send, data):
    for byte in data:
        time.sleep(PAUSE)
        send(bytes([byte]))


class Slow(Serving):
    """What it does is in the name of the user, or of the command."""

    def verdict(self, tag, user, password):
        if user == b"silent":
            self.user = user
        elif user == b"drip-verdict":
            drip(self.send, tag + b" OK Logged in, but how slowly\r\n")
        else:
            super().verdict(tag, user, password)

    def do_XDRIP(self, tag, rest):
        drip(self.send, b"* OK [ALERT] slowly\r\n")
        self.ok(tag)

    def do_XLINE(self, tag, rest):
        self.send(b"* OK half a li")
        self.wait()

    def do_XLITERAL(self, tag, rest):
        self.send(b"* 1 FETCH (BODY[] {100}\r\nhalf")
        self.wait()

    def wait(self):
        self.read_exactly(1)


class SlowCase(FaultCase):
    def start_slow(self, kind=Slow, **timeouts):
        self.backend = self.keep(Backend(kind))
        return self.start_gate(self.backend,
                               {"timeouts": dict(SHORT, **timeouts)})

    # The ways into each state: a socket-like thing in that state, and what it
    # may say there.

    def in_clear(self, gate):
        wire = self.wire(gate, clear=True)
        wire.greeting()
        return wire

    def in_handshake(self, gate):
        wire = self.in_clear(gate)
        wire.send(b"a STARTTLS\r\n")
        wire.expect(rb"a OK")
        return wire

    def at_the_gate(self, gate):
        wire = self.wire(gate)
        wire.greeting()
        return wire

    def in_sasl(self, gate):
        wire = self.at_the_gate(gate)
        wire.send(b"a AUTHENTICATE PLAIN\r\n")
        wire.expect(rb"\+ ")
        return wire

    def in_sasl_login(self, gate):
        wire = self.at_the_gate(gate)
        wire.send(b"a AUTHENTICATE LOGIN\r\n")
        wire.expect(rb"\+ ")
        wire.send(b"YWxpY2U=\r\n")
        wire.expect(rb"\+ ")
        return wire

    def in_literal(self, gate):
        wire = self.at_the_gate(gate)
        wire.send(b"a LOGIN {20}\r\n")
        wire.expect(rb"\+ ")
        return wire

    def before_the_verdict(self, gate):
        wire = self.at_the_gate(gate)
        wire.send(b"a LOGIN silent x\r\n")
        wait_until("the backend has the password", lambda: b"silent" in [
            c.user for c in self.backend.sessions()])
        return wire

    def relayed(self, gate):
        return self.logged_in(gate)

    def in_idle(self, gate):
        wire = self.logged_in(gate)
        wire.send(b"i IDLE\r\n")
        wire.expect(rb"\+ ")
        return wire

    def in_command(self, gate):
        wire = self.logged_in(gate)
        wire.send(b"c NOO")
        return wire

    def in_append(self, gate):
        wire = self.logged_in(gate)
        wire.send(b"c APPEND INBOX {50}\r\n")
        wire.expect(rb"\+ ")
        wire.send(b"half")
        return wire

    def in_response(self, gate):
        wire = self.logged_in(gate)
        wire.send(b"c XLITERAL\r\n")
        time.sleep(0.3)
        return wire


class OneByteASecond(SlowCase):
    @seconds(120)
    def test_before_login_each_state_ends_by_its_deadline(self):
        gate = self.start_slow()
        hello = client_hello()
        plain = b"AGFsaWNlAGNvcnJlY3QtaG9yc2U=\r\n"
        states = [
            (self.in_clear, b"a NOOP\r\n" * 50),
            (self.in_handshake, hello),
            (self.at_the_gate, b"a LOGIN alice correct-horse-and-more\r\n"),
            (self.in_sasl, plain * 5),
            (self.in_sasl_login, b"A" * 100),
            (self.in_literal, b"alice" * 10),
            (self.before_the_verdict, b"b SELECT INBOX\r\n" * 10),
        ]

        def drips(n):
            enter, data = states[n]
            wire = enter(gate)
            end = time.monotonic() + ENDS_BEFORE
            wire.patience(PAUSE)
            while time.monotonic() < end:
                try:
                    wire.send(data[:1])
                    data = data[1:] or b"x"
                    if not wire.sock.recv(1000):
                        return enter.__name__, "ended"
                    time.sleep(PAUSE)
                except TimeoutError:
                    pass
                except OSError:
                    return enter.__name__, "ended"
            return enter.__name__, "lives"

        for name, outcome in at_once(len(states), drips):
            with self.subTest(state=name):
                self.assertEqual(outcome, "ended")
        wait_until("each is told", lambda: len(
            gate.events("connection", event_reason="timed out")) ==
            len(states))

    @seconds(120)
    def test_a_hello_in_drips_ends_by_its_deadline(self):
        gate = self.start_slow()
        sock = socket.create_connection(("127.0.0.1", gate.port), 5)
        self.addCleanup(sock.close)
        with self.assertRaises(OSError):
            drip(sock.sendall, client_hello()[:int(ENDS_BEFORE / PAUSE)])
        self.assertEqual(len(gate.events("tls", event_outcome="failure")), 1)

    @seconds(120)
    def test_a_slow_backend_is_given_up_by_the_deadline(self):
        class SlowGreeting(Slow):
            def greet(self):
                drip(self.send, b"* OK a greeting that takes its time\r\n")
        for kind, user in ((SlowGreeting, b"alice"), (Slow, b"drip-verdict")):
            with self.subTest(kind=kind.__name__):
                gate = self.start_slow(kind)
                wire = self.at_the_gate(gate)
                _, verdict = wire.command("a", b"LOGIN %s x" % user)
                self.assertRegex(verdict, rb"a NO \[UNAVAILABLE\]")

    @seconds(120)
    def test_after_login_all_go_on_living(self):
        gate = self.start_slow(write_stall="2s")

        def command(wire):
            drip(wire.send, b"s NOOP aaaaaaaaaaaa\r\n")
            wire.expect(rb"s OK")

        def idle(wire):
            wire.send(b"i IDLE\r\n")
            wire.expect(rb"\+ ")
            time.sleep(8)
            drip(wire.send, b"DONE\r\n")
            wire.expect(rb"i OK")

        def literal(wire):
            wire.send(b"a APPEND INBOX {15}\r\n")
            wire.expect(rb"\+ ")
            drip(wire.send, b"fifteen letters\r\n")
            wire.expect(rb"a OK")

        def answer(wire):
            wire.send(b"x XDRIP\r\n")
            wire.expect(rb"\* OK \[ALERT\] slowly")
            wire.expect(rb"x OK")

        ways = [command, idle, literal, answer]

        def lives(n):
            wire = self.logged_in(gate)
            wire.patience(60)
            ways[n](wire)
            wire.command("z", b"LOGOUT")
            return True

        self.assertEqual(at_once(len(ways), lives), [True] * len(ways))


class Flood(Serving):
    """FETCH 2 has no end to speak of; after DEAF it reads no more."""

    def do_FETCH(self, tag, rest):
        if rest.startswith(b"1"):
            return super().do_FETCH(tag, rest)
        for _ in range(2000):
            self.send(b"* 2 FETCH (BODY[] {65536}\r\n" + b"x" * 65536 +
                      b")\r\n")

    def do_DEAF(self, tag, rest):
        self.send(b"* OK no more\r\n")
        while not self.ended.wait(0.1):
            pass


class ZeroWindow(SlowCase):
    COUNT = 20

    def deaf(self, gate):
        """Reads nothing once it has asked for more than fits anywhere."""
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        # Of loopback's own size, segments would wait for the window to grow.
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        raw.settimeout(10)
        raw.connect(("127.0.0.1", gate.port))
        self.addCleanup(raw.close)
        tls = self.tls.wrap_socket(raw, server_hostname="localhost")
        self.addCleanup(tls.close)
        tls.recv(1000)
        tls.sendall(b"l LOGIN alice correct-horse\r\n")
        self.assertRegex(tls.recv(10000), rb"l OK")
        tls.sendall(b"f FETCH 2 (BODY[])\r\n")
        return tls

    @seconds(90)
    def test_who_never_reads_is_closed_and_memory_stays_bounded(self):
        self.backend = self.keep(Backend(Flood))
        gate = self.start_gate(self.backend,
                               {"timeouts": {"write_stall": "3s"}})
        held = memory(gate.relay())
        deaf = [self.deaf(gate) for _ in range(self.COUNT)]
        live = self.all_well(gate, length=2)
        grown = memory(gate.relay()) - held
        self.say("zero window", clients=self.COUNT, memory_grown=mb(grown),
                 sessions_beside=live["done"])
        self.assertLess(grown, 2 * self.COUNT * MEGABYTE)  # TSan's are big
        wait_until("all are closed", lambda: len(gate.events(
            "connection", event_reason="the peer stopped taking bytes")) ==
            self.COUNT, 20)
        for sock in deaf:
            sock.close()

    @seconds(90)
    def test_a_slow_reader_that_does_read_is_not_closed(self):
        self.backend = self.keep(Backend(Flood))
        gate = self.start_gate(self.backend,
                               {"timeouts": {"write_stall": "3s"}})
        tls = self.deaf(gate)
        begin = time.monotonic()
        while time.monotonic() - begin < 12:  # 20 KB each second
            time.sleep(0.1)
            self.assertTrue(tls.recv(2048), "closed after %.1f s" %
                            (time.monotonic() - begin))
        self.assertFalse(gate.events("connection"), "closed: its buffers "
                         "in the gate did not empty, but it took bytes")

    @seconds(90)
    def test_a_backend_that_never_reads_is_given_up(self):
        self.backend = self.keep(Backend(Flood))
        gate = self.start_gate(self.backend,
                               {"timeouts": {"write_stall": "3s"}})
        held = memory(gate.relay())
        wire = self.logged_in(gate)
        wire.send(b"d DEAF\r\n")
        wire.expect(rb"\* OK no more")
        # A line without an end: a literal would wait for its "+".
        wire.send(b"a SEARCH TEXT ")
        with self.assertRaises(OSError):
            for _ in range(1500):
                wire.send(b"x" * 65536)
        self.assertLess(memory(gate.relay()) - held, 4 * MEGABYTE)
        self.assertEqual(gate.event("connection")["event.reason"],
                         "the peer stopped taking bytes")

    def test_who_does_not_read_before_login_is_closed(self):
        gate = self.start_slow(write_stall="2s")
        wire = self.at_the_gate(gate)
        try:
            for _ in range(2000):
                wire.send(b"a NOOP\r\n" * 1000)
        except OSError:
            pass
        gate.event("connection")


class HalfClose(SlowCase):
    @seconds(90)
    def test_a_clients_fin_ends_every_state(self):
        gate = self.start_slow()
        files = self.files(gate)
        states = [self.in_clear, self.in_handshake, self.at_the_gate,
                  self.in_sasl, self.in_sasl_login, self.in_literal,
                  self.before_the_verdict, self.relayed, self.in_idle,
                  self.in_command, self.in_append, self.in_response]

        def ends(n):
            wire = states[n](gate)
            wire.half_close()
            wire.patience(ENDS_BEFORE)
            try:
                wire.rest()
            except TimeoutError:
                return states[n].__name__ + " goes on"
            return "ended"

        self.assertEqual(at_once(len(states), ends), ["ended"] * len(states))
        self.settled(gate, files)
        wait_until("each is told",
                   lambda: len(gate.events("connection")) == len(states))
        self.assertFalse([c for c in self.backend.conversations
                          if not c.ended.wait(5)], "the backend's sockets")
        self.assertFalse([c for c in self.backend.conversations
                          if b"c NOO\r\n" in c.received])

    @seconds(90)
    def test_a_clients_close_notify_ends_every_state(self):
        gate = self.start_slow()
        files = self.files(gate)
        states = [self.at_the_gate, self.in_sasl, self.in_sasl_login,
                  self.in_literal, self.before_the_verdict, self.relayed,
                  self.in_idle, self.in_command, self.in_append,
                  self.in_response]

        def ends(n):
            wire = states[n](gate)
            wire.patience(ENDS_BEFORE)
            try:
                wire.sock.unwrap()  # half the session: more answers may come
            except (OSError, ValueError):
                pass
            return states[n].__name__

        at_once(len(states), ends)
        wait_until("each is told",
                   lambda: len(gate.events("connection")) == len(states))
        self.settled(gate, files)

    @seconds(90)
    def test_a_backends_fin_ends_every_state(self):
        def finish(conversation):
            conversation.sock.shutdown(socket.SHUT_WR)
            while conversation._read():
                pass

        class InGreeting(Slow):
            def greet(self):
                self.send(b"* OK half a gree")
                finish(self)

        class AfterGreeting(Slow):
            def greet(self):
                super().greet()
                finish(self)

        class InVerdict(Slow):
            def verdict(self, tag, user, password):
                self.send(tag + b" O")
                finish(self)

        class AfterLogin(Slow):
            def verdict(self, tag, user, password):
                super().verdict(tag, user, password)
                finish(self)

        class InLine(Slow):
            def do_NOOP(self, tag, rest):
                self.send(b"* OK half a li")
                finish(self)

        class InLiteral(Slow):
            def do_NOOP(self, tag, rest):
                self.send(b"* 1 FETCH (BODY[] {100}\r\nhalf")
                finish(self)

        for kind, heard in (
                (InGreeting, rb"a NO \[UNAVAILABLE\]"),
                (AfterGreeting, rb"a NO \[UNAVAILABLE\]"),
                (InVerdict, rb"a NO \[UNAVAILABLE\]"),
                (AfterLogin, rb"a OK [^\r]*\r\n\* BYE \[UNAVAILABLE\]"),
                (InLine, rb"a OK [^\r]*\r\n\* OK half a li\Z"),
                (InLiteral, rb"a OK [^\r]*\r\n[^\r]*\{100\}\r\nhalf\Z")):
            with self.subTest(kind=kind.__name__):
                gate = self.start_slow(kind)
                files = self.files(gate)
                wire = self.at_the_gate(gate)
                wire.send(b"a LOGIN alice correct-horse\r\nb NOOP\r\n")
                if heard.startswith(rb"a NO"):
                    self.assertRegex(wire.line(), heard)
                    wire.close()
                else:
                    said = re.sub(rb"\A(\* [^\r]*\r\n)*", b"", wire.rest())
                    self.assertRegex(said, heard)
                self.settled(gate, files + 1)
                gate.event("connection")
                gate.stop()


class Stalled(SlowCase):
    def test_200_stalled_handshakes_beside_live_sessions(self):
        gate = self.start_gate(self.start_fast_backend(), merge(
            UNLIMITED, {"timeouts": {"handshake": "5m"}}))
        early = self.logged_in(gate)
        stalled = []
        for n in range(200):
            sock = socket.create_connection(("127.0.0.1", gate.port), 10)
            self.addCleanup(sock.close)
            sock.sendall(client_hello()[:n * 2])
            stalled.append(sock)
        self.all_well(gate, count=20, length=3)
        _, verdict = early.command("n", b"NOOP")
        self.assertTrue(verdict.startswith(b"n OK"))
        # And they still stand there.
        for sock in stalled:
            sock.setblocking(False)
            with self.assertRaises(BlockingIOError):
                sock.recv(1)

    def test_200_clients_stalled_behind_their_hello(self):
        """The dearer kind: we have signed, and they do not go on."""
        gate = self.start_gate(self.start_fast_backend(), merge(
            UNLIMITED, {"timeouts": {"handshake": "8s"}}))
        stalled = []
        for _ in range(200):
            sock = socket.create_connection(("127.0.0.1", gate.port), 10)
            self.addCleanup(sock.close)
            sock.sendall(client_hello())
            stalled.append(sock)
        for sock in stalled:
            self.assertTrue(sock.recv(100))
        self.all_well(gate, count=20, length=3)
        wait_until("they end by their deadline", lambda: len(
            gate.events("tls", event_outcome="failure")) +
            sum(e["imapward.count"] for e in gate.events("flood")) == 200,
            30, 0.5)
