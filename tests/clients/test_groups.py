# SPDX-License-Identifier: GPL-3.0-or-later
"""Key exchange with real peers: post-quantum where it can be had."""

import subprocess

import newer
from case import PkiCase, full
from fake import Backend
from gate import needs, needs_gate
from wire import PATIENCE

HYBRID = "X25519MLKEM768"


@needs("openssl")
@needs_gate
class Groups(PkiCase):
    def setUp(self):
        super().setUp()
        self.gate = self.start_gate(self.keep(Backend()))

    def newer_openssl(self):
        try:
            return newer.openssl()
        except newer.Missing as e:
            self.skipTest(str(e))

    def group_with(self, openssl, *options):
        """What the event says; None without a handshake."""
        events = self.session_of(self.gate, lambda: subprocess.run(
            [*openssl, "s_client", "-connect", "localhost:%d" %
             self.gate.port, "-servername", "localhost", "-CAfile",
             self.certs.ca, "-verify_return_error", "-quiet", *options],
            input=b"a LOGOUT\r\n", capture_output=True, timeout=PATIENCE))
        told = [e for e in events if e["event.action"] == "tls"]
        self.assertEqual(len(told), 1, events)
        if told[0]["event.outcome"] != "success":
            return None
        return told[0]["tls.curve"]

    @full
    def test_a_later_openssl_gets_the_hybrid_without_asking(self):
        self.assertEqual(self.group_with(self.newer_openssl()), HYBRID)

    @full
    def test_the_hybrid_alone_is_enough(self):
        later = self.newer_openssl()
        self.assertEqual(self.group_with(later, "-groups", HYBRID), HYBRID)

    @full
    def test_the_hybrid_is_asked_for_when_another_share_came_first(self):
        """The gate says HelloRetryRequest for it? Not when the share serves."""
        later = self.newer_openssl()
        for groups, group in (("X25519:" + HYBRID, "X25519"),
                              ("P-521:" + HYBRID, HYBRID)):
            with self.subTest(groups):
                self.assertEqual(self.group_with(later, "-groups", groups),
                                 group)

    @full
    def test_the_hybrid_is_of_tls_1_3_only(self):
        later = self.newer_openssl()
        self.assertEqual(self.group_with(later, "-tls1_2"), "X25519")

    def test_todays_openssl_falls_back_to_x25519(self):
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version):
                self.assertEqual(self.group_with(["openssl"], version),
                                 "X25519")

    def test_each_other_group_is_spoken_and_no_other(self):
        # In TLS 1.2 the list is for the curve of an ECDSA certificate too.
        self.gate.present("rsa")
        self.gate.reload()
        for group, told in (("P-256", "SECP256R1"), ("P-384", "SECP384R1"),
                            ("P-521", None), ("X448", None)):
            for version in ("-tls1_2", "-tls1_3"):
                with self.subTest((group, version)):
                    self.assertEqual(
                        self.group_with(["openssl"], version, "-groups",
                                        group), told)
