# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a password could come to light: memory, echoes, other people's texts."""

import base64
import os
import re
import unittest

from fake import Backend, Conversation
from gate import Case, needs_gate, wait_until
from processes import am_root, status
from test_secrets import PLAIN, TOKEN, blobs, encodings, oauthbearer, xoauth2
from wire import plain_response

USER = "alice"


def forms_of(secret):
    forms = dict(encodings(secret))
    forms.update(blobs(USER, secret))
    return forms


class Echoing(Conversation):
    """Its answers quote what it was told, in every place an answer has."""

    words = Conversation.words + b" AUTH=XOAUTH2 AUTH=OAUTHBEARER"
    secret = PLAIN
    FORMS = (
        "%(tag)s NO %(all)s\r\n",
        "%(tag)s NO [AUTHENTICATIONFAILED] %(secret)s %(all)s\r\n",
        "%(tag)s NO [%(atom)s] x\r\n",
        "%(tag)s NO [%(secret)s %(all)s] x\r\n",
        "%(tag)s NO [UNAVAILABLE] %(all)s\r\n",
        "%(tag)s NO [SERVERBUG %(atom)s] %(secret)s\r\n",
        "%(tag)s BAD %(all)s\r\n",
        "%(tag)s BAD [%(secret)s] what is %(coded)s?\r\n",
        "%(tag)s %(atom)s\r\n",
        "%(atom)s OK x\r\n", "%(all)s\r\n", "%(secret)s\r\n",
        "* BYE [%(secret)s] %(all)s\r\n", "* PREAUTH %(all)s\r\n",
        "* %(secret)s\r\n", "* CAPABILITY %(secret)s\r\n%(tag)s NO x\r\n",
        "* OK [CAPABILITY IMAP4rev1 %(secret)s] x\r\n%(tag)s NO x\r\n",
        '* LIST () "/" {%(size)d}\r\n%(all)s\r\n%(tag)s NO x\r\n',
        "+ %(coded)s\r\n", "+ %(all)s\r\n", "%(all)s",
    )

    def command(self, tag, verb, rest):
        if verb not in (b"LOGIN", b"AUTHENTICATE"):
            return super().command(tag, verb, rest)
        decoded = rest + base64.b64decode(rest.partition(b" ")[2] + b"===")
        self.number = int(re.search(rb"user(\d\d)", decoded).group(1))
        everything = (verb + b" " + rest).decode()
        text = self.FORMS[self.number] % {
            "tag": tag.decode(), "all": everything, "size": len(everything),
            "atom": re.sub("[^A-Za-z0-9+/=.-]", "", rest.decode()),
            "coded": base64.b64encode(decoded).decode(),
            "secret": self.secret}
        self.send(text.encode())
        self.sock.recv(1)
        self.hang_up()


class Leaks(Case):
    def nothing_leaked(self, gate, said, secret):
        gate.stop()
        for sink, text in (("audit", gate.audit().encode()),
                           ("stderr", gate.stderr().encode()),
                           ("clients", said)):
            for name, form in forms_of(secret).items():
                at = text.find(form)
                self.assertEqual(at, -1, "%s in %s: %r" % (
                    name, sink, text[max(0, at - 200):at + 50]))


@needs_gate
class Echoes(Leaks):
    def quotes(self, secret, commands):
        """All forms of echo for each command, all at once."""
        gate = self.start_gate(self.keep(Backend(type(
            "Echo", (Echoing,), {"secret": secret}))), {
                "timeouts": {"login": "500ms", "auth_failure_delay": "0s"}})
        wires = []
        for command in commands:
            for number in range(len(Echoing.FORMS)):
                wire = self.wire(gate)
                wire.greeting()
                wire.send(b"a " + command("user%02d" % number) + b"\r\n")
                wires.append(wire)
        said = b""
        for wire in wires:
            line = wire.line()
            if line.startswith(b"+"):
                wire.send(b"\r\n")  # the token's owner may see the error
                line = wire.line()
            self.assertRegex(line, rb"^a (NO|BAD)|^\* BYE")
            said += line
            wire.close()
        self.nothing_leaked(gate, said, secret)

    def test_no_text_of_a_backend_that_quotes_the_command_is_written(self):
        self.quotes(PLAIN, (
            lambda user: b"LOGIN %s %s" % (user.encode(), PLAIN.encode()),
            lambda user: b"AUTHENTICATE PLAIN " + plain_response(user, PLAIN)))

    def test_no_text_of_a_backend_that_quotes_the_token_is_written(self):
        self.quotes(TOKEN, (
            lambda user: b"AUTHENTICATE XOAUTH2 " + xoauth2(user, TOKEN),
            lambda user: b"AUTHENTICATE OAUTHBEARER " + oauthbearer(user,
                                                                    TOKEN)))

    def test_nothing_a_client_says_in_a_wrong_place_is_written(self):
        """A password typed where a user, verb, mechanism or tag belongs."""
        gate = self.start_gate(self.keep(Backend()), {
            "timeouts": {"auth_failure_delay": "0s"}})
        word = PLAIN.encode()
        for line in (b"a AUTHENTICATE " + word, b"a AUTHENTICATE %s %s" %
                     (word[:16], word), b"a " + word, b"a %s %s" % (word, word),
                     b"a LOGIN %s" % word, b"a LOGIN x %s y" % word,
                     b"a AUTHENTICATE PLAIN %s" % word,
                     b"a AUTHENTICATE PLAIN " + base64.b64encode(word),
                     b"a AUTHENTICATE XOAUTH2 " + base64.b64encode(word),
                     b"a AUTHENTICATE OAUTHBEARER " + base64.b64encode(
                         b"n,a=x,\1auth=Bearer " + word),
                     b"a STARTTLS " + word, b"a NOOP " + word,
                     b"a ID (" + word, b"a ID " + word,
                     b'a LOGIN x "%s' % word, b"a LOGIN x {%s}" % word,
                     b"a LOGIN {3+}\r\nx%s y" % word,
                     b"(" + word + b" LOGIN x y", word, b"", b"* " + word):
            for clear in (False, True):
                wire = self.wire(gate, clear=clear)
                wire.greeting()
                wire.send(line + b"\r\nz LOGOUT\r\n")
                said = wire.rest()
                if not line.startswith(word):  # else it is the client's tag
                    self.assertNotIn(word, said, line)
                wire.close()
        self.nothing_leaked(gate, b"", PLAIN)


