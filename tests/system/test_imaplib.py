# SPDX-License-Identifier: GPL-3.0-or-later
"""Python's imaplib, and IMAP by hand: every way to log in, and big mail."""

import base64
import hashlib
import imaplib
import os
import threading
import time

from dovecot import USERS
from gate import DIRECT, Case, needs_gate, seconds
from processes import memory
from wire import plain_response

MEGABYTE = 1 << 20


class Imaplib(Case):
    def connect(self, gate):
        mail = imaplib.IMAP4_SSL("localhost", gate.port, ssl_context=self.tls,
                                 timeout=60)
        self.addCleanup(mail.sock.close)
        return mail

    def selects(self, mail):
        self.assertEqual(mail.select("INBOX")[0], "OK")
        mail.logout()


class Login(Imaplib):
    """Each form in which user and password may come."""

    def test_login_with_a_quoted_password(self):
        gate, _ = self.start_both()
        for user in ("alice", "bob", "carol@example.org"):
            with self.subTest(user):
                mail = self.connect(gate)
                mail.login(user, USERS[user])
                self.selects(mail)

    def test_login_with_literals_from_imaplib(self):
        gate, _ = self.start_both()
        for user, password in USERS.items():
            if not user.isascii():
                continue  # imaplib sends one literal only
            with self.subTest(user):
                mail = self.connect(gate)
                mail.literal = password.encode()
                self.assertEqual(mail._simple_command("LOGIN", user)[0], "OK")
                mail.state = "AUTH"
                self.selects(mail)

    def test_starttls_by_imaplib_and_its_new_capabilities(self):
        gate, _ = self.start_both()
        mail = imaplib.IMAP4("localhost", gate.clear_port, timeout=30)
        self.addCleanup(lambda: mail.sock.close())
        self.assertIn("STARTTLS", mail.capabilities)
        mail.starttls(self.tls)
        self.assertNotIn("STARTTLS", mail.capabilities)
        mail.login(self.user, self.password)
        self.selects(mail)

    def test_login_in_every_form_of_astring(self):
        gate, _ = self.start_both()
        forms = {
            "atoms": b"alice correct-horse",
            "quoted": b'"alice" "correct-horse"',
            "mixed": b'alice "correct-horse"',
            "literal": b"{5}\r\nalice {13}\r\ncorrect-horse",
            "literal+": b"{5+}\r\nalice {13+}\r\ncorrect-horse",
            "atom, literal": b"alice {13}\r\ncorrect-horse",
            "literal, quoted": b'{5+}\r\nalice "correct-horse"',
        }
        for name, form in forms.items():
            with self.subTest(name):
                self.logs_in(gate, b"LOGIN " + form)

    def test_verbs_are_case_insensitive(self):
        gate, _ = self.start_both()
        self.logs_in(gate, b"lOgIn alice correct-horse")
        self.logs_in(gate, b"authenticate plain " +
                     plain_response("alice", "correct-horse"))

    def test_login_with_utf_8_and_quoting_in_literals_and_quoted(self):
        gate, _ = self.start_both()
        for user, password in USERS.items():
            name, word = user.encode(), password.encode()
            quoted = b" ".join(
                b'"%s"' % x.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
                for x in (name, word))
            literals = b"{%d}\r\n%s {%d+}\r\n%s" % (len(name), name,
                                                    len(word), word)
            for form in (literals, quoted):
                with self.subTest(form.decode()):
                    if DIRECT and form == quoted and not quoted.isascii():
                        continue  # Dovecot takes 8-bit in literals only
                    self.logs_in(gate, b"LOGIN " + form)

    def logs_in(self, gate, command):
        """Sends the command, stopping at each synchronising literal."""
        wire = self.wire(gate)
        wire.greeting()
        pieces = command.split(b"}\r\n")
        for piece in pieces[:-1]:
            wire.send(b"a " * (piece is pieces[0]) + piece + b"}\r\n")
            if not piece.endswith(b"+"):
                wire.expect(rb"\+ ")
        wire.send(b"a " * (len(pieces) == 1) + pieces[-1] + b"\r\n")
        _, verdict = wire.until(rb"a ")
        self.assertTrue(verdict.startswith(b"a OK"), verdict)
        _, verdict = wire.command("b", b"SELECT INBOX")
        self.assertTrue(verdict.startswith(b"b OK"), verdict)
        wire.close()


