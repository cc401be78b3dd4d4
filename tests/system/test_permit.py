# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that are forbidden after login never reach a backend."""

import imaplib
import os

from dovecot import PASSWORD, USER
from fake import Backend
from gate import Case, needs, needs_gate
from ports import free_port

NOPERM = b" NO [NOPERM] Command not allowed here\r\n"
KEEP = {"name": "keep", "forbid": ["EXPUNGE", "CLOSE", "MOVE", "DELETE"]}


@needs_gate
class Permit(Case):
    def refuses(self, wire, text):
        lines, verdict = wire.command("x", text)
        self.assertEqual((lines, verdict), ([], b"x" + NOPERM), text)

    def allows(self, wire, text):
        self.assertIn(b"x OK", wire.command("x", text)[1], text)

    def names(self, backend):
        """The verbs that came after login."""
        return [command.split(b" ")[1].strip().upper()
                for c in backend.sessions() for command in c.commands
                if not command.startswith(b"W")]

    def test_what_is_forbidden_does_not_reach_the_backend(self):
        backend = self.keep(Backend())
        gate = self.start_gate(backend, {"commands": [
            {"name": "keep", "forbid": ["EXPUNGE", "APPEND", "XKILL"]}]})
        wire = self.logged_in(gate)
        self.refuses(wire, b"EXPUNGE")
        self.refuses(wire, b"uid Expunge 1:*")
        self.refuses(wire, b"xkill")
        self.refuses(wire, b"APPEND INBOX {13+}\r\nx EXPUNGE\r\n\r\n {2+}\r\nab")
        # The literal is never asked for: what follows is a command.
        self.refuses(wire, b"APPEND INBOX {12}")
        self.allows(wire, b"CLOSE")
        self.allows(wire, b"UID FETCH 1 EXPUNGE")
        wire.send(b"z LOGOUT\r\n")
        wire.rest()
        self.assertEqual(self.names(backend), [b"CLOSE", b"UID", b"LOGOUT"])
        self.assertEqual(gate.event("connection")["imapward.limits"],
                         ["keep 5"])
        told = gate.events("policy")
        self.assertEqual([e["imapward.command"] for e in told],
                         ["EXPUNGE", "EXPUNGE", "XKILL", "APPEND", "APPEND"])
        self.assertEqual({(e["rule.name"], e["user.name"], e["source.ip"],
                           e["imapward.backend.name"]) for e in told},
                         {("keep", USER, "127.0.0.1", "main")})

    def test_other_ways_to_write_it_do_not_pass_either(self):
        backend = self.keep(Backend())
        gate = self.start_gate(backend, {"commands": [KEEP]})
        wire = self.logged_in(gate)
        for text in (b" EXPUNGE", b"UID {7+}\r\nEXPUNGE 1",
                     b"UID \"EXPUNGE\" 1", b"UID UID EXPUNGE 1", b"UID"):
            self.assertIn(b"x BAD", wire.command("x", text)[1], text)
        for text in (b"UID  EXPUNGE 1", b"UID\tEXPUNGE 1", b"EXPUNGE\t1"):
            self.refuses(wire, text)
        self.allows(wire, b"NOOP")
        self.assertEqual(self.names(backend), [b"NOOP"])

    def test_many_refusals_are_not_as_many_events(self):
        gate = self.start_gate(self.keep(Backend()), {"commands": [KEEP]})
        wire = self.logged_in(gate)
        wire.send(b"".join(b"t%d EXPUNGE\r\n" % n for n in range(500)))
        wire.until(rb"t499 NO")
        wire.close()
        self.assertEqual(gate.event("connection")["imapward.limits"],
                         ["keep 500"])
        self.assertEqual(len(gate.events("policy")), 10)

    def test_users_and_networks_are_told_apart(self):
        gate = self.start_gate(self.keep(Backend()), {"commands": [
            {"name": "bobs", "forbid": ["SETACL"], "users": ["Bob"]},
            {"name": "outside", "forbid": ["GETACL"],
             "networks": ["127.0.0.2/32"]},
            {"name": "both", "forbid": ["MYRIGHTS"], "users": ["*@b.example"],
             "networks": ["127.0.0.2/32"]}]})
        for user, address, forbidden in (
                ("alice", "127.0.0.1", ()),
                ("bob", "127.0.0.1", (b"SETACL",)),
                ("BOB", "127.0.0.2", (b"SETACL", b"GETACL")),
                ("eve@b.example", "127.0.0.1", ()),
                ("eve@B.example", "127.0.0.2", (b"GETACL", b"MYRIGHTS"))):
            wire = self.wire(gate, source=address)
            wire.login(user, PASSWORD)
            for verb in (b"SETACL", b"GETACL", b"MYRIGHTS"):
                judge = self.refuses if verb in forbidden else self.allows
                judge(wire, verb + b" INBOX")

    def test_backends_are_told_apart(self):
        backend = self.keep(Backend())
        gate = self.make_gate(backend)
        both = [{"name": "gone", "address": "127.0.0.1", "port": free_port()},
                *gate.config["backends"]]
        gate.change({"backends": both, "commands": [
            {"name": "here", "forbid": ["SETACL"], "backends": ["main"]},
            {"name": "there", "forbid": ["GETACL"], "backends": ["gone"]}]})
        gate.start()
        wire = self.logged_in(gate)
        self.refuses(wire, b"SETACL INBOX")
        self.allows(wire, b"GETACL INBOX")

    def test_a_reload_is_for_those_who_come_later(self):
        gate = self.start_gate(self.keep(Backend()))
        before = self.logged_in(gate)
        gate.change({"commands": [KEEP]})
        self.assertEqual(gate.reload()["event.outcome"], "success")
        self.refuses(self.logged_in(gate), b"EXPUNGE")
        self.allows(before, b"EXPUNGE")


@needs_gate
class Clients(Case):
    """Mail programs are told no, and the mail is still there."""

    def test_python_is_told(self):
        gate, dovecot = self.start_both({"commands": [KEEP]})
        client = imaplib.IMAP4_SSL("localhost", gate.port, ssl_context=self.tls)
        client.login(USER, PASSWORD)
        client.select("INBOX")
        client.store("1:*", "+FLAGS", "\\Deleted")
        self.assertEqual(client.expunge()[0], "NO")
        status, text = client.uid("MOVE", "1:*", "Trash")
        self.assertEqual((status, text[0][:8]), ("NO", b"[NOPERM]"))
        self.assertEqual(client.close()[0], "NO")
        client.logout()
        self.assertEqual(len(os.listdir(dovecot.maildir() + "/cur")), 3)

    @needs("curl")
    def test_curl_is_told(self):
        gate, dovecot = self.start_both({"commands": [
            {"name": "read-only", "forbid": ["APPEND", "REPLACE"]}]})
        draft = os.path.join(self.folder, "draft")
        with open(draft, "w", newline="") as f:
            f.write("Subject: x\r\n\r\n" + "x" * 100000)
        done = self.run_program(
            "curl", "-sS", "--max-time", "20", "--cacert", self.certs.ca, "-u",
            USER + ":" + PASSWORD, "-T", draft,
            "imaps://localhost:%d/INBOX" % gate.port)
        self.assertEqual(done.returncode, 25, done.stderr)  # upload failed
        self.assertEqual(len(os.listdir(dovecot.maildir() + "/cur")) +
                         len(os.listdir(dovecot.maildir() + "/new")), 3)
