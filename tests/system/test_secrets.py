# SPDX-License-Identifier: GPL-3.0-or-later
"""No password, SASL blob or token appears in anything the daemon writes."""

import base64
import os
import socket
import time
import urllib.parse

from fake import Backend, Conversation
from gate import Case, IMAPWARD, needs_gate, wait_until
from wire import plain_response

PLAIN = "Zq7vXw93-Kp2-Lm5t"           # greppable as it is
MARKED = 'Zq7"vXw\\93 Kp2%Lm5+t/é'     # changes in every encoding
TOKEN = "ya29.Qx8-Token_5vWk3RzP"


def encodings(secret):
    """name -> bytes: the forms in which a secret could slip out."""
    raw = secret.encode()
    forms = {
        "plain": raw,
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "url": urllib.parse.quote(secret, safe="").encode(),
        "url+": urllib.parse.quote_plus(secret).encode(),
        "quoted": raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"'),
        "json": secret.encode("unicode_escape"),
    }
    for offset in range(3):
        # What of the base64 depends on the secret alone.
        coded = base64.b64encode(b"\0" * offset + raw)
        skip = (0, 2, 3)[offset]
        keep = (offset + len(raw)) // 3 * 4
        forms["base64 at %d" % offset] = coded[skip:keep]
    return forms


def blobs(user, secret):
    """The SASL messages that carry the secret, and their halves."""
    whole = {
        "PLAIN": plain_response(user, secret),
        "XOAUTH2": xoauth2(user, secret),
        "OAUTHBEARER": oauthbearer(user, secret),
    }
    return {name: blob[:24] for name, blob in whole.items()}


def xoauth2(user, token):
    return base64.b64encode(("user=%s\1auth=Bearer %s\1\1" %
                             (user, token)).encode())


def oauthbearer(user, token):
    return base64.b64encode(("n,a=%s,\1host=h\1port=993\1auth=Bearer %s\1\1" %
                             (user, token)).encode())


class Telltale(Conversation):
    """Repeats the credentials in every refusal, as some servers do."""

    password = PLAIN.encode()
    words = Conversation.words + b" AUTH=XOAUTH2 AUTH=OAUTHBEARER"

    def verdict(self, tag, user, password):
        if password == self.password:
            return super().verdict(tag, user, password)
        self.send(tag + b" NO [SERVERBUG \"" + password + b"\"] Login " +
                  user + b" " + password + b" failed: " +
                  base64.b64encode(password) + b"\r\n")

    def do_AUTHENTICATE(self, tag, rest):
        mechanism, _, initial = rest.partition(b" ")
        if mechanism.upper() in (b"XOAUTH2", b"OAUTHBEARER"):
            if not initial:
                self.send(b"+ \r\n")
                initial = self.read_line()
            self.user = b"somebody"
            self.send(b"+ " + initial.strip() + b"\r\n")
            self.read_line()
            return self.send(tag + b" NO rejected " + initial.strip() +
                             b"\r\n")
        super().do_AUTHENTICATE(tag, rest)


class Rude(Conversation):
    """Answers a login with the line it was sent, and hangs up."""

    def command(self, tag, verb, rest):
        if verb in (b"LOGIN", b"AUTHENTICATE"):
            self.send(b"* BAD what is " + rest + b"?\r\n")
            return self.hang_up()
        super().command(tag, verb, rest)