class Authenticate(Imaplib):
    """The SASL mechanisms."""

    def test_plain_without_an_initial_response(self):
        gate, _ = self.start_both()
        for user, password in USERS.items():
            with self.subTest(user):
                mail = self.connect(gate)
                mail.authenticate("PLAIN", lambda _: (
                    "\0%s\0%s" % (user, password)).encode())
                self.selects(mail)

    def test_plain_with_an_initial_response(self):
        gate, _ = self.start_both()
        for user, password in USERS.items():
            with self.subTest(user):
                wire = self.wire(gate)
                wire.login(user, password)
                wire.close()

    def test_plain_may_name_the_same_user_twice(self):
        gate, _ = self.start_both()
        wire = self.wire(gate)
        wire.greeting()
        _, verdict = wire.command("a", b"AUTHENTICATE PLAIN " + plain_response(
            self.user, self.password, authzid=self.user))
        self.assertTrue(verdict.startswith(b"a OK"), verdict)

    def test_the_login_mechanism(self):
        gate, _ = self.start_both()
        for user, password in USERS.items():
            with self.subTest(user):
                answers = [user.encode(), password.encode()]
                mail = self.connect(gate)
                mail.authenticate("LOGIN", lambda _: answers.pop(0))
                self.selects(mail)

    @needs_gate
    def test_the_login_mechanism_with_an_initial_response(self):
        gate, _ = self.start_both()
        wire = self.wire(gate)
        wire.greeting()
        wire.send(b"a AUTHENTICATE LOGIN %s\r\n" %
                  base64.b64encode(self.user.encode()))
        wire.expect(rb"\+ ")
        wire.send(base64.b64encode(self.password.encode()) + b"\r\n")
        wire.until(rb"a OK")

    def test_an_asterisk_cancels_and_the_session_works_on(self):
        gate, _ = self.start_both()
        for mechanism in (b"PLAIN", b"LOGIN"):
            with self.subTest(mechanism):
                wire = self.wire(gate)
                wire.greeting()
                wire.send(b"a AUTHENTICATE " + mechanism + b"\r\n")
                wire.expect(rb"\+ ")
                wire.send(b"*\r\n")
                wire.expect(rb"a BAD")
                _, verdict = wire.command("b", b"LOGIN alice correct-horse")
                self.assertTrue(verdict.startswith(b"b OK"), verdict)

    @needs_gate
    def test_an_unknown_mechanism_gets_a_tagged_no(self):
        gate, _ = self.start_both()
        wire = self.wire(gate)
        wire.greeting()
        for name in (b"SCRAM-SHA-256-PLUS", b"GSSAPI", b"X-NONE"):
            _, verdict = wire.command("a", b"AUTHENTICATE " + name)
            self.assertTrue(verdict.startswith(b"a NO"), verdict)
        wire.command("b", b"NOOP")

    def test_a_wrong_password_is_answered_no_and_may_be_tried_again(self):
        gate, _ = self.start_both()
        mail = self.connect(gate)
        with self.assertRaisesRegex(imaplib.IMAP4.error,
                                    "AUTHENTICATIONFAILED"):
            mail.login(self.user, "wrong")
        mail.login(self.user, self.password)
        self.selects(mail)

    @needs_gate
    def test_unknown_user_and_wrong_password_get_the_same_answer(self):
        gate, _ = self.start_both()
        answers = set()
        for user in (self.user, "nobody-here"):
            wire = self.wire(gate)
            wire.greeting()
            answers.add(wire.command("a", b"LOGIN %s wrong" %
                                     user.encode())[1])
        self.assertEqual(answers, {b"a NO [AUTHENTICATIONFAILED] "
                                   b"Authentication failed.\r\n"})

    def test_the_login_ok_carries_the_true_capabilities(self):
        gate, _ = self.start_both()
        wire = self.wire(gate)
        _, verdict = wire.login(self.user, self.password)
        self.assertRegex(verdict, rb"^login OK \[CAPABILITY [^]]*IDLE")
        for word in (b"STARTTLS", b"LOGINDISABLED", b"COMPRESS"):
            self.assertNotIn(word, verdict)


