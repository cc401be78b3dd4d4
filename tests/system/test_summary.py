# SPDX-License-Identifier: GPL-3.0-or-later
"""What the end of a session says was done is what the server counted, too."""

import imaplib
import os
import re
import subprocess
import time

from dovecot import MESSAGE, PASSWORD, USER
from gate import Case, needs, needs_gate, wait_until

BIG = 300 * 1024
COUNTED = re.compile(r"imap\(%s\).*? in=(\d+) out=(\d+) deleted=(\d+) "
                     r"expunged=(\d+) trashed=\d+ hdr_count=(\d+) "
                     r"hdr_bytes=(\d+) body_count=(\d+) body_bytes=(\d+)" %
                     USER)
NAMES = ("in", "out", "deleted", "expunged", "hdr_count", "hdr_bytes",
         "body_count", "body_bytes")


def verbs(event):
    """{"FETCH": 12, ...}"""
    pairs = (text.rsplit(" ", 1)
             for text in event.get("imapward.commands_by_verb", ()))
    return {verb: int(times) for verb, times in pairs}


class Summary(Case):
    def counted(self, dovecot, sessions=1):
        """What Dovecot says of its sessions, each a dictionary."""
        def lines():
            with open(dovecot.log, errors="replace") as f:
                found = COUNTED.findall(f.read())
            return len(found) >= sessions and found

        return [dict(zip(NAMES, map(int, numbers)))
                for numbers in wait_until("Dovecot has logged it", lines)]

    def in_sum(self, dovecot, events, name):
        return sum(c[name] for c in self.counted(dovecot, len(events)))

    def same_as_counted(self, dovecot, events, moved=0):
        """Texts of messages: as many bytes as Dovecot has sent of them. What
        was moved away it does not count as expunged, but tells so."""
        self.assertEqual(sum(e["imapward.fetch.bytes"] for e in events),
                         self.in_sum(dovecot, events, "hdr_bytes") +
                         self.in_sum(dovecot, events, "body_bytes"))
        self.assertEqual(sum(e["imapward.expunged"] for e in events),
                         self.in_sum(dovecot, events, "expunged") + moved)


@needs_gate
class Dovecots(Summary):
    """The raw client: each number is known beforehand."""

    def setUp(self):
        super().setUp()
        self.gate, self.dovecot = self.start_both(messages=5)
        self.box = self.logged_in(self.gate)

    def ok(self, text):
        lines, verdict = self.box.command("x", text)
        self.assertIn(b"x OK", verdict)
        return b"".join(lines)

    def append(self, mailbox, *messages):
        command = b"y APPEND " + mailbox
        for message in messages:
            self.box.send(command + b" {%d+}\r\n" % len(message))
            command = message
        self.box.send(command + b"\r\n")
        return self.box.until(rb"y ")[1]

    def end(self):
        self.box.send(b"z LOGOUT\r\n")
        self.box.rest()
        return self.gate.event("connection")

    def test_each_number_is_dovecots(self):
        big = b"Subject: big\r\n\r\n" + b"x" * BIG
        self.ok(b'ID ("name" "wire" "version" "1.0" "os" "none" "vendor" NIL)')
        self.ok(b"EXAMINE INBOX")
        self.ok(b"SELECT inbox")
        self.ok(b'CREATE "Entw&APw-rfe"')
        self.ok(b'SELECT "Entw&APw-rfe"')
        self.ok(b"SELECT {5+}\r\nINBOX (CONDSTORE)")
        self.assertIn(b"y OK", self.append(b'"Entw&APw-rfe"', b"A: b\r\n\r\nc"))
        self.assertIn(b"y OK", self.append(b"INBOX", big, b"A: b\r\n\r\nd"))
        self.assertIn(b"y NO", self.append(b"missing", b"A: b\r\n\r\ne"))
        self.ok(b"FETCH 1:* FLAGS")
        self.ok(b"FETCH 1:3 BODY.PEEK[HEADER]")
        self.ok(b"UID FETCH 1:* BODY.PEEK[]")
        self.ok(b"FETCH 2 (BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY.PEEK[TEXT])")
        self.ok(b"FETCH 6 BODY.PEEK[]<100.5000>")
        self.ok(b"FETCH 1 ENVELOPE")
        self.ok(b"STORE 1:2 +FLAGS (\\Deleted)")
        self.ok(b"EXPUNGE")
        self.ok(b"COPY 1 \"Entw&APw-rfe\"")
        self.ok(b"UID MOVE 3 \"Entw&APw-rfe\"")
        event = self.end()

        counted = self.counted(self.dovecot)[0]
        self.same_as_counted(self.dovecot, [event], moved=1)
        self.assertEqual(counted["expunged"], 2)
        self.assertEqual(event["imapward.append.messages"], 3)
        # Dovecot says no before it has seen the third one's text.
        self.assertIn(event["imapward.append.bytes"],
                      (len(big) + 2 * 9, len(big) + 3 * 9))
        # Texts: 3 headers, 7 messages, 1 with two literals, 1 in part.
        self.assertEqual(event["imapward.fetch.messages"], 12)
        self.assertEqual(counted["hdr_count"] + counted["body_count"],
                         3 + 7 + 2 + 1)
        # Flags of 7, the envelope, what STORE and MOVE told.
        self.assertGreaterEqual(event["imapward.fetch.responses"],
                                12 + 7 + 1 + 2)
        self.assertEqual(event["imapward.mailboxes.opened"], 4)
        self.assertEqual(event["imapward.mailboxes.selected"],
                         ["INBOX", "Entwürfe"])
        self.assertEqual(event["imapward.mailboxes.examined"], ["INBOX"])
        self.assertEqual(verbs(event), {
            "ID": 1, "EXAMINE": 1, "SELECT": 3, "CREATE": 1, "APPEND": 3,
            "FETCH": 6, "STORE": 1, "EXPUNGE": 1, "COPY": 1, "MOVE": 1,
            "LOGOUT": 1})
        self.assertIs(event["imapward.logout"], True)
        self.assertEqual(event["user_agent.name"], "wire")
        self.assertEqual(event["user_agent.os.name"], "none")
        self.assertNotIn("imapward.client.vendor", event)
        # The gate adds its own words at login, and takes none away.
        self.assertGreaterEqual(event["destination.bytes"],
                                counted["out"])

    def test_what_vanishes_is_counted(self):
        self.ok(b"ENABLE QRESYNC")
        self.ok(b"SELECT INBOX")
        self.ok(b"UID STORE 2:4 +FLAGS.SILENT (\\Deleted)")
        told = self.ok(b"EXPUNGE")
        self.assertIn(b"* VANISHED 2:4", told)
        event = self.end()
        self.assertEqual(event["imapward.expunged"], 3)
        self.same_as_counted(self.dovecot, [event])

    def test_the_time_in_idle_is_told(self):
        self.ok(b"SELECT INBOX")
        self.box.send(b"i IDLE\r\n")
        self.box.expect(rb"\+ ")
        time.sleep(1.0)
        self.dovecot.deliver(USER, MESSAGE.format(user=USER, number=6))
        self.box.until(rb"\* 6 EXISTS")
        self.box.send(b"DONE\r\n")
        self.box.until(rb"i OK")
        event = self.end()
        self.assertGreaterEqual(event["imapward.idle.duration"], 10**9)
        self.assertLessEqual(event["imapward.idle.duration"],
                             event["event.duration"])

    def test_a_client_that_drops_dead_is_told_apart(self):
        self.ok(b"SELECT INBOX")
        self.append(b"INBOX", b"A: b\r\n\r\n" + b"x" * BIG)
        self.box.send(b"a FETCH 6 BODY[]\r\n")
        self.box.expect(rb"\* 6 FETCH")
        self.box.reset()
        event = self.gate.event("connection")
        self.assertIs(event["imapward.logout"], False)
        self.assertEqual(event["imapward.fetch.messages"], 1)
        self.assertEqual(event["imapward.append.messages"], 1)
        self.assertEqual(event["imapward.mailboxes.selected"], ["INBOX"])


