# SPDX-License-Identifier: GPL-3.0-or-later
"""Hellos of clients that are right, but not like most of them."""

import os

from case import PkiCase
from fake import Backend
from gate import needs_gate
from hello import (ALERT, BASICS, GOOD, GOOD_13, HANDSHAKE, TLS13, answer,
                   chosen, client_hello, extension, tls13)

GREASE = 0x2a2a
TLS12_VERSION = 0x0303  # what a ServerHello says in 1.3 too


@needs_gate
class Hellos(PkiCase):
    def setUp(self):
        super().setUp()
        self.gate = self.start_gate(self.keep(Backend()))

    def served(self, suites, extensions):
        """The suite that was chosen."""
        kind, body = answer(self.gate.port, client_hello(suites, extensions))
        self.assertEqual(kind, HANDSHAKE, body)
        version, suite, _ = chosen(body)
        self.assertEqual(version, TLS12_VERSION)
        return suite

    def test_every_cipher_suite_there_is_may_be_listed(self):
        """As scanners do; all but a few are unknown to us."""
        old = [*range(0x0001, 0x00c8), *range(0xc001, 0xc0b6)]
        many = [*old, *sorted(GOOD | GOOD_13)]
        self.assertGreater(len(many), 380)
        self.assertIn(self.served(many, BASICS), GOOD)
        self.assertIn(self.served(many, BASICS + TLS13), GOOD_13)

    def test_values_that_nobody_knows_are_passed_over(self):
        """RFC 8701: clients add such, lest servers forget to."""
        for more, good in ((b"", GOOD), (TLS13, GOOD_13)):
            suite = self.served(
                [GREASE, *sorted(good), 0xfafa], extension(GREASE, b"") +
                BASICS + more + extension(0x3a3a, b"\0"))
            self.assertIn(suite, good)

    def test_the_highest_bit_of_an_x25519_key_means_nothing(self):
        """RFC 7748 section 5. sslscan sends random bytes."""
        for last in (b"\x21", b"\xa1"):
            with self.subTest(last):
                self.assertIn(self.served(sorted(GOOD_13), BASICS + tls13(
                    os.urandom(31) + last)), GOOD_13)
        for low in (b"\0", b"\1"):  # of small order, whatever that bit says
            for last in (b"\0", b"\x80"):
                with self.subTest(low + last):
                    kind, _ = answer(self.gate.port, client_hello(
                        sorted(GOOD_13), BASICS + tls13(
                            low + bytes(30) + last)))
                    self.assertEqual(kind, ALERT)
