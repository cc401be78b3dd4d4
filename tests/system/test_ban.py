# SPDX-License-Identifier: GPL-3.0-or-later
"""imapward ban and imapward status: what they say and do, and who may."""

import json
import os
import socket
import subprocess

from attack import GOOD, WRONG, Attacked, rule
from fake import Backend
from gate import IMAPWARD, TOP, Case, needs, needs_gate, wait_until
from test_admin import OK, REFUSED, USAGE, Rights

NETWORKS = ["127.0.50.0/24", "192.0.2.7/32", "2001:db8:1:2::/64",
            "2001:db8::/32"]


class Banning(Attacked):
    def run_ban(self, gate, *words):
        done = self.run_program(IMAPWARD, "ban", *words, "-s",
                                gate.admin_path)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def who(self, gate):
        return sorted(b["who"] for b in self.bans(gate))


@needs_gate
class ByHand(Banning):
    def test_networks_and_addresses_are_shut_out_until_they_are_removed(self):
        gate = self.attacked()
        for network in NETWORKS:
            self.ask(gate, "ban", "add", network.removesuffix("/32")
                     if network.startswith("192") else network)
        self.assertEqual(self.who(gate), sorted(NETWORKS))
        self.assertEqual({b["seconds_left"] for b in self.bans(gate)}, {None})
        for tls in (False, True):
            self.assertEqual(self.attempt(gate, "bob", GOOD, "127.0.50.9",
                                          tls=tls), b"")
            self.logs_in(gate, "bob", "127.0.51.9", tls=tls)
        event = gate.event("limit", rule_name="by-hand")
        self.assertEqual(event["source.ip"], "127.0.50.9")
        self.assertEqual(self.run_ban(gate, "remove", "127.0.50.0/24"),
                         (OK, "1 ban removed\n", ""))
        self.logs_in(gate, "bob", "127.0.50.9")
        self.assertEqual(self.run_ban(gate, "flush"),
                         (OK, "3 bans removed\n", ""))
        self.assertEqual(self.bans(gate), [])

    def test_a_starttls_client_hears_why(self):
        gate = self.attacked()
        self.ask(gate, "ban", "add", "127.0.50.9")
        with self.wire(gate, clear=True, source="127.0.50.9") as wire:
            self.assertRegex(wire.rest(), rb"^\* BYE \[LIMIT\] [^\r]*\r\n$")

    def test_a_user_is_answered_as_if_the_password_were_wrong(self):
        gate = self.attacked()
        self.logs_in(gate, "bob", "127.0.52.1")
        self.ask(gate, "ban", "add", "--user", "Bob", "--for", "2h")
        self.assertEqual(self.attempt(gate, "bob", GOOD, "127.0.52.1"), WRONG)
        self.assertEqual(len(self.asked), 1)
        event = gate.event("login", event_outcome="failure")
        self.assertEqual((event["rule.name"], event["imapward.limit.by"]),
                         ("by-hand", "user"))
        self.ask(gate, "ban", "remove", "-u", "BOB")
        self.logs_in(gate, "bob", "127.0.52.1")

    def test_who_is_refused_without_a_ban_is_forgiven(self):
        gate = self.attacked({"rules": [rule("failures-per-user", burst=3)]})
        for n in range(3):
            self.attempt(gate, "bob", "w%d" % n, "127.0.%d.1" % (60 + n))
        self.assertEqual(self.attempt(gate, "bob", GOOD, "127.0.63.1"), WRONG)
        code, out, err = self.run_ban(gate, "remove", "--user", "Bob")
        self.assertEqual((code, out), (REFUSED, ""))
        self.assertIn("what was counted is forgiven", err)
        self.logs_in(gate, "bob", "127.0.63.1")

    def test_sessions_that_are_inside_stay(self):
        gate = self.attacked()
        wire = self.logged_in(gate, source="127.0.53.1")
        self.ask(gate, "ban", "add", "127.0.53.1")
        wire.command("a", b"NOOP")

    def test_time_and_reason(self):
        gate = self.attacked()
        said = self.ask(gate, "ban", "add", "192.0.2.0/24", "--for", "2h",
                        "--reason", "the caf\u00e9 at 100 % noise")
        self.assertIn("by hand: the caf\u00e9 at 100 % noise", said)
        ban, = self.bans(gate)
        self.assertEqual(ban["kind"], "prefix")
        self.assertEqual(ban["reason"], "the caf\u00e9 at 100 % noise")
        self.assertIn(ban["seconds_left"], range(7190, 7201))
        self.assertTrue(ban["by_hand"])
        event = gate.event("ban")
        self.assertEqual((event["imapward.ban.change"], event["rule.name"],
                          event["event.reason"]),
                         ("added", "by-hand", "the caf\u00e9 at 100 % noise"))

    def test_what_is_no_ban_is_refused_and_says_why(self):
        gate = self.attacked()
        for words, code, text in (
                (["add", "192.0.2.1/24"], REFUSED, "bits behind its prefix"),
                (["add", "mail.example.org"], REFUSED, "no network"),
                (["add", "0.0.0.0/0"], REFUSED, "nobody could log in"),
                (["add", "::/0"], REFUSED, "nobody could log in"),
                (["add", "--user", "x" * 256], REFUSED, "255 bytes"),
                (["add", "10.1.2.3", "-r", "x" * 128], REFUSED, "127 bytes"),
                (["remove", "10.1.2.3"], REFUSED, "no such ban"),
                (["remove", "--user", "nobody"], REFUSED, "no such ban"),
                (["add"], USAGE, "ban: whom?"),
                (["add", "10.1.2.3", "--for", "soon"], USAGE, "90s, 30m"),
                (["add", "10.1.2.3", "--for", "0"], USAGE, "90s, 30m"),
                (["add", "10.1.2.3", "10.1.2.4"], USAGE, "at a time"),
                (["add", "10.1.2.3", "--nft"], USAGE, "are for list"),
                (["add", "10.1.2.3", "--user", "bob"], USAGE, "not both"),
                (["add", "--user", ""], USAGE, "--user wants a name"),
                (["add", "--until", "1h"], USAGE, "no such option"),
                (["list", "10.1.2.3"], USAGE, "for all bans"),
                (["list", "--json", "--nft"], USAGE, "not both"),
                (["flush", "--for", "1h"], USAGE, "are for add"),
                (["begin"], USAGE, "expected list, add, remove or flush"),
                ([], USAGE, "usage")):
            got, out, err = self.run_ban(gate, *words)
            self.assertEqual((got, out), (code, ""), words)
            self.assertIn(text, err, words)
        self.assertEqual(self.bans(gate), [])

    def test_requests_that_no_program_of_ours_makes(self):
        gate = self.attacked()
        for said in (b"ban add user bob 1\n", b"ban add user %zz 1 -\n",
                     b"ban add user %00 1 -\n", b"ban add user b%00b 1 -\n",
                     b"ban add user bob -1 -\n", b"ban add thing bob 1 -\n",
                     b"ban add user bob 99999999999999999999 -\n",
                     b"ban remove user\n", b"ban flush now\n",
                     b"ban add user %41" + b"%41" * 256 + b" 1 -\n"):
            self.assertRegex(self.request(gate, said), rb"^error .*\n$", said)
        self.assertEqual(self.bans(gate), [])

    def request(self, gate, said):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(gate.admin_path)
            s.sendall(said)
            answer = b""
            while piece := s.recv(65536):
                answer += piece
            return answer


