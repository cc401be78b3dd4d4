# SPDX-License-Identifier: GPL-3.0-or-later
"""However many clients come, however slow they are: bounded, and then well."""

import os
import socket
import time

from fake import Backend, Conversation
from gate import Case, accepts, needs_gate, seconds, wait_until
from processes import (descriptor_of, descriptors, memory,
                       processor_seconds)

MEGABYTE = 1 << 20
TCP_USER_TIMEOUT = 18


@needs_gate
class Connections(Case):
    def test_connections_per_address_are_limited(self):
        gate = self.start_gate(self.keep(Backend()),
                               {"limits": {"connections_per_address": 5}})
        far = {"source": "127.0.0.9"}  # not the address it comes to
        allowed = [self.logged_in(gate, **far) for _ in range(5)]
        with self.assertRaises((OSError, AssertionError)):
            self.logged_in(gate, **far)
        event = gate.event("limit")
        self.assertIn("connections_per_address", event["rule.name"])
        self.assertEqual(event["source.ip"], "127.0.0.9")
        for wire in allowed:
            wire.command("a", b"NOOP")
        allowed.pop().close()
        gate.event("connection")
        self.logged_in(gate, **far)

    def test_who_comes_from_our_own_address_is_spared(self):
        gate = self.start_gate(self.keep(Backend()),
                               {"limits": {"connections_per_address": 2}})
        inside = [self.logged_in(gate) for _ in range(5)]
        self.assertEqual(len(inside), 5)

    def test_another_address_is_not_concerned(self):
        gate = self.start_gate(self.keep(Backend()),
                               {"limits": {"connections_per_address": 2}})
        for _ in range(2):
            self.logged_in(gate, source="127.0.0.9")
        other = socket.create_connection(("127.0.0.1", gate.port), 10,
                                         source_address=("127.0.0.2", 0))
        self.addCleanup(other.close)
        with self.tls.wrap_socket(other, server_hostname="localhost") as tls:
            self.assertTrue(tls.recv(100).startswith(b"* OK"))

    def test_connections_in_total_are_limited(self):
        gate = self.start_gate(self.keep(Backend()),
                               {"limits": {"connections": 5}})
        allowed = [self.logged_in(gate) for _ in range(5)]
        with self.assertRaises((OSError, AssertionError)):
            self.logged_in(gate)
        self.assertIn("connections", gate.event("limit")["rule.name"])
        allowed.pop().close()
        gate.event("connection")
        self.logged_in(gate)

    def test_newcomers_are_served_beside_a_flood_of_idle_strangers(self):
        gate = self.start_gate(self.keep(Backend()),
                               {"limits": {"unauthenticated": 5}})
        kept = self.logged_in(gate)
        strangers = [self.wire(gate) for _ in range(5)]
        for wire in strangers:
            wire.greeting()
        self.logged_in(gate)  # the sixth: the oldest stranger gives way
        self.assertTrue(gate.event("limit")["rule.name"])
        self.assertRegex(strangers[0].rest(), rb"^(\* BYE[^\r]*\r\n)?$")
        kept.command("a", b"NOOP")
        _, verdict = strangers[4].command("a", b"NOOP")
        self.assertTrue(verdict.startswith(b"a OK"), verdict)

    def test_too_many_failed_logins_end_the_connection(self):
        gate = self.start_gate(self.keep(Backend()),
                               {"limits": {"login_attempts": 3}})
        wire = self.wire(gate)
        wire.greeting()
        for n in range(3):
            wire.send(b"a%d LOGIN alice wrong%d\r\n" % (n, n))
            wire.until(rb"a%d NO" % n)
        self.assertRegex(wire.rest(), rb"^\* BYE")
        self.assertEqual([e["imapward.auth.attempt"]
                          for e in gate.events("login")], [1, 2, 3])

    def test_too_many_commands_before_login_end_the_connection(self):
        gate = self.start_gate(self.keep(Backend()),
                               {"limits": {"gate_commands": 10}})
        wire = self.wire(gate)
        wire.greeting()
        wire.send(b"a NOOP\r\n" * 50)
        said = wire.rest()
        self.assertLessEqual(said.count(b"a OK"), 10)
        self.assertIn(b"* BYE", said)


