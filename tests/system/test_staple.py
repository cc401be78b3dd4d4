# SPDX-License-Identifier: GPL-3.0-or-later
"""OCSP responses that are sent with the certificate."""

import os

from fake import Backend
from gate import Case, needs, needs_gate, wait_until

VERSIONS = ("1.2", "1.3")
GOOD = b"Cert Status: good"
NONE = b"OCSP response: no response sent"


@needs_gate
class Staple(Case):
    def setUp(self):
        super().setUp()
        self.backend = self.keep(Backend())
        self.ca = os.path.splitext(self.certs.ca)[0]

    def gate_with(self, staple=True):
        """A gate whose chain has the issuer, and what lies beside it."""
        gate = self.make_gate(self.backend)
        with open(gate.chain, "a") as chain, open(self.certs.ca) as ca:
            chain.write(ca.read())
        self.staple = gate.chain + ".ocsp"
        if staple:
            self.respond()
            gate.change({"certificates": [{
                "chain": gate.chain, "key": gate.key,
                "staple": self.staple}]})
        return gate

    def respond(self, status="V", name="leaf", when=(), days=8):
        """Has the tests' CA write a response, `when` by faketime."""
        leaf = self.certs.chain(name)
        serial = self.succeeds("openssl", "x509", "-in", leaf, "-noout",
                               "-serial").decode().strip().partition("=")[2]
        index, asked = self.staple + ".index", self.staple + ".request"
        with open(index, "w") as f:
            f.write("\t".join([status[0], "491231235959Z", status[1:], serial,
                               "unknown", "/CN=x"]) + "\n")
        self.succeeds("openssl", "ocsp", "-issuer", self.certs.ca, "-cert",
                      leaf, "-no_nonce", "-reqout", asked)
        self.succeeds(*when, "openssl", "ocsp", "-index", index, "-CA",
                      self.certs.ca, "-rsigner", self.certs.ca, "-rkey",
                      self.ca + ".key", "-reqin", asked, "-respout",
                      self.staple + ".new", "-ndays", str(days))
        os.rename(self.staple + ".new", self.staple)

    def visit(self, gate, version, *arguments):
        said = self.run_program(
            "sh", "-c", "echo 'a LOGOUT' | openssl s_client -tls%s -crlf "
            "-ign_eof -CAfile %s -connect localhost:%d %s" % (
                version.replace(".", "_"), self.certs.ca, gate.port,
                " ".join(arguments))).stdout
        self.assertIn(b"a OK", said)
        return said

    def sends(self, gate, expected):
        for version in VERSIONS:
            with self.subTest((version, expected)):
                self.assertIn(expected, self.visit(gate, version, "-status"))
                self.visit(gate, version)

    def test_clients_that_ask_get_it(self):
        self.sends(self.gate_with().start(), GOOD)

    def test_where_there_is_none_clients_go_without(self):
        self.sends(self.gate_with(staple=False).start(), NONE)

    def test_clients_that_ask_and_resume_are_served(self):
        gate = self.gate_with().start()
        ticket = os.path.join(self.folder, "ticket")
        for version in VERSIONS:
            self.visit(gate, version, "-status", "-sess_out", ticket)
            self.assertIn(b"Reused", self.visit(
                gate, version, "-status", "-sess_in", ticket))

    def test_a_bad_response_is_not_sent_and_told(self):
        gate = self.gate_with()
        self.respond("R261101000000Z,keyCompromise")
        gate.start()
        self.sends(gate, NONE)
        self.assertIn("revoked the certificate", gate.stderr())
        for change, said in (
                (lambda: self.respond(name="second"), "another certificate"),
                (lambda: os.truncate(self.staple, 100), "no OCSP response")):
            change()
            gate.reload()
            wait_until(said, lambda said=said: said in gate.stderr())
            self.sends(gate, NONE)
        self.respond()
        gate.reload()
        self.sends(gate, GOOD)

    @needs("faketime")
    def test_a_stale_response_is_not_sent_and_an_old_one_is_told(self):
        gate = self.gate_with()
        self.respond(when=("faketime", "-f", "-9d"))
        gate.start()
        self.sends(gate, NONE)
        self.assertIn("it ended on", gate.stderr())
        self.respond(when=("faketime", "-f", "-7d"))
        gate.reload()
        self.sends(gate, GOOD)
        wait_until("a warning", lambda: "quarter" in gate.stderr())

    @needs("gnutls-cli")
    def test_gnutls_takes_it(self):
        gate = self.gate_with().start()
        for version in VERSIONS:
            said = self.run_program(
                "sh", "-c", "echo 'a LOGOUT' | gnutls-cli --priority "
                "NORMAL:-VERS-ALL:+VERS-TLS%s --x509cafile %s -p %d localhost"
                % (version, self.certs.ca, gate.port)).stdout
            self.assertIn(b"OCSP status request", said)
            self.assertIn(b"The certificate is trusted", said)
