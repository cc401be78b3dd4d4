# SPDX-License-Identifier: GPL-3.0-or-later
"""Every client meets every fault, and the event names the cause (table.py)."""

import os
import re
import time

from case import PkiCase, full
from drivers import CLIENTS
from fake import Backend
from gate import needs_gate, seconds, wait_until
from table import COLUMNS, rows

CELL = re.compile(r"(p|late)?(\d+)\Z")
LEFT = {"eof", "reset"}
# What it is that a cell stands for: (signals, stage).
WORDS = {"close": ({"close_notify"}, "greeting"),
         "gone": (LEFT, "greeting"),
         "cut": (LEFT, "handshake")}
KINDS = {None: ({"alert"}, "handshake"),
         "p": ({"plaintext_alert"}, "handshake"),
         "late": ({"alert"}, "greeting")}


def reading(cell):
    """(signals, stage, alert) that the event may have."""
    if cell in WORDS:
        return (*WORDS[cell], None)
    kind, alert = CELL.match(cell).groups()
    return (*KINDS[kind], int(alert))


class Matrix(PkiCase):
    def visit(self, gate, client, version):
        return self.session_of(gate, lambda: client.visit(gate.port, version))

    def present(self, gate, name):
        gate.present(name)
        self.assertEqual(gate.reload()["event.outcome"], "success")

    def witness(self, events):
        """The one event that says why the client did not stay, or None."""
        told = [e for e in events if "imapward.tls.signal" in e]
        self.assertLessEqual(len(told), 1, events)
        return told[0] if told else None

    def accepted(self, events):
        self.assertIsNone(self.witness(events), events)
        tls, = [e for e in events if e["event.action"] == "tls"]
        self.assertEqual(tls["event.outcome"], "success", tls)

    def refused(self, events, cell, cause, family):
        event = self.witness(events)
        self.assertIsNotNone(event, events)
        signals, stage, alert = reading(cell)
        self.assertIn(event["imapward.tls.signal"], signals, event)
        self.assertEqual(event["imapward.tls.stage"], stage, event)
        self.assertEqual(event.get("imapward.tls.alert_received"), alert,
                         event)
        self.assertEqual(event["imapward.tls.family"], family, event)
        self.assertEqual(event["imapward.tls.causes"][0], cause, event)

    def client(self, name):
        missing = CLIENTS[name].missing()
        if missing:
            self.skipTest("not installed: " + " ".join(missing))
        return CLIENTS[name](self.folder_for(name), self.certs.ca)

    def gate(self):
        gate = self.make_gate(self.keep(Backend()))
        gate.change({"certificates": [
            {"chain": gate.chain, "key": gate.key, "faults": "serve"}]})
        return gate.start()

    def meets(self, name, version, columns=COLUMNS):
        client, gate = self.client(name), self.gate()
        self.accepted(self.visit(gate, client, version))
        for column in columns:
            certificate, cause = COLUMNS[column]
            cell = rows()[name, version][column]
            self.present(gate, certificate)
            with self.subTest(column):
                events = self.visit(gate, client, version)
                if cell == "-":
                    self.accepted(events)
                else:
                    self.refused(events, cell, cause, client.family)


def with_every_row(case):
    """A test for each row of the table."""
    def test_of(name, version):
        return seconds(300)(lambda self: self.meets(name, version))

    for name, version in rows():
        setattr(case, "test_%s_meets_every_fault_in_tls_%s" % (
            name, version.replace(".", "_")), test_of(name, version))
    return case


@full
@needs_gate
@with_every_row
class Everything(Matrix):
    pass


@needs_gate
class Some(Matrix):
    """Those rows, or parts of them, that differ most."""

    def test_openssl_says_in_clear_what_it_minds(self):
        self.meets("openssl", "1.3", ["expired", "host", "unknown", "alone"])

    def test_curl_is_silent_about_names_only(self):
        self.meets("curl", "1.2", ["early", "host", "self"])

    def test_python_tells_as_openssl_does(self):
        self.meets("python", "1.3", ["early", "usage", "sha1", "rsa1024"])

    def test_mbsync_goes_without_a_word(self):
        self.meets("mbsync", "1.3", ["expired", "host"])

    def test_mutt_goes_when_the_user_says_no(self):
        self.meets("mutt", "1.3", ["expired", "self"])

    def test_a_user_who_reads_the_warning_first_is_told_from_a_program(self):
        client, gate = self.client("mutt"), self.gate()
        client.reads_s = 3
        self.present(gate, "wrong-host")
        event = self.witness(self.visit(gate, client, "1.3"))
        self.assertEqual(event["imapward.tls.causes"],
                         ["name_mismatch", "user_declined"], event)

    def test_a_certificate_may_expire_while_it_is_served(self):
        name = "brief-%d" % os.getpid()
        end = self.certs.brief(name, 4)
        client, gate = self.client("openssl"), self.gate()
        self.present(gate, name)
        self.accepted(self.visit(gate, client, "1.2"))
        wait_until("it has expired", lambda: time.time() > end + 1)
        self.refused(self.visit(gate, client, "1.2"), "45",
                     "certificate_expired", client.family)