@needs_gate
class Descriptors(Case):
    LIMIT = 100

    def open_until_stuck(self, gate):
        """Sockets that the gate accepted; stops when one gets no greeting."""
        served = []
        for _ in range(self.LIMIT * 2):
            sock = socket.create_connection(("127.0.0.1", gate.clear_port), 5)
            self.addCleanup(sock.close)
            sock.settimeout(1)
            try:
                if not sock.recv(10):
                    return served
            except OSError:
                return served
            served.append(sock)
        raise AssertionError("the limit was never reached")

    def test_without_descriptors_accepting_pauses_and_recovers(self):
        gate = self.make_gate(self.keep(Backend()))
        gate.start(prefix=["sh", "-c", "ulimit -n %d; exec \"$@\"" %
                           self.LIMIT, "sh"])
        early = self.logged_in(gate)
        served = self.open_until_stuck(gate)
        self.assertGreater(len(served), 10)

        # No busy loop while it cannot accept.
        relay = gate.relay()
        before = processor_seconds(relay)
        time.sleep(1.5)
        self.assertLess(processor_seconds(relay) - before, 0.5)

        # Those inside are not disturbed; connecting is not refused.
        _, verdict = early.command("a", b"NOOP")
        self.assertTrue(verdict.startswith(b"a OK"), verdict)
        self.assertTrue(accepts(gate.port))
        self.assertTrue(gate.event("limit")["rule.name"])

        for sock in served:
            sock.close()
        wait_until("a newcomer is served again", lambda: self.tried(gate), 10)

    def test_without_descriptors_a_reload_and_a_login_go_on(self):
        gate = self.make_gate(self.keep(Backend()))
        gate.start(prefix=["sh", "-c", "ulimit -n %d; exec \"$@\"" %
                           self.LIMIT, "sh"])
        early = self.wire(gate)
        early.greeting()
        served = self.open_until_stuck(gate)

        # What came before the clients has what it needs kept back.
        gate.change({"timeouts": {"auth_failure_delay": "200ms"}})
        self.assertEqual(gate.reload()["event.outcome"], "success")
        before = len(gate.events("connection"))
        served.pop().close()
        wait_until("the end of a connection is told",
                   lambda: len(gate.events("connection")) > before, 5)
        self.open_until_stuck(gate)

        # A client inside gets its backend although no other comes in.
        _, verdict = early.command("a", b"LOGIN alice correct-horse")
        self.assertTrue(verdict.startswith(b"a OK"), verdict)
        self.assertFalse(gate.events("backend", event_outcome="failure"))

    def tried(self, gate):
        try:
            self.logged_in(gate)
            return True
        except (OSError, AssertionError):
            return False