@needs_gate
class Secrets(Case):
    def told_to_administrators(self, gate):
        return b"".join(
            self.succeeds(IMAPWARD, *words, "-s", gate.admin_path)
            for words in (["status"], ["status", "--json"], ["ban", "list"],
                          ["ban", "list", "--json"]))

    def nothing_leaked(self, gate, said=b""):
        """After the daemon's end: audit, stderr, what it has remembered, and
        what it told clients and administrators."""
        told = self.told_to_administrators(gate) if gate.process else b""
        gate.stop()
        with open(gate.state_path, "rb") as f:
            state = f.read()
        written = {"audit": gate.audit().encode(), "admin": told,
                   "state": state, "stderr": gate.stderr().encode(),
                   "clients": said}
        self.assertIn(b"login", written["audit"])
        for secret in (PLAIN, MARKED, TOKEN):
            forms = encodings(secret)
            forms.update(blobs("alice", secret))
            forms.update(blobs("alice@example.org", secret))
            for sink, text in written.items():
                for name, form in forms.items():
                    self.assertNotIn(form, text, "%s of %s in %s" %
                                     (name, secret, sink))

    def say(self, gate, *pieces, clear=False):
        """Says each piece, reads what is answered; never a second longer."""
        wire = self.wire(gate, clear=clear)
        wire.greeting()
        wire.patience(1.0)
        said = b""
        try:
            for piece in pieces:
                wire.send(piece if isinstance(piece, bytes)
                          else piece.encode())
                answer = wire.line()
                said += answer
                if not answer:
                    break
        except OSError:  # also a timeout: some pieces get no answer
            pass
        wire.close()
        return said

    def test_no_secret_is_written_after_success_or_failure(self):
        gate = self.start_gate(self.keep(Backend(Telltale)))
        said = b""
        for password in (PLAIN, MARKED):
            coded = base64.b64encode(password.encode()).decode()
            literal = "{%d}\r\n" % len(password.encode())
            quoted = password.replace("\\", "\\\\").replace('"', '\\"')
            said += self.say(gate, 'a LOGIN alice "%s"\r\n' % quoted)
            said += self.say(gate, "a LOGIN alice " + literal,
                             password + "\r\n")
            said += self.say(gate, "a LOGIN alice " +
                             literal.replace("}", "+}") + password + "\r\n")
            said += self.say(gate, b"a AUTHENTICATE PLAIN " + plain_response(
                "alice", password) + b"\r\n")
            said += self.say(gate, "a AUTHENTICATE PLAIN\r\n", plain_response(
                "alice", password) + b"\r\n")
            said += self.say(gate, "a AUTHENTICATE LOGIN\r\n",
                             "YWxpY2U=\r\n", coded + "\r\n")
        self.nothing_leaked(gate, said)

    def test_no_token_is_written(self):
        gate = self.start_gate(self.keep(Backend(Telltale)))
        wait_until("the gate knows the mechanisms", lambda: b"XOAUTH2" in
                   self.say(gate, "a CAPABILITY\r\n"))
        user = "alice@example.org"
        for mechanism, blob in ((b"XOAUTH2", xoauth2(user, TOKEN)),
                                (b"OAUTHBEARER", oauthbearer(user, TOKEN))):
            self.say(gate, b"a AUTHENTICATE %s %s\r\n" % (mechanism, blob),
                     b"\r\n", b"\r\n")
            self.say(gate, b"a AUTHENTICATE %s\r\n" % mechanism,
                     blob + b"\r\n", b"\r\n", b"\r\n")
        self.nothing_leaked(gate)

    def test_no_secret_is_written_after_malformed_commands(self):
        gate = self.start_gate(self.keep(Backend(Telltale)))
        self.say(gate, "a LOGIN alice %s\r\n" % PLAIN)  # for the audit's sake
        for secret in (PLAIN, TOKEN):
            coded = base64.b64encode(secret.encode()).decode()
            literal = "{%d}" % len(secret)
            said = b""
            for pieces in (
                    ['a LOGIN alice "%s\r\n' % secret],
                    ["a LOGIN alice %s extra\r\n" % secret],
                    ["a LOGIN %s\r\n" % secret],
                    ["a LOGIN alice%s\r\n" % secret],
                    ["a LOGIN alice %s\n" % secret],
                    ["a LOGIN alice %s\0\r\n" % secret],
                    ["a LOGIN alice " + literal + "\r\n",
                     secret + "trailing\r\n"],
                    ["a LOGIN alice " + literal + "\r\n", secret[:5]],
                    ["a LOGIN alice {9000}\r\n"],
                    ["a LOGIN alice {9000+}\r\n" + secret * 3],
                    ["LOGIN alice %s\r\n" % secret],
                    ["%s LOGIN alice x\r\n" % ("(" + secret)],
                    ["a %s\r\n" % secret],
                    ["a AUTHENTICATE %s\r\n" % secret],
                    ["a AUTHENTICATE PLAIN !%s\r\n" % secret],
                    ["a AUTHENTICATE PLAIN %s\r\n" % coded],
                    ["a AUTHENTICATE PLAIN\r\n", "b LOGIN alice %s\r\n" %
                     secret],
                    ["a AUTHENTICATE LOGIN\r\n", "YWxpY2U=\r\n",
                     secret + "!\r\n"],
                    ["a LOGIN alice " + secret * 1000 + "\r\n"],
                    ["* OK %s\r\n" % secret],
            ):
                said += self.say(gate, *pieces)
            self.say(gate, secret + "\r\n")  # a tag: given back to its owner
            self.assertNotIn(secret.encode(), said)
        for clear in ("a LOGIN alice %s\r\n" % PLAIN,
                      b"a AUTHENTICATE PLAIN " +
                      plain_response("alice", PLAIN) + b"\r\n",
                      "a STARTTLS\r\nb LOGIN alice %s\r\n" % PLAIN,
                      "a LOGIN alice " + PLAIN * 1000 + "\r\n"):
            self.say(gate, clear, clear=True)
        self.nothing_leaked(gate)

    def test_no_secret_is_written_when_the_backend_misbehaves(self):
        gate = self.start_gate(self.keep(Backend(Rude)),
                               {"timeouts": {"login": "2s"}})
        said = b""
        for form in ("a LOGIN alice %s\r\n" % PLAIN,
                     b"a AUTHENTICATE PLAIN " +
                     plain_response("alice", PLAIN) + b"\r\n"):
            said += self.say(gate, form)
        time.sleep(0.5)
        self.nothing_leaked(gate, said)

    def test_no_secret_is_written_into_bans_and_what_is_remembered(self):
        gate = self.start_gate(self.keep(Backend()), {
            "timeouts": {"auth_failure_delay": "0s"}})
        for n in range(20):
            wire = self.wire(gate, source="127.0.90.1")
            wire.greeting()
            wire.command("a", b"LOGIN alice%d %s%d" % (n, PLAIN.encode(), n))
            wire.close()
        event = gate.event("ban")
        self.assertIn("alice0", event["imapward.ban.evidence"])
        self.assertIn("alice0", self.succeeds(
            IMAPWARD, "ban", "list", "-s", gate.admin_path).decode())
        self.nothing_leaked(gate)

    def test_no_secret_is_written_after_login(self):
        gate = self.start_gate(self.keep(Backend(Telltale)))
        wire = self.wire(gate)
        wire.login("alice", PLAIN)
        wire.command("a", b"LOGIN alice " + PLAIN.encode())
        wire.command("b", b"AUTHENTICATE PLAIN " +
                     plain_response("alice", PLAIN))
        wire.send(b"c SELECT " + PLAIN.encode() + b"\0\r\n")
        wire.rest()
        self.nothing_leaked(gate)

    def test_no_secret_reaches_any_sink_the_chain_or_its_anchors(self):
        where = os.path.join(self.folder, "log.sock")
        state, key = (os.path.join(self.folder, name)
                      for name in ("chain", "key"))
        daemon = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(daemon.close)
        daemon.bind(where)
        daemon.setblocking(False)
        self.succeeds(IMAPWARD, "audit", "init", state, key)
        for kind in ("syslog", "journald"):
            gate = self.start_gate(self.keep(Backend(Telltale)), {"audit": {
                "sink": "%s:%s" % (kind, where), "chain": state,
                "anchors": self.folder + "/anchors"}})
            for secret in (PLAIN, MARKED):
                quoted = secret.replace("\\", "\\\\").replace('"', '\\"')
                self.say(gate, 'a LOGIN alice "%s"\r\n' % quoted)
                self.say(gate, b"a AUTHENTICATE PLAIN " + plain_response(
                    "alice", secret) + b"\r\n")
                self.say(gate, 'a LOGIN alice "%s\r\n' % secret)
            gate.stop()
            # What went to the daemon takes the place of the audit's file.
            with open(gate.audit_path, "wb") as f:
                try:
                    while True:
                        f.write(daemon.recv(65536) + b"\n")
                except BlockingIOError:
                    pass
                for path in (state, self.folder + "/anchors"):
                    with open(path, "rb") as more:
                        f.write(more.read())
            self.nothing_leaked(gate)
            shown = self.run_program(IMAPWARD, "audit", "tail", "-n", "0",
                                     gate.audit_path).stdout
            for form in encodings(PLAIN).values():
                self.assertNotIn(form, shown)

    def test_the_relay_leaves_no_core_file(self):
        gate = self.start_gate(self.keep(Backend(Telltale)))
        with open("/proc/%d/limits" % gate.relay()) as f:
            core = [line for line in f if line.startswith("Max core")][0]
        self.assertEqual(core.split()[4], "0", core)