def memory_of(pid):
    """The bytes of all that the process may write to."""
    with open("/proc/%d/maps" % pid) as maps:
        areas = [line.split() for line in maps]
    with open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for where, rights, *rest in areas:
            if not rights.startswith("rw") or "[v" in rest[-1]:
                continue
            begin, end = (int(x, 16) for x in where.split("-"))
            if end - begin > 1 << 28:
                continue  # a sanitizer's shadow
            try:
                mem.seek(begin)
                yield rest[-1], mem.read(end - begin)
            except OSError:
                pass


@needs_gate
class Memory(Case):
    @unittest.skipUnless(am_root(), "only root may look at the relay's memory")
    def test_no_credential_stays_in_memory_after_the_verdict(self):
        class Known(Conversation):
            password = PLAIN.encode()
            words = Conversation.words + b" AUTH=XOAUTH2"

            def do_AUTHENTICATE(self, tag, rest):
                if not rest.upper().startswith(b"XOAUTH2"):
                    return super().do_AUTHENTICATE(tag, rest)
                self.user = b"alice"
                self.send(tag + b" OK [CAPABILITY IMAP4rev1] in\r\n")
        gate = self.start_gate(self.keep(Backend(Known)), {
            "timeouts": {"auth_failure_delay": "0s"}, "process": {
                "workers": 1}})
        relay = gate.relay()
        kept = []
        for text in ("LOGIN alice " + PLAIN, 'LOGIN alice "%s"' % PLAIN,
                     "LOGIN alice {%d+}\r\n%s" % (len(PLAIN), PLAIN),
                     "AUTHENTICATE PLAIN " + plain_response(
                         USER, PLAIN).decode(),
                     "LOGIN mallory x" + PLAIN,
                     "AUTHENTICATE XOAUTH2 " + xoauth2(USER, TOKEN).decode(),
                     "AUTHENTICATE XOAUTH2 ==" + TOKEN):
            wire = self.wire(gate)
            wire.greeting()
            wire.send(b"a " + text.encode() + b"\r\n")
            wire.until(rb"a ")
            wire.send(b"b NOOP\r\n")
            wire.until(rb"b ")
            kept.append(wire)
        found, users = set(), 0
        gate.event("login")
        areas = list(memory_of(relay)) + list(memory_of(gate.pid))
        for area, data in areas:
            users += data.count(USER.encode())
            for secret in (PLAIN, TOKEN):
                for name, form in forms_of(secret).items():
                    for hit in re.finditer(re.escape(form), data):
                        found.add((area, name, bytes(
                            data[max(0, hit.start() - 40):hit.end() + 8])))
        self.assertEqual(found, set())
        self.assertGreater(users, 0)  # it was the right memory

    def test_the_relay_cannot_be_looked_at_by_its_own_user(self):
        gate = self.start_gate(self.keep(Backend()))
        relay = gate.relay()
        self.logged_in(gate)
        owner = os.stat("/proc/%d/mem" % relay).st_uid
        self.assertEqual(owner, 0)  # not dumpable: root's, whoever runs it
        self.assertEqual(status(relay)["NoNewPrivs"], "1")


@needs_gate
class Told(Case):
    def test_one_event_for_each_attempt_whatever_its_form_and_outcome(self):
        gate = self.start_gate(self.keep(Backend()), {
            "timeouts": {"auth_failure_delay": "0s"}})
        attempts = [
            (b"LOGIN u1 wrong", "LOGIN", "u1", "failure"),
            (b'LOGIN "u2" "correct-horse"', "LOGIN", "u2", "success"),
            (b"AUTHENTICATE PLAIN " + plain_response("u3", "wrong"), "PLAIN",
             "u3", "failure"),
            (b"AUTHENTICATE PLAIN " + plain_response("u4", "correct-horse"),
             "PLAIN", "u4", "success"),
            (b"LOGIN u5 \"\"", "LOGIN", "u5", "failure"),
            (b"LOGIN \x1b[2Ju6 wrong", None, None, None),  # no user name
            (b'LOGIN "u7\x1b[2J" wrong', "LOGIN", None, "failure"),
        ]
        for command, _, user, _ in attempts:
            wire = self.wire(gate)
            wire.greeting()
            wire.command("a", command)
            wire.close()
        want = [(m, u, o) for _, m, u, o in attempts if u]
        told = wait_until("all are told", lambda: len(
            gate.events("connection")) == len(attempts) and
            gate.events("login"))
        got = [(e["imapward.auth.mechanism"], e.get("user.name"),
                e["event.outcome"]) for e in told]
        self.assertEqual([g for g in got if g[1] and g[1] in
                          [u for _, u, _ in want]], want)
        self.assertEqual({e["source.ip"] for e in told}, {"127.0.0.1"})
        self.assertNotIn("\x1b", gate.audit())
