# SPDX-License-Identifier: GPL-3.0-or-later
"""Attackers who try passwords, and people beside them who log in all the same.

Backends see no attempt beyond what the limits say.
"""

from attack import GOOD, WRONG, Attacked, rule
from gate import needs_gate, seconds, wait_until
from ports import free_port

LIMITED = rb"NO \[LIMIT\] Too many attempts to log in from your network; " \
    rb"try again in \d+ min\r\n"


@needs_gate
class Spray(Attacked):
    def test_one_address_that_sprays_users_is_banned(self):
        gate = self.attacked()
        answers = [self.attempt(gate, "user%d" % n, "guess%d" % n,
                                "127.0.1.1", tls=n % 8 == 0)
                   for n in range(60)]
        self.assertEqual(answers[:20], [WRONG] * 20)
        self.assertEqual(answers[20:], [b""] * 40)
        self.assertEqual(len(self.asked), 20)
        event = gate.event("ban")
        self.assertEqual(event["imapward.ban.change"], "began")
        self.assertEqual(event["imapward.ban.network"], "127.0.1.1/32")
        self.assertEqual(event["source.ip"], "127.0.1.1")
        self.assertEqual(event["rule.name"], "failures-per-address")
        self.assertEqual(event["imapward.ban.seconds"], 600)
        self.assertIn("user19", event["imapward.ban.evidence"])
        # One event for those that were not let in, and none each.
        gate.event("limit", rule_name="failures-per-address")
        self.assertEqual(len(gate.events("limit")), 1)
        self.assertEqual(len(gate.events("connection",
                                         source_ip="127.0.1.1")), 20)
        # Neighbours and strangers are not concerned.
        self.logs_in(gate, "alice", "127.0.1.2")
        self.logs_in(gate, "alice", "127.9.9.9", tls=True)

    def test_a_prefix_that_sprays_below_the_limit_of_each_address(self):
        gate = self.attacked({"rules": [
            rule("failures-per-prefix", limit="1/h", burst=12)]})
        answers = [self.attempt(gate, "user%d" % n, "guess", "127.5.5.%d" % n)
                   for n in range(1, 25)]
        self.assertEqual(answers[:12], [WRONG] * 12)
        for answer in answers[12:]:
            self.assertRegex(answer, LIMITED)
        self.assertEqual(len(self.asked), 12)
        self.assertEqual(self.bans(gate), [])
        event = gate.event("login", rule_name="failures-per-prefix")
        self.assertEqual(event["imapward.limit.by"], "prefix")
        self.assertEqual(event["event.outcome"], "failure")
        self.logs_in(gate, "alice", "127.5.6.1")

    def test_a_user_tried_slowly_from_many_addresses(self):
        # Each address stays far below its limits: the user's own hold.
        gate = self.attacked({"rules": [rule("failures-per-user", burst=8)]})
        answers = [self.attempt(gate, "alice", "guess%d" % n,
                                "127.6.%d.%d" % (n % 3, n))
                   for n in range(1, 21)]
        self.assertEqual(set(answers), {WRONG})
        self.assertEqual(len(self.asked), 8)
        self.logs_in(gate, "bob", "127.6.0.3")

    @seconds(120)
    def test_a_user_attacked_from_250_networks(self):
        gate = self.attacked()
        self.logs_in(gate, "alice", "127.200.1.1")
        before = len(self.asked)

        def guess(n):
            return self.attempt(gate, "Alice" if n % 2 else "alice",
                                "guess%d" % n, "127.%d.%d.1" % (n // 16, n))

        answers = [guess(n) for n in range(1, 31)]
        answers += self.several(range(31, 251), guess)
        self.assertEqual(set(answers), {WRONG})
        tried = len(self.asked) - before
        # One more for each minute that this takes.
        self.assertIn(tried, range(20, 23))
        # From where she is known she is not even delayed.
        self.logs_in(gate, "alice", "127.200.1.9")
        # Elsewhere the right password is answered as any other.
        self.assertEqual(self.attempt(gate, "alice", GOOD, "127.201.1.1"),
                         WRONG)
        self.logs_in(gate, "bob", "127.16.1.1")

    def test_the_same_wrong_password_is_no_attack(self):
        gate = self.attacked()
        answers = [self.attempt(gate, "alice", "old password", "127.0.7.1")]
        answers += self.several(range(100), lambda n: self.attempt(
            gate, "alice", "old password", "127.0.7.1", tls=n % 10 == 0))
        self.assertEqual(set(answers), {WRONG})
        self.assertEqual(len(self.asked), 1)
        self.logs_in(gate, "alice", "127.0.7.1")
        self.assertEqual(gate.events("ban"), [])

    def test_a_list_of_passwords_on_one_connection(self):
        gate = self.attacked({"login_attempts": 100, "gate_commands": 200})
        wire = self.wire(gate, clear=True, source="127.0.8.1")
        wire.greeting()
        said = []
        while len(said) < 60:
            wire.send(b"a LOGIN alice guess%d\r\n" % len(said))
            line = wire.line()
            said.append(line)
            if not line.startswith(b"a NO"):
                break
        self.assertEqual(said[:20], [b"a " + WRONG] * 20)
        self.assertRegex(said[20], b"a " + LIMITED)
        self.assertRegex(said[21], rb"\* BYE \[LIMIT\] ")
        self.assertEqual(len(said), 22)
        self.assertEqual(len(self.asked), 20)


@needs_gate
class Race(Attacked):
    """200 at once, at the limit's edge, on four workers: not one too many."""

    WORKERS = {"process": {"workers": 4}}

    @seconds(120)
    def test_a_limit_by_address_holds_exactly(self):
        gate = self.attacked({"rules": [
            rule("logins-per-address", limit="1/h", burst=50),
            rule("failures-per-address", limit="none"),
            rule("failures-per-prefix", limit="none")]}, self.WORKERS)
        answers = self.at_once(200, lambda n: self.attempt(
            gate, "user%d" % n, "guess", "127.0.9.1"))
        self.assertEqual(len(self.asked), 50)
        self.assertEqual(answers.count(WRONG), 50)
        self.assertEqual(self.held(gate, "logins-per-address"), 150)

    @seconds(120)
    def test_a_limit_by_user_holds_exactly(self):
        gate = self.attacked({"rules": [
            rule("logins-per-user", limit="1/h", burst=30),
            rule("failures-per-user", limit="none")]}, self.WORKERS)
        answers = self.at_once(200, lambda n: self.attempt(
            gate, "alice", "guess%d" % n, "127.%d.0.1" % (n + 1)))
        self.assertEqual(len(self.asked), 30)
        self.assertEqual(set(answers), {WRONG})

    @seconds(120)
    def test_right_passwords_take_no_room(self):
        gate = self.attacked({"rules": [
            rule("logins-per-address", limit="1/h", burst=50)]}, self.WORKERS)
        for _ in range(6):
            answers = self.at_once(40, lambda n: self.attempt(
                gate, "user%d" % n, GOOD, "127.0.9.2"))
            self.assertEqual({a[:3] for a in answers}, {b"OK "})

    def test_an_attempt_that_is_given_up_takes_no_room(self):
        gate = self.attacked({"rules": [
            rule("logins-per-address", limit="1/h", burst=5)]}, {
                "backends": [{"name": "gone", "address": "127.0.0.1",
                              "port": free_port()}]})
        for n in range(20):
            self.assertRegex(
                self.attempt(gate, "user%d" % n, GOOD, "127.0.9.3"),
                rb"NO \[UNAVAILABLE\] ")


@needs_gate
class Lockout(Attacked):
    """The limits as a weapon: against a user, against who shares an address."""

    def spray(self, gate, source, count=25):
        return [self.attempt(gate, "nobody%d" % n, "guess%d" % n, source)
                for n in range(count)]

    def test_a_named_user_is_not_locked_out_where_known(self):
        gate = self.attacked({"rules": [
            rule("failures-per-user", action="ban", burst=5)]})
        self.logs_in(gate, "alice", "127.0.20.1")
        for n in range(20):
            self.assertEqual(self.attempt(gate, "alice", "guess%d" % n,
                                          "127.1.%d.1" % n), WRONG)
        self.assertEqual([b["who"] for b in self.bans(gate)], ["alice"])
        self.logs_in(gate, "alice", "127.0.20.1", tls=True)
        self.logs_in(gate, "ALICE", "127.0.20.77")

    def test_who_shares_an_address_with_an_attacker_goes_on(self):
        gate = self.attacked()
        self.logs_in(gate, "alice", "127.0.21.1")
        answers = self.spray(gate, "127.0.21.1")
        self.assertEqual(answers[:20], [WRONG] * 20)
        # Somebody is known there: refused at the login, not at the door.
        for answer in answers[20:]:
            self.assertRegex(answer, LIMITED)
        self.assertEqual(len(self.asked), 21)
        self.logs_in(gate, "alice", "127.0.21.1")
        self.assertRegex(self.attempt(gate, "bob", GOOD, "127.0.21.1"),
                         LIMITED)
        self.logs_in(gate, "bob", "127.0.21.2")

    def test_exempt_networks_are_never_refused_by_address(self):
        gate = self.attacked({"exempt": ["127.0.22.0/24"],
                              "connections_per_address": 3})
        self.assertEqual(self.spray(gate, "127.0.22.1", 60), [WRONG] * 60)
        self.assertEqual(self.bans(gate), [])
        self.ask(gate, "ban", "add", "127.0.0.0/8")
        self.logs_in(gate, "bob", "127.0.22.1")
        kept = [self.logged_in(gate, source="127.0.22.1") for _ in range(6)]
        self.assertEqual(len(kept), 6)
        # What is counted by user holds for them, too.
        for n in range(25):
            self.attempt(gate, "carol", "guess%d" % n, "127.0.22.2")
        self.assertEqual(self.asked.users()["carol"], 20)

    def test_our_own_address_is_exempt(self):
        gate = self.attacked()
        self.assertEqual(self.spray(gate, "127.0.0.1", 40), [WRONG] * 40)
        self.logs_in(gate, "bob", "127.0.0.1")

    @seconds(120)
    def test_200_users_behind_one_address_live_with_the_defaults(self):
        gate = self.attacked()

        def one(n):
            user, source = "user%d" % n, "127.0.23.1"
            first = self.attempt(gate, user, GOOD, source, tls=n % 10 == 0)
            if n % 20 == 0:  # mistyped, the second time
                self.assertEqual(self.attempt(gate, user, "oops", source),
                                 WRONG)
            return first, self.attempt(gate, user, GOOD, source)

        for first, second in self.at_once(200, one):
            self.assertTrue(first.startswith(b"OK "), first)
            self.assertTrue(second.startswith(b"OK "), second)
        self.assertEqual(gate.events("ban") + gate.events("limit"), [])


@needs_gate
class Bans(Attacked):
    SHORT = {"rules": [rule("failures-per-address", burst=3,
                            ban="2s", ban_most="1m")]}

    def get_banned(self, gate, source, name="x"):
        """Attempts until there is no greeting any more."""
        for n in range(20):
            if not self.attempt(gate, "%s%d" % (name, n), "g%d" % n, source):
                return
        self.fail("no ban")

    def test_a_ban_ends_by_itself_and_the_next_one_is_longer(self):
        gate = self.attacked(self.SHORT)
        self.get_banned(gate, "127.0.30.1")
        ban, = self.bans(gate)
        self.assertEqual((ban["who"], ban["times"]), ("127.0.30.1/32", 1))
        self.assertLessEqual(ban["seconds_left"], 2)
        ended = gate.event("ban", imapward_ban_change="ended")
        self.assertEqual(ended["imapward.ban.network"], "127.0.30.1/32")
        self.logs_in(gate, "alice", "127.0.29.1")
        self.get_banned(gate, "127.0.30.1", "y")
        wait_until("the second ban", lambda: self.bans(gate))
        ban, = self.bans(gate)
        self.assertEqual(ban["times"], 2)
        event = gate.event("ban", imapward_ban_change="began",
                           imapward_ban_times=2)
        self.assertEqual(event["imapward.ban.seconds"], 4)

    def test_a_ban_that_is_removed_is_forgiven(self):
        gate = self.attacked()
        self.get_banned_by_default(gate, "127.0.31.1")
        self.assertIn("1 ban removed",
                      self.ask(gate, "ban", "remove", "127.0.31.1"))
        self.assertEqual(self.bans(gate), [])
        for n in range(5):
            self.assertEqual(self.attempt(gate, "z%d" % n, "g%d" % n,
                                          "127.0.31.1"), WRONG)
        self.logs_in(gate, "alice", "127.0.31.1")
        self.assertEqual(gate.event("ban", imapward_ban_change="removed")
                         ["imapward.ban.network"], "127.0.31.1/32")

    def get_banned_by_default(self, gate, source):
        for n in range(21):
            self.attempt(gate, "x%d" % n, "g%d" % n, source)
        self.assertEqual([b["who"] for b in self.bans(gate)],
                         [source + "/32"])

    def test_bans_and_who_is_known_survive_a_restart(self):
        gate = self.attacked()
        self.logs_in(gate, "alice", "127.0.32.1")
        self.get_banned_by_default(gate, "127.0.33.1")
        self.get_banned_by_hand(gate)
        gate.restart()
        self.assertEqual({b["who"] for b in self.bans(gate)},
                         {"127.0.33.1/32", "127.0.34.0/24", "mallory"})
        self.assertEqual(self.attempt(gate, "bob", GOOD, "127.0.33.1"), b"")
        self.assertEqual(self.attempt(gate, "bob", GOOD, "127.0.34.5"), b"")
        self.assertEqual(self.attempt(gate, "mallory", GOOD, "127.0.35.1"),
                         WRONG)
        # Known in a network that an attacker shuts now.
        for n in range(25):
            self.attempt(gate, "y%d" % n, "g%d" % n, "127.0.32.1")
        self.logs_in(gate, "alice", "127.0.32.1")

    def get_banned_by_hand(self, gate):
        self.ask(gate, "ban", "add", "127.0.34.0/24", "--for", "2h",
                 "--reason", "told by the police")
        self.ask(gate, "ban", "add", "--user", "mallory")


@needs_gate
class Actions(Attacked):
    def test_observing_rules_only_tell(self):
        gate = self.attacked({"observe": True})
        answers = self.several(range(40), lambda n: self.attempt(
            gate, "user%d" % n, "guess%d" % n, "127.0.40.1"))
        self.assertEqual(answers, [WRONG] * 40)
        self.assertEqual(len(self.asked), 40)
        self.assertEqual(self.bans(gate), [])
        event = gate.event("limit")
        self.assertEqual((event["rule.name"], event["imapward.limit.observed"],
                          event["event.outcome"]),
                         ("failures-per-address", True, "success"))

    def test_bans_by_rules_do_not_hold_while_all_observe(self):
        gate = self.attacked()
        for n in range(20):
            self.attempt(gate, "user%d" % n, "guess%d" % n, "127.0.46.1")
        self.ask(gate, "ban", "add", "127.0.47.1")
        self.assertEqual(self.attempt(gate, "bob", GOOD, "127.0.46.1"), b"")
        gate.change({"limits": {"observe": True}})
        gate.reload()
        self.logs_in(gate, "bob", "127.0.46.1")
        self.assertEqual(self.attempt(gate, "bob", GOOD, "127.0.47.1"), b"")

    def test_a_delayed_login_waits_without_holding_up_others(self):
        gate = self.attacked({"rules": [
            rule("logins-per-address", limit="1/s", burst=1, action="delay")]})
        wires = [self.wire(gate, clear=True, source="127.0.41.1")
                 for _ in range(4)]
        for n, wire in enumerate(wires):
            wire.greeting()
            wire.send(b"a LOGIN user%d guess\r\n" % n)
        self.logs_in(gate, "alice", "127.0.42.1")
        self.assertLess(len(self.asked), 4)
        for wire in wires:
            wire.expect(rb"a NO \[AUTHENTICATIONFAILED\]")
        self.assertEqual(len(self.asked), 5)

    def test_a_login_too_many_closes_the_connection(self):
        gate = self.attacked({"rules": [
            rule("logins-per-address", limit="1/h", burst=2, action="close")]})
        wire = self.wire(gate, clear=True, source="127.0.43.1")
        wire.greeting()
        for n in range(2):
            wire.command("a", b"LOGIN user%d guess" % n)
        wire.send(b"a LOGIN user guess\r\n")
        self.assertRegex(wire.rest(), b"^a " + LIMITED +
                         rb"\* BYE \[LIMIT\] [^\r]*\r\n$")

    def test_connections_too_fast_are_closed_and_told_once(self):
        gate = self.attacked({"rules": [
            rule("connections-per-address", limit="1/h", burst=5)]})
        greeted = 0
        for _ in range(20):
            with self.wire(gate, clear=True, source="127.0.44.1") as wire:
                greeted += wire.line().startswith(b"* OK")
        self.assertEqual(greeted, 5)
        with self.wire(gate, clear=True, source="127.0.44.2") as wire:
            wire.greeting()
        wait_until("all are told", lambda: sum(
            e["imapward.count"] for e in gate.events("limit")) == 15)
        self.assertLess(len(gate.events("limit")), 5)
        event = gate.event("limit")
        self.assertEqual(event["rule.name"], "connections-per-address")
        self.assertEqual(event["source.ip"], "127.0.44.1")

    def test_handshakes_too_many_are_closed_or_wait(self):
        for action, answer in (("close", b""), ("delay", b"* OK")):
            gate = self.attacked({"rules": [
                rule("mine", count="handshakes", by="address", limit="1/s",
                     burst=2, action=action)]})
            said = []
            for _ in range(4):
                try:
                    with self.wire(gate, source="127.0.45.1") as wire:
                        said.append(wire.line()[:4])
                except OSError:
                    said.append(b"")
            self.assertEqual(said, [b"* OK"] * 2 + [answer] * 2, action)
            gate.stop()