class Mail(Imaplib):
    """What happens after login."""

    def test_idle_hears_of_a_new_message(self):
        gate, dovecot = self.start_both()
        wire = self.logged_in(gate)
        wire.command("a", b"SELECT INBOX")
        wire.send(b"b IDLE\r\n")
        wire.expect(rb"\+ ")
        dovecot.deliver(self.user, "Subject: news\n\nhello\n")
        wire.patience(40)  # without inotify Dovecot looks every 30 s
        wire.until(rb"\* 4 EXISTS")
        wire.send(b"DONE\r\n")
        wire.until(rb"b OK")
        lines, _ = wire.command("c", b"FETCH 4 BODY[HEADER.FIELDS (SUBJECT)]")
        self.assertIn(b"Subject: news", lines[0])

    def test_login_select_fetch_and_logout_in_one_write(self):
        gate, _ = self.start_both()
        wire = self.wire(gate)
        wire.greeting()
        wire.send(b"a LOGIN alice correct-horse\r\n"
                  b"b SELECT INBOX\r\n"
                  b"c FETCH 1:3 (UID BODY[])\r\n"
                  b"d LOGOUT\r\n")
        wire.until(rb"a OK")
        wire.until(rb"b OK")
        messages, _ = wire.until(rb"c OK")
        self.assertEqual(len(messages), 3)
        self.assertIn(b"body of sample message 3", messages[2])
        wire.until(rb"\* BYE")
        wire.until(rb"d OK")
        self.assertTrue(wire.ended())

    @needs_gate
    def test_commands_behind_a_failed_login_are_judged_anew(self):
        gate, _ = self.start_both()
        wire = self.wire(gate)
        wire.greeting()
        wire.send(b"a LOGIN alice wrong\r\n"
                  b"b SELECT INBOX\r\n"
                  b"c LOGIN alice correct-horse\r\n"
                  b"d SELECT INBOX\r\n")
        wire.expect(rb"a NO \[AUTHENTICATIONFAILED\]")
        wire.expect(rb"b BAD")
        wire.expect(rb"c OK")
        wire.until(rb"d OK")

    def test_append_with_every_form_of_literal(self):
        gate, _ = self.start_both()
        wire = self.logged_in(gate)
        wire.send(b"a APPEND INBOX (\\Seen) {12}\r\n")
        wire.expect(rb"\+ ")
        wire.send(b"Subject: a\r\n\r\n")
        wire.until(rb"a OK")
        wire.send(b"b APPEND INBOX {12+}\r\nSubject: b\r\n\r\n")
        wire.until(rb"b OK")
        wire.send(b"c APPEND {5+}\r\nINBOX {12}\r\n")
        wire.expect(rb"\+ ")
        wire.send(b"Subject: c\r\n\r\n")
        wire.until(rb"c OK")
        lines, _ = wire.command("d", b"STATUS INBOX (MESSAGES)")
        self.assertIn(b"MESSAGES 6", lines[0])

    def test_an_append_in_many_small_writes(self):
        gate, _ = self.start_both()
        wire = self.logged_in(gate)
        text = b"Subject: slow\r\n\r\n" + b"0123456789\r\n" * 20
        wire.send(b"a APPEND INBOX {%d}\r\n" % len(text))
        wire.expect(rb"\+ ")
        for at in range(0, len(text), 7):
            wire.send(text[at:at + 7])
        wire.send(b"\r\n")
        wire.until(rb"a OK")
        wire.command("b", b"SELECT INBOX")
        lines, _ = wire.command("c", b"FETCH 4 BODY[]")
        self.assertIn(text, lines[0])

    def test_two_hundred_commands_in_one_write_are_answered_in_order(self):
        gate, _ = self.start_both()
        wire = self.logged_in(gate)
        wire.send(b"".join(b"t%d NOOP\r\n" % n for n in range(200)))
        for n in range(200):
            wire.until(rb"t%d OK" % n)

    def test_logout_ends_with_close_notify(self):
        gate, _ = self.start_both()
        wire = self.logged_in(gate)
        wire.sock.suppress_ragged_eofs = False
        wire.send(b"a LOGOUT\r\n")
        wire.until(rb"a OK")
        # recv() gives b"" at close_notify and raises at a bare FIN.
        self.assertEqual(wire.sock.recv(1), b"")


class Sampler:
    """The most memory the process held while the block ran."""

    def __init__(self, pid):
        self.pid = pid
        self.before = self.most = memory(pid)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        self.thread.join()

    def growth(self):
        return self.most - self.before

    def _watch(self):
        while not self.over.wait(0.02):
            self.most = max(self.most, memory(self.pid))


class BigMail(Imaplib):
    """100 MB in and out again, bit by bit the same, in constant memory."""

    SIZE = 100 * MEGABYTE
    GROWTH_MAX = 40 * MEGABYTE

    def big_message(self):
        lines = base64.encodebytes(os.urandom(self.SIZE * 3 // 4))
        return (b"Subject: big\r\n\r\n" + lines.replace(b"\n", b"\r\n"))

    def transfers(self, gate):
        message = self.big_message()
        mail = self.connect(gate)
        mail.login(self.user, self.password)
        self.assertEqual(mail.append("INBOX", None, None, message)[0], "OK")
        mail.select("INBOX")
        _, data = mail.fetch("4", "(BODY.PEEK[])")
        self.assertEqual(hashlib.sha256(data[0][1]).hexdigest(),
                         hashlib.sha256(message).hexdigest())
        mail.logout()

    @seconds(240)
    def test_100_mb_appended_and_fetched_compare_by_sha_256(self):
        gate, _ = self.start_both()
        if DIRECT:
            return self.transfers(gate)
        with Sampler(gate.relay()) as relay, Sampler(gate.pid) as keeper:
            self.transfers(gate)
        self.assertLess(relay.growth(), self.GROWTH_MAX)
        self.assertLess(keeper.growth(), self.GROWTH_MAX)

    @needs_gate
    @seconds(240)
    def test_a_client_that_does_not_read_costs_no_memory(self):
        gate, _ = self.start_both()
        message = self.big_message()
        mail = self.connect(gate)
        mail.login(self.user, self.password)
        mail.append("INBOX", None, None, message)
        wire = self.logged_in(gate)
        wire.command("a", b"SELECT INBOX")
        with Sampler(gate.relay()) as relay:
            wire.send(b"b FETCH 4 BODY.PEEK[]\r\n")
            time.sleep(3)
            self.assertLess(relay.growth(), self.GROWTH_MAX)
            wire.patience(60)
            lines, _ = wire.until(rb"b OK")
        self.assertIn(message, lines[0])
