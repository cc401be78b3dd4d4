# SPDX-License-Identifier: GPL-3.0-or-later
"""In front of Cyrus 3.6."""

import suite
from chroots import needs_chroots
from cyrus import Cyrus

suite.clients(Cyrus, globals())


@needs_chroots
class Settings(suite.Settings):
    server = Cyrus

    def test_allowplaintext_no_is_told_of(self):
        self.refuses(b"UNAVAILABLE", "LOGINDISABLED.*Cyrus: allowplaintext: "
                     "yes", allowplaintext="no")

    def test_tls_required_is_told_of(self):
        self.refuses(b"UNAVAILABLE", "LOGINDISABLED", tls_required="yes")

    def test_maxlogins_per_host_counts_the_gate_as_one_host(self):
        # Cyrus says NO without a code: to the gate, a wrong password.
        self.refuses(b"AUTHENTICATIONFAILED", "wrong credentials", after=3,
                     maxlogins_per_host=3)
        self.allows(6, maxlogins_per_host=0)

    def test_loginrealms_names_the_domains_of_users_with_one(self):
        gate = self.start_gate(self.start_server(loginrealms="example.com"))
        self.assertRegex(self.log_in(gate, "carol@example.org"), b"^a NO")
        self.assertRegex(self.log_in(gate), b"^a OK")

    def test_a_capability_list_that_says_logindisabled_after_login(self):
        gate = self.start_gate(self.start_server())
        wire = self.logged_in(gate)
        lists = [wire.command("c", b"CAPABILITY")[0][0], self.log_in(gate)]
        for words in lists:
            self.assertIn(b" QRESYNC ", words)
            for word in (b"LOGINDISABLED", b"COMPRESS", b"REFERRALS"):
                self.assertNotIn(word, words)
