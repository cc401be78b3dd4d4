# SPDX-License-Identifier: GPL-3.0-or-later
"""In front of Courier 5: no SASL in clear, no LITERAL+, no ID."""

import suite
from chroots import needs_chroots
from courier import Courier


def only_plain(self):
    """Courier says no mechanism; the gate adds PLAIN, and says it by LOGIN."""
    gate, _ = self.start_both()
    base = "imaps://localhost:%d/" % gate.port
    self.assertIn(b"INBOX", self.curl(base, "--login-options", "AUTH=PLAIN"))


suite.clients(Courier, globals(),
              test_curl_logs_in_by_each_mechanism=only_plain)


@needs_chroots
class Settings(suite.Settings):
    server = Courier

    def test_imap_tls_required_is_told_of(self):
        self.refuses(b"UNAVAILABLE", "LOGINDISABLED.*Courier: "
                     "IMAP_TLS_REQUIRED=0", IMAP_TLS_REQUIRED="1")

    def test_maxperip_counts_the_gate_as_one_address(self):
        self.refuses(b"UNAVAILABLE", "closed before it was ready", after=4,
                     MAXPERIP="4")

    def test_imapaccess_lifts_maxperip_for_the_gate_alone(self):
        self.allows(8, MAXPERIP="4", access="127\tallow,MAXCPERIP=100\n")

    def test_maxdaemons_lets_the_next_one_wait(self):
        self.refuses(b"UNAVAILABLE", "greet|time", after=4, MAXDAEMONS="4",
                     change={"timeouts": {"greeting": "1s"}})