@needs_gate
class Clients(Summary):
    """Unchanged mail programs."""

    def ended(self, gate, least=1):
        """The events of sessions that had logged in."""
        def events():
            found = [e for e in gate.events("connection")
                     if "imapward.logout" in e]
            return len(found) >= least and found

        return wait_until("sessions are over", events)

    def test_pythons(self):
        gate, dovecot = self.start_both()
        client = imaplib.IMAP4_SSL("localhost", gate.port, ssl_context=self.tls)
        client.login(USER, PASSWORD)
        client.select("INBOX")
        client.append("INBOX", None, None, b"Subject: x\r\n\r\nuploaded\r\n")
        client.fetch("1:*", "(RFC822)")
        client.store("1", "+FLAGS", "\\Deleted")
        client.close()
        client.logout()
        event = self.ended(gate)[0]
        self.assertEqual(event["imapward.fetch.messages"], 4)
        self.assertEqual(event["imapward.append.messages"], 1)
        self.assertEqual(verbs(event)["CLOSE"], 1)
        # CLOSE removes without a word.
        self.assertEqual(event["imapward.expunged"], 0)
        self.assertEqual(event["imapward.fetch.bytes"],
                         self.in_sum(dovecot, [event], "body_bytes"))

    @needs("curl")
    def test_curls(self):
        gate, dovecot = self.start_both()
        draft = os.path.join(self.folder, "draft")
        with open(draft, "w", newline="") as f:
            f.write("Subject: uploaded\r\n\r\nby curl\r\n")
        url = "imaps://localhost:%d/INBOX" % gate.port
        for more in ((url + ";MAILINDEX=2",), (url, "-T", draft)):
            self.succeeds("curl", "-sS", "--max-time", "20", "--cacert",
                          self.certs.ca, "-u", USER + ":" + PASSWORD, *more)
        events = self.ended(gate, 2)
        self.same_as_counted(dovecot, events)
        self.assertEqual(events[0]["imapward.fetch.messages"], 1)
        self.assertEqual(events[1]["imapward.append.messages"], 1)
        self.assertEqual(events[1]["imapward.append.bytes"],
                         os.path.getsize(draft))

    @needs("mbsync")
    def test_mbsyncs(self):
        gate, dovecot = self.start_both(messages=20)
        local = self.new_folder("mail")
        with open(os.path.join(self.folder, "mbsyncrc"), "w") as f:
            f.write("IMAPAccount gate\nHost localhost\nPort %d\nUser %s\n"
                    "Pass %s\nSSLType IMAPS\nCertificateFile %s\n\n"
                    "IMAPStore far\nAccount gate\n\n"
                    "MaildirStore near\nPath %s/\nInbox %s/INBOX\n\n"
                    "Channel all\nFar :far:\nNear :near:\nPatterns INBOX\n"
                    "Create Near\nExpunge Both\nSyncState *\n" %
                    (gate.port, USER, PASSWORD, self.certs.ca, local, local))
        subprocess.run(["mbsync", "-c", f.name, "all"], check=True,
                       capture_output=True, timeout=30)
        events = self.ended(gate)
        self.assertEqual(events[0]["imapward.fetch.messages"], 20)
        self.same_as_counted(dovecot, events)
        self.assertIs(events[0]["imapward.logout"], True)
        self.assertEqual(events[0]["imapward.mailboxes.selected"], ["INBOX"])
