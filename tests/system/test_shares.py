# SPDX-License-Identifier: GPL-3.0-or-later
"""What one user, or one session, may have of the gate after login."""

import threading
import time

from dovecot import PASSWORD, USER
from fake import Backend, Conversation
from gate import Case, needs_gate, seconds, wait_until

MEGABYTE = 1 << 20
MAIL = bytes(range(1, 10)) + b"\r\n"


class Large(Conversation):
    """A mailbox with one message of 6 MB."""

    text = (MAIL * (6 * MEGABYTE // len(MAIL) + 1))[:6 * MEGABYTE]

    def do_FETCH(self, tag, rest):
        self.send(b"* 1 FETCH (BODY[] {%d}\r\n" % len(self.text) + self.text +
                  b")\r\n")
        self.ok(tag)


def rule(**more):
    return {"limits": {"rules": [more]}}


@needs_gate
class Sessions(Case):
    """limits.sessions_per_user"""

    def try_login(self, gate, user=USER, password=PASSWORD):
        wire = self.wire(gate)
        wire.greeting()
        return wire, wire.command("l", b"LOGIN %s %s" % (
            user.encode(), password.encode()))[1]

    def test_one_too_many_is_told_why(self):
        backend = self.keep(Backend())
        gate = self.start_gate(backend, {"limits": {"sessions_per_user": 2}})
        first, second = self.logged_in(gate), self.logged_in(gate)
        third, verdict = self.try_login(gate, USER.upper())
        self.assertTrue(verdict.startswith(b"l NO [LIMIT] Too many sessions"),
                        verdict)
        event = gate.event("login", event_outcome="failure")
        self.assertEqual(event["rule.name"], "limits.sessions_per_user")
        self.assertEqual(event["imapward.auth.code"], "LIMIT")
        # Others are not concerned, nor does a guess tell anything.
        self.assertIn(b"l OK", self.try_login(gate, "bob")[1])
        self.assertIn(b"[AUTHENTICATIONFAILED]",
                      self.try_login(gate, USER, "guess")[1])
        # It may try again on the same connection.
        first.send(b"z LOGOUT\r\n")
        first.rest()
        gate.event("connection")
        self.assertIn(b"m OK", third.command("m", b"LOGIN %s %s" % (
            USER.encode(), PASSWORD.encode()))[1])
        self.assertIn(b"a OK", second.command("a", b"NOOP")[1])

    @seconds(120)
    def test_it_holds_exactly_between_workers(self):
        gate = self.start_gate(self.keep(Backend()), {
            "process": {"workers": 4}, "limits": {"sessions_per_user": 10}})
        kept = []
        for _ in range(3):
            verdicts, wires = [], []

            def come():
                wire, verdict = self.try_login(gate)
                wires.append(wire)
                verdicts.append(verdict[:8])

            threads = [threading.Thread(target=come) for _ in range(40)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(sum(v.startswith(b"l OK") for v in verdicts), 10)
            self.assertEqual(sum(v == b"l NO [LI" for v in verdicts), 30)
            before = len(gate.events("connection"))
            for wire in wires:
                wire.reset()
            wait_until("all are gone", lambda:
                       len(gate.events("connection")) >= before + 40)
            kept.append(wires)


@needs_gate
class Rates(Case):
    """Rules that count commands and bytes make them wait."""

    def fetch(self, wire):
        began = time.monotonic()
        wire.send(b"a FETCH 1 BODY[]\r\n")
        response = wire.response()
        self.assertIn(b"a OK", wire.response())
        self.assertEqual(response[-len(Large.text) - 3:-3], Large.text)
        return time.monotonic() - began

    def test_a_download_goes_no_faster(self):
        gate = self.start_gate(self.keep(Backend(Large)), rule(
            name="slow", count="bytes", by="session", limit="2MiB/s",
            burst="1MiB"))
        wire, other = self.logged_in(gate), self.logged_in(gate)
        took = self.fetch(wire)
        self.assertGreater(took, 2.3)  # 5 MiB beyond the burst
        self.assertLess(took, 6)
        # Each session has its own.
        self.assertIn(b"b OK", other.command("b", b"NOOP")[1])
        event = gate.event("limit")
        self.assertEqual((event["rule.name"], event["imapward.limit.by"]),
                         ("slow", "session"))
        wire.close()
        gate.event("connection")
        self.assertEqual(len(gate.events("limit")), 1)

    def test_an_upload_goes_no_faster(self):
        backend = self.keep(Backend())
        gate = self.start_gate(backend, rule(
            name="slow", count="bytes", by="session", limit="2MiB/s",
            burst="1MiB"))
        wire = self.logged_in(gate)
        began = time.monotonic()
        wire.send(b"a APPEND INBOX {%d+}\r\n" % len(Large.text) + Large.text +
                  b"\r\n")
        wire.until(rb"a OK")
        self.assertGreater(time.monotonic() - began, 2.3)
        self.assertIn(Large.text, backend.received())

    def test_commands_come_no_faster_and_all_are_answered(self):
        gate = self.start_gate(self.keep(Backend()), rule(
            name="few", count="commands", by="session", limit="50/s",
            burst=20))
        wire = self.logged_in(gate)
        began = time.monotonic()
        wire.send(b"".join(b"t%d NOOP\r\n" % n for n in range(120)))
        for n in range(120):
            wire.expect(rb"t%d OK" % n)
        took = time.monotonic() - began
        self.assertGreater(took, 1.9)
        self.assertLess(took, 5)
        wire.send(b"z LOGOUT\r\n")
        wire.rest()
        held = gate.event("connection")["imapward.limits"]
        self.assertRegex(held[0], r"^few \d+$")

    @seconds(90)
    def test_all_sessions_of_a_user_share_a_limit(self):
        gate = self.start_gate(self.keep(Backend(Large)), {
            "process": {"workers": 4}, **rule(
                name="fair", count="bytes", by="user", limit="3MiB/s",
                burst="1MiB")})
        wires = [self.logged_in(gate) for _ in range(4)]
        other = self.wire(gate)
        other.login("bob", PASSWORD)
        took = []
        threads = [threading.Thread(target=lambda w=w: took.append(
            self.fetch(w))) for w in wires]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        self.assertLess(self.fetch(other), 4)  # has a limit of its own
        for thread in threads:
            thread.join()
        self.assertEqual(len(took), 4)
        self.assertGreater(time.monotonic() - began, 7.3)  # 23 of 24 MiB
        self.assertLess(time.monotonic() - began, 15)
        event = gate.event("limit", user_name=USER)
        self.assertEqual((event["rule.name"], event["imapward.limit.by"]),
                         ("fair", "user"))

    def test_a_rule_that_observes_only_tells(self):
        gate = self.start_gate(self.keep(Backend(Large)), rule(
            name="slow", count="bytes", by="session", limit="1KiB/s",
            observe=True))
        wire = self.logged_in(gate)
        self.assertLess(self.fetch(wire), 5)
        event = gate.event("limit")
        self.assertEqual(event["rule.name"], "slow")
        self.assertIs(event["imapward.limit.observed"], True)
