# SPDX-License-Identifier: GPL-3.0-or-later
"""In front of Dovecot 2.3: what its settings do to a gate.

tests/system has the mail programs.
"""

import time

import dovecot
import suite
from dovecot import USERS


class Dovecot(dovecot.Dovecot):
    """With lines of configuration of one's own behind the rest."""

    users = USERS

    def __init__(self, folder, certs, lines=""):
        self.lines = lines
        super().__init__(folder, certs)

    def _write_config(self, certs):
        super()._write_config(certs)
        with open(self.folder + "/dovecot.conf", "a") as f:
            f.write(self.lines)


# As if the gate were on another machine: not the address it connects from.
ELSEWHERE = "listen = 127.0.0.1, 127.0.0.2\n"
PENALTY = """service anvil {
  unix_listener anvil-auth-penalty {
    mode = %s
  }
}
"""


class Settings(suite.Settings):
    server = Dovecot

    def start_server(self, lines=""):
        folder = self.new_folder("server%d" % len(self.servers))
        return self.keep(Dovecot(folder, self.certs, lines)).start()

    def start_elsewhere(self, lines):
        server = self.start_server(ELSEWHERE + lines)
        gate = self.make_gate(server)
        gate.change({"backends": [dict(gate.config["backends"][0],
                                       address="127.0.0.2")]})
        return gate.start()

    def test_disable_plaintext_auth_is_told_of(self):
        gate = self.start_elsewhere("disable_plaintext_auth = yes\n")
        self.assertRegex(self.log_in(gate), rb"^a NO \[UNAVAILABLE\]")
        event = gate.event("login", event_outcome="failure")
        self.assertRegex(event["event.reason"],
                         "LOGINDISABLED.*disable_plaintext_auth = no")

    def test_login_trusted_networks_are_spared_it(self):
        gate = self.start_elsewhere("disable_plaintext_auth = yes\n"
                                    "login_trusted_networks = 127.0.0.1\n")
        self.assertRegex(self.log_in(gate), rb"^a OK")

    def test_mail_max_userip_connections_counts_the_gate_as_one_address(self):
        self.refuses(b"LIMIT", "refused by the backend",
                     lines="mail_max_userip_connections = 3\n", after=3)

    def test_failed_logins_of_one_delay_all_by_the_auth_penalty(self):
        def delay(lines):
            gate = self.start_gate(self.start_server(lines))
            wire = self.wire(gate)
            wire.greeting()
            wire.command("a", b"LOGIN mallory wrong")
            wire.command("b", b"LOGIN mallory wronger")
            begin = time.monotonic()
            self.assertRegex(self.log_in(gate), b"^a OK")
            return time.monotonic() - begin
        self.assertGreater(delay(PENALTY % "0600"), 1.5)
        self.assertLess(delay(PENALTY % "0"), 1.5)