@needs_gate
class Deadlines(Case):
    """Slow clients: the deadline is for the whole step, not for each byte."""

    def start(self, **timeouts):
        return self.start_gate(self.keep(Backend()), {"timeouts": timeouts})

    def drips(self, sock, data, most):
        """Sends data byte by byte; how long the other side bore it."""
        begin = time.monotonic()
        try:
            while time.monotonic() - begin < most:
                for byte in data:
                    sock.sendall(bytes([byte]))
                    sock.settimeout(0.1)
                    try:
                        if sock.recv(1000) == b"":
                            return time.monotonic() - begin
                    except TimeoutError:
                        pass
        except OSError:
            return time.monotonic() - begin
        raise AssertionError("borne for %g s" % most)

    def between(self, took, least, most):
        self.assertGreater(took, least)
        self.assertLess(took, most)

    def test_a_handshake_in_drips_ends_at_its_deadline(self):
        gate = self.start(handshake="2s")
        sock = socket.create_connection(("127.0.0.1", gate.port), 10)
        self.addCleanup(sock.close)
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)
        self.between(self.drips(sock, hello, 8), 1.5, 5)
        self.assertRegex(gate.event("connection")["event.reason"],
                         "time|deadline")

    def test_no_byte_at_all_ends_at_the_handshake_deadline(self):
        gate = self.start(handshake="2s")
        sock = socket.create_connection(("127.0.0.1", gate.port), 10)
        self.addCleanup(sock.close)
        begin = time.monotonic()
        said = sock.makefile("rb").read()
        self.assertRegex(said, rb"\A\* BYE This port speaks TLS.*\r\n\Z")
        self.between(time.monotonic() - begin, 1.5, 5)

    def test_a_clear_phase_in_drips_ends_at_its_deadline(self):
        gate = self.start(clear="2s")
        sock = socket.create_connection(("127.0.0.1", gate.clear_port), 10)
        self.addCleanup(sock.close)
        self.between(self.drips(sock, b"a NOOP\r\n" * 100, 8), 1.5, 5)

    def test_a_gate_in_drips_ends_at_its_deadline(self):
        gate = self.start(gate_first="2s")
        wire = self.wire(gate)
        wire.greeting()
        self.between(self.drips(wire.sock, b"a LOGIN " + b"x" * 500, 8), 1.5,
                     5)

    def test_commands_do_not_lengthen_the_gate(self):
        gate = self.start(gate_first="2s", gate_total="3s")
        wire = self.wire(gate)
        wire.greeting()
        begin = time.monotonic()
        wire.send(b"a NOOP\r\n")
        wire.expect(rb"a OK")
        time.sleep(1)
        wire.send(b"b NOOP\r\n")
        wire.expect(rb"b OK")
        wire.expect(rb"\* BYE")
        self.between(time.monotonic() - begin, 2.5, 6)

    def test_a_bye_is_said_before_closing(self):
        gate = self.start(gate_first="1s", clear="1s")
        for clear in (False, True):
            wire = self.wire(gate, clear=clear)
            wire.greeting()
            wire.expect(rb"\* BYE")
            self.assertTrue(wire.ended())

    def test_a_silent_backend_ends_at_the_login_deadline(self):
        class Silent(Conversation):
            def verdict(self, tag, user, password):
                self.user = user
        gate = self.start_gate(self.keep(Backend(Silent)),
                               {"timeouts": {"login": "2s"}})
        wire = self.wire(gate)
        wire.greeting()
        begin = time.monotonic()
        _, verdict = wire.command("a", b"LOGIN alice correct-horse")
        self.assertTrue(verdict.startswith(b"a NO [UNAVAILABLE]"), verdict)
        self.between(time.monotonic() - begin, 1.5, 5)

    def test_a_backend_without_a_greeting_ends_at_its_deadline(self):
        class Mute(Conversation):
            def greet(self):
                pass
        gate = self.start_gate(self.keep(Backend(Mute)),
                               {"timeouts": {"greeting": "2s"}})
        wire = self.wire(gate)
        wire.greeting()
        _, verdict = wire.command("a", b"LOGIN alice correct-horse")
        self.assertTrue(verdict.startswith(b"a NO [UNAVAILABLE]"), verdict)

    def test_a_client_that_stops_reading_is_closed(self):
        class Flood(Conversation):
            def do_FETCH(self, tag, rest):
                for _ in range(2000):
                    self.send(b"* 1 FETCH (BODY[] {65536}\r\n" + b"x" * 65536 +
                              b")\r\n")
        gate = self.start_gate(self.keep(Backend(Flood)),
                               {"timeouts": {"write_stall": "2s"}})
        wire = self.logged_in(gate)
        wire.send(b"a FETCH 1 BODY[]\r\n")
        event = gate.event("connection", patience=15)
        self.assertTrue(event["event.reason"])

    def patience_of(self, gate, wire):
        """The kernel's, in seconds, with that client's connection."""
        for number in range(200):
            sock = descriptor_of(gate.relay(), number)
            try:
                if sock and sock.getpeername() == wire.sock.getsockname():
                    return sock.getsockopt(socket.IPPROTO_TCP,
                                           TCP_USER_TIMEOUT) / 1000
            except OSError:
                pass  # not a socket with a peer
            finally:
                if sock:
                    sock.close()
        raise AssertionError("the relay has no such connection")

    def test_the_kernel_is_more_patient_than_write_stall(self):
        gate = self.start(write_stall="10m")
        wire = self.logged_in(gate)
        self.assertGreater(self.patience_of(gate, wire), 600)
        gate.change({"timeouts": {"write_stall": "1h"}})
        self.assertEqual(gate.reload()["event.outcome"], "success")
        wire = self.logged_in(gate)
        self.assertGreater(self.patience_of(gate, wire), 3600)

    def test_half_a_command_and_a_fin_end_within_the_half_close_time(self):
        backend = self.keep(Backend())
        gate = self.start_gate(backend, {"timeouts": {"half_close": "2s"}})
        wire = self.logged_in(gate)
        wire.send(b"a DELETE imp")
        time.sleep(0.2)
        wire.half_close()
        session = backend.sessions()[0]
        self.assertTrue(session.ended.wait(8))
        self.assertFalse([c for c in session.commands if b"DELETE" in c])

    def test_answers_still_arrive_after_a_clients_fin(self):
        class Late(Conversation):
            def do_XLATE(self, tag, rest):
                time.sleep(1)
                self.ok(tag)
        gate = self.start_gate(self.keep(Backend(Late)))
        wire = self.logged_in(gate)
        wire.send(b"a XLATE\r\n")
        time.sleep(0.2)
        wire.half_close()
        wire.expect(rb"a OK")