@needs_gate
class List(Banning):
    def full(self):
        """A gate with bans of every kind, and a hostile user's name."""
        gate = self.attacked()
        for n in range(20):
            self.attempt(gate, "a\u00e9 \u202e%d" % n, "g%d" % n, "127.0.54.1")
        for network in NETWORKS:
            self.ask(gate, "ban", "add", network, "--for", "3d")
        self.ask(gate, "ban", "add", "--user", "\x1b[31mevil\u202e name")
        self.ask(gate, "ban", "add", "2001:db8:ffff:ffff:ffff:ffff:ffff:1",
                 "-r", "a reason that needs many words " * 3)
        return gate

    def test_text_has_80_columns_and_nothing_that_a_terminal_obeys(self):
        gate = self.full()
        text = self.ask(gate, "ban", "list")
        for line in text.splitlines():
            self.assertLessEqual(len(line), 80, line)
            self.assertTrue(all(c >= " " and c != "\x7f" for c in line))
        self.assertNotIn("\x1b", text)
        self.assertRegex(text, r"127\.0\.54\.1 +(9m \d+|10m 0)s +1 +0\n")
        self.assertRegex(text, r"failures-per-address - 20 attempts from "
                               r"20\S+Z to\s+20\S+Z -\s+a\S+\s+\S+, a")
        self.assertRegex(text, r"2001:db8:1:2::/64 +(2d 23h|3d 0h) +- +0\n")
        self.assertRegex(text, r"(?m)^2001:db8:ffff:ffff:ffff:ffff:ffff:1 ")
        self.assertRegex(text, r"evil\S* name +for good")

    def test_json_has_the_evidence(self):
        gate = self.full()
        ban, = [b for b in self.bans(gate) if b["who"] == "127.0.54.1/32"]
        self.assertEqual((ban["kind"], ban["reason"], ban["attempts"]),
                         ("address", "failures-per-address", 20))
        self.assertEqual(len(ban["evidence"]), 4)
        self.assertIn("a\u00e9 \u202e19", ban["evidence"])
        for key in ("since", "until", "first", "last"):
            self.assertRegex(ban[key], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertIn("\x1b[31mevil\u202e name",
                      [b["who"] for b in self.bans(gate)])

    def test_thousands_of_bans_are_listed_whole(self):
        gate = self.attacked()
        for n in range(3000):
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(gate.admin_path)
                s.sendall(b"ban add network 10.%d.%d.0/24 3600 -\n" %
                          (n // 250, n % 250))
                self.assertEqual(s.recv(3), b"ok\n")
        self.assertEqual(len(set(self.who(gate))), 3000)
        self.assertEqual(self.status(gate)["bans_of_networks"], 3000)

    @needs("nft", "unshare")
    def test_nft_takes_the_list(self):
        gate = self.full()
        path = os.path.join(self.folder, "bans.nft")
        with open(path, "w") as f:
            f.write(self.ask(gate, "ban", "list", "--nft"))
        rules = os.path.join(TOP, "config", "nftables", "imapward-bans.nft")
        # Twice: a timer runs again and again.
        self.succeeds("unshare", "-rn", "nft", "-c", "-f", path)
        listed = self.succeeds(
            "unshare", "-rn", "sh", "-c", "nft -f %s && nft -f %s && nft -f %s"
            " && nft list ruleset" % (rules, path, path)).decode()
        self.assertRegex(listed, r"127\.0\.50\.0/24 timeout \S+ expires 2d23h")
        self.assertRegex(listed, r"127\.0\.54\.1 timeout \d+m")
        self.assertRegex(listed, r"192\.0\.2\.7 timeout (3d|2d23h)")
        self.assertRegex(listed, r"2001:db8::/32 timeout (3d|2d23h)")
        # It lies in another one.
        self.assertNotIn("2001:db8:1:2::", listed)
        self.assertNotIn("evil", listed)
        self.assertIn("ip saddr @banned4 counter packets 0 bytes 0 drop",
                      listed)

    @needs("nft", "unshare")
    def test_nft_takes_an_empty_list(self):
        gate = self.attacked()
        done = subprocess.run(["unshare", "-rn", "nft", "-c", "-f", "-"],
                              input=self.ask(gate, "ban", "list", "--nft"),
                              text=True, capture_output=True, timeout=30)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


@needs_gate
class Status(Banning):
    def test_it_counts_what_happened(self):
        gate = self.attacked({"rules": [
            rule("logins-per-address", limit="1/h", burst=3)]})
        kept = self.logged_in(gate, source="127.0.60.1")
        for n in range(5):
            self.attempt(gate, "user%d" % n, "guess", "127.0.60.2")
        self.attempt(gate, "user0", "guess", "127.0.60.2")
        self.ask(gate, "ban", "add", "--user", "mallory")
        s = self.status(gate)
        self.assertEqual((s["logins_succeeded"], s["logins_wrong"],
                          s["logins_refused"]), (1, 4, 2))
        self.assertEqual((s["connections"], s["connections_most"]), (1, 8192))
        self.assertEqual((s["bans_of_networks"], s["bans_of_users"]), (0, 1))
        self.assertEqual((s["generation"], s["workers"]), (1, 2))
        self.assertEqual((s["events_dropped"], s["unauthenticated"]), (0, 0))
        self.assertEqual([(b["name"], b["state"]) for b in s["backends"]],
                         [("main", "up")])
        self.assertEqual(self.held(gate, "logins-per-address"), 2)
        tally = {r["region"]: r for r in s["tally"]}
        self.assertGreater(min(r["room"] for r in tally.values()), 0)
        kept.close()

    def test_text_has_80_columns(self):
        gate = self.attacked()
        text = self.ask(gate, "status")
        self.assertEqual([l for l in text.splitlines() if len(l) > 80], [])
        self.assertIn("\nmemory       32.0 MiB for what is counted\n", text)
        self.assertRegex(text, r"^imapward \S+, up \d+s, configuration 1, "
                               r"2 workers\n")
        self.assertRegex(text, r"\nconnections  0 of 8192, from 0 networks\n")
        self.assertRegex(text, r"\nfailures-per-address +ban +0 +0\n")
        self.assertRegex(text, r"\nmain +up +\d+  127\.0\.0\.1\n")
        self.assertNotIn("$", text)

    def test_a_backend_that_is_down(self):
        gate = self.attacked()
        gate.change({"backends": [dict(gate.config["backends"][0], port=1)]})
        gate.reload()
        wait_until("it is down", lambda: [
            b["state"] for b in self.status(gate)["backends"]] == ["down"])
        self.assertEqual(self.status(gate)["generation"], 2)


class Who(Rights):
    """Readers may look, controllers may ban."""

    def codes(self, **who):
        return [self.ask(self.gate, *words, **who)[0] for words in (
            ["status"], ["ban", "list"], ["ban", "add", "10.0.0.1"],
            ["ban", "remove", "10.0.0.1"], ["ban", "flush"])]

    def test_others_are_refused(self):
        self.assertEqual(self.codes(**self.as_user()), [REFUSED] * 5)

    def test_readers_may_look_and_no_more(self):
        self.assertEqual(self.codes(**self.as_user(self.readers)),
                         [OK, OK, REFUSED, REFUSED, REFUSED])

    def test_controllers_may_do_both(self):
        self.assertEqual(self.codes(**self.as_user(self.controllers)),
                         [OK] * 5)


# What Rights says of other commands it says in its own file.
for inherited in [name for name in dir(Rights) if name.startswith("test_")
                  and name not in Who.__dict__]:
    setattr(Who, inherited, None)
del Rights