@needs_gate
class Floods(Case):
    def test_ten_megabytes_of_garbage_are_closed_in_little_memory(self):
        gate = self.start_gate(self.keep(Backend()))
        relay = gate.relay()
        before = memory(relay)
        for _ in range(5):
            sock = socket.create_connection(("127.0.0.1", gate.port), 10)
            try:
                for _ in range(160):
                    sock.sendall(os.urandom(65536))
            except OSError:
                pass
            sock.close()
        self.assertLess(memory(relay) - before, 20 * MEGABYTE)
        self.logged_in(gate)

    @seconds(120)
    def test_many_logins_leak_neither_memory_nor_descriptors(self):
        gate = self.start_gate(self.keep(Backend()))
        relay = gate.relay()

        def round_of(count):
            for _ in range(count):
                wire = self.logged_in(gate)
                wire.send(b"a LOGOUT\r\n")
                wire.rest()
                wire.close()

        def gone(count):
            wait_until("all are gone",
                       lambda: len(gate.events("connection")) == count)

        round_of(100)
        gone(100)
        held, files = memory(relay), len(descriptors(relay))
        round_of(300)
        gone(400)
        self.assertLess(memory(relay) - held, 4 * MEGABYTE)
        wait_until("no descriptor is left over",
                   lambda: len(descriptors(relay)) <= files + 2, 5)

    def test_half_opened_handshakes_do_not_delay_others(self):
        gate = self.start_gate(self.keep(Backend()))
        early = self.logged_in(gate)
        for _ in range(100):
            sock = socket.create_connection(("127.0.0.1", gate.port), 10)
            sock.sendall(b"\x16\x03\x01\x02\x00\x01")
            self.addCleanup(sock.close)
        early.command("a", b"NOOP")
        self.logged_in(gate, source="127.0.0.2")
        self.logged_in(gate)  # when one of them has made room

    def test_clients_that_reset_do_no_harm(self):
        gate = self.start_gate(self.keep(Backend()))
        for _ in range(50):
            self.wire(gate).reset()
            self.wire(gate, clear=True).reset()
        wire = self.logged_in(gate)
        wire.reset()
        self.logged_in(gate)
        gate.signal(0)
