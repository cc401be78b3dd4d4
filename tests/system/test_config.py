# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong before the start is said in one clear line, with its exit code."""

import os
import re
import shutil
import socket
import subprocess
import textwrap
import unittest

from gate import IMAPWARD, TOP, Case, merge, needs_gate, to_yaml
from ports import free_port
from processes import am_root, as_nobody

GOOD, BAD_CONFIGURATION, CANNOT_RUN, USAGE = 0, 2, 3, 64


class Command(Case):
    def imapward(self, *arguments, prefix=(), **more):
        """Runs imapward; (exit code, stdout, stderr)."""
        done = subprocess.run([*prefix, IMAPWARD, *arguments], text=True,
                              capture_output=True, timeout=20,
                              stdin=subprocess.DEVNULL, **more)
        return done.returncode, done.stdout, done.stderr

    def refused(self, code, arguments, *words, prefix=()):
        """One line on stderr that has all the words, nothing on stdout."""
        got, out, err = self.imapward(*arguments, prefix=prefix)
        self.assertEqual(got, code, err)
        self.assertEqual(out, "")
        self.assertEqual(err.count("\n"), 1, err)
        self.assertRegex(err, r"^imapward: ")
        for word in words:
            self.assertIn(word, err)
        return err


@needs_gate
class Check(Command):
    """imapward config check."""

    def setUp(self):
        super().setUp()
        self.gate = self.make_gate(free_port())
        self.path = self.gate.config_path

    def bad(self, text, *words):
        with open(self.path, "w") as f:
            f.write(text)
        for command in (["config", "check", self.path],
                        ["run", "-c", self.path]):
            self.refused(BAD_CONFIGURATION, command, self.path, *words)

    def bad_value(self, change, *words):
        self.bad(to_yaml(merge(self.gate.config, change)) + "\n", *words)

    def good(self):
        with open(self.path) as f:
            return f.read()

    def line_of(self, text, word):
        return next(n for n, line in enumerate(text.split("\n"), 1)
                    if word in line)

    def test_a_good_configuration_passes(self):
        code, out, err = self.imapward("config", "check", self.path)
        self.assertEqual((code, err), (GOOD, ""))

    def test_an_unknown_key_is_named_with_its_place_and_the_nearest_key(self):
        text = self.good().replace("listeners:", "lisener:", 1)
        self.bad(text, "%s:%d:" % (self.path, self.line_of(text, "lisener")),
                 "lisener", "listeners")

    def test_an_unknown_key_inside_a_section_is_named(self):
        text = self.good() + "limits:\n  conections: 5\n"
        self.bad(text, "%s:%d:" % (self.path,
                                   self.line_of(text, "conections")),
                 "conections", "connections")

    def test_a_repeated_key_is_an_error(self):
        text = self.good()
        self.bad(text + "process:\n  workers: 1\n", "process")

    def test_values_of_the_wrong_kind_are_errors(self):
        for change, word in (
                ({"limits": {"connections": "many"}}, "connections"),
                ({"limits": {"connections": -1}}, "connections"),
                ({"limits": {"connections": "10k"}}, "connections"),
                ({"timeouts": {"handshake": "15 parsecs"}}, "handshake"),
                ({"timeouts": {"handshake": "-5s"}}, "handshake"),
                ({"audit": {"user": "secret"}}, "user"),
                ({"backends": "main"}, "backends"),
                ({"tls": "yes"}, "tls"),
        ):
            with self.subTest(change):
                self.bad_value(change, word)

    def test_values_out_of_bounds_are_errors(self):
        for change, word in (
                ({"timeouts": {"idle": "1m"}}, "idle"),
                ({"timeouts": {"handshake": "30d"}}, "handshake"),
                ({"limits": {"connections": 0}}, "connections"),
                ({"limits": {"connections": 99999999999999999999}},
                 "connections"),
                ({"process": {"workers": 100000}}, "workers"),
        ):
            with self.subTest(change):
                self.bad_value(change, word)

    def test_bad_addresses_ports_and_modes_are_errors(self):
        imaps, imap = self.gate.config["listeners"]
        for change, word in (
                ({"address": "127.0.0.256"}, "address"),
                ({"address": "localhost"}, "address"),
                ({"port": 0}, "port"),
                ({"port": 65536}, "port"),
                ({"mode": "both"}, "mode"),
                ({"name": ""}, "name"),
                ({"plaintext_networks": ["10.0.0.0/8"]}, "plaintext"),
        ):
            with self.subTest(change):
                self.bad_value({"listeners": [merge(imaps, change), imap]},
                               word)
        self.bad_value({"listeners": [imaps, merge(
            imap, {"plaintext_networks": ["10.0.0.0/33"]})]}, "10.0.0.0/33")

    def test_two_listeners_on_one_port_are_an_error(self):
        imaps, imap = self.gate.config["listeners"]
        self.bad_value({"listeners": [imaps,
                                      merge(imap, {"port": imaps["port"]})]},
                       "'imaps' and 'imap'", "same address and port")

    def test_two_things_of_one_name_are_an_error(self):
        imaps, imap = self.gate.config["listeners"]
        self.bad_value({"listeners": [imaps, merge(imap, {"name": "imaps"})]},
                       "imaps")

    def test_what_must_be_there_is_named_when_missing(self):
        for section in ("certificates", "backends"):
            with self.subTest(section):
                self.bad_value({section: None}, section)

    def test_where_certificates_were_said_before_is_told(self):
        for key, hint in (("certificate", "'certificates'"),
                          ("key", "'certificates.key'"),
                          ("minimum_version",
                           "'tls_policies.minimum_version'")):
            with self.subTest(key):
                self.bad_value({"tls": {key: "/x"}}, "unknown key '%s'" % key,
                               "did you mean " + hint)

    def test_certificates_are_pairs_or_directories(self):
        pair = self.gate.config["certificates"][0]
        for entries, words in (
                ([], "at least one entry"),
                ([{"chain": pair["chain"]}], "has no key"),
                ([{"key": pair["key"]}], "has no chain"),
                ([{"faults": "serve"}], "chain and key, or a directory"),
                ([merge(pair, {"directory": "/d"})], "not both in one entry"),
                ([{"directory": "/d", "staple": "/s"}], "belongs to a chain"),
                ([pair, pair], "is given twice"),
                ([merge(pair, {"key": "privkey.pem"})], "an absolute path"),
        ):
            with self.subTest(words):
                self.bad_value({"certificates": entries}, "certificates",
                               words)

    def bad_policy(self, policy, *words):
        self.bad_value({"tls_policies": [merge({"name": "mine"}, policy)]},
                       *words)

    def test_tls_policies_that_make_no_sense_are_errors(self):
        for policy, words in (
                ({"ciphers": ["TLS_AES_128_GCM_SHA265"]},
                 "the nearest are TLS_AES_128_GCM_SHA256,"),
                ({"ciphers": ["TLS_RSA_WITH_AES_128_CBC_SHA"]},
                 "known but refused: it has no forward secrecy"),
                ({"groups": ["ffdhe2048"]}, "known but refused"),
                ({"signature_algorithms": ["ecdsa_sha1"]},
                 "known but refused: SHA-1 is broken"),
                ({"groups": ["P-256", "secp256r1"]}, "is given twice"),
                ({"minimum_version": "1.1"}, "expected either 1.2 or 1.3"),
                ({"base": "modern", "maximum_version": "1.2"},
                 "minimum_version is above its maximum_version"),
                ({"ciphers": ["TLS_AES_128_GCM_SHA256"]},
                 "allows TLS 1.2, but has no cipher suite for it"),
                ({"groups": ["X25519MLKEM768"]},
                 "allows TLS 1.2, but has no group for it"),
                ({"base": "modern",
                  "ciphers": ["ECDHE-RSA-AES128-GCM-SHA256"]},
                 "has no cipher suite for it"),
                ({"ciphers": ["TLS_AES_128_GCM_SHA256",
                              "ECDHE-RSA-AES128-GCM-SHA256"],
                  "signature_algorithms": ["ecdsa_secp256r1_sha256"]},
                 "none of its signature algorithms fits"),
                ({"client_certificate": "required"}, "needs a client_ca"),
                ({"client_ca": "/ca.pem"}, "has no effect"),
                ({"base": "moderm"}, "did you mean 'modern'"),
                ({"base": "mine"}, "must be written before it"),
                ({"name": "intermediate"}, "is built in"),
                ({"sni": "strict"}, "optional, required or match"),
        ):
            with self.subTest(policy):
                self.bad_policy(policy, words)
        self.bad_value({"tls_policies": [{"name": "a"}, {"name": "a"}]},
                       "two TLS policies are called 'a'")

    def test_every_client_of_a_listener_gets_one_tls_policy(self):
        inside = {"tls_policies": [{"name": "inside",
                                    "networks": ["10.0.0.0/8"]}]}
        for names, words in (
                (["inside"], "is for some networks only"),
                (["modern", "inside"], "nobody gets 'inside'"),
                (["modern", "intermediate"], "nobody gets 'intermediate'"),
                (["inside", "inside"], "is given twice"),
                (["outside", "modern"], "there is no TLS policy 'outside'"),
                ([], "at least one entry"),
        ):
            with self.subTest(names):
                listeners = [merge(listener, {"tls_policies": names})
                             for listener in self.gate.config["listeners"]]
                self.bad_value(merge(inside, {"listeners": listeners}),
                               "listeners.tls_policies", words)

    def test_tickets_and_watching_have_bounds(self):
        for tls, words in (
                ({"ticket_rotation": "1m"}, "not be more than 32 times"),
                ({"ticket_lifetime": "200h"}, "from 1s to 7d"),
                ({"watch": "5ms"}, "one second at least"),
                ({"ticket_secret": "secret"}, "an absolute path"),
        ):
            with self.subTest(tls):
                self.bad_value({"tls": tls}, words)

    def test_yaml_that_is_not_well_formed_is_an_error_with_its_place(self):
        for text in ("listeners: [\n", "a: b: c\n", "\tlisteners:\n",
                     "- just\n- a list\n", "just words\n", "", "\0\n",
                     "listeners:\n  - &x {name: a}\n  - *x\n",
                     "%TAG ! tag:x,2000:\n---\nlisteners: !!map {}\n",
                     "a: " + "[" * 5000 + "\n"):
            with self.subTest(text[:40]):
                self.bad(text)

    def test_a_second_document_is_an_error(self):
        self.bad(self.good() + "---\nlimits:\n  connections: 5\n")

    def test_a_huge_file_is_an_error(self):
        self.bad(self.good() + "#" * (2 << 20) + "\n")

    def test_a_missing_file_is_an_error(self):
        self.refused(BAD_CONFIGURATION, ["config", "check", "/no/such/file"],
                     "/no/such/file", "No such file")
        self.refused(BAD_CONFIGURATION, ["run", "-c", "/no/such/file"],
                     "/no/such/file", "No such file")

    def test_a_folder_is_not_a_configuration(self):
        self.refused(BAD_CONFIGURATION, ["config", "check", self.folder],
                     self.folder)


@needs_gate
class Certificate(Command):
    """The certificate and its key are checked before anything is served."""

    def setUp(self):
        super().setUp()
        self.gate = self.make_gate(free_port())

    def bad(self, *words, prefix=()):
        command = ["run", "-c", self.gate.config_path]
        self.refused(BAD_CONFIGURATION, command, *words, prefix=prefix)
        if not prefix:
            command = ["config", "check", self.gate.config_path]
            self.refused(BAD_CONFIGURATION, command, *words)

    def write(self, path, data):
        with open(path, "wb") as f:
            f.write(data)

    def read(self, path):
        with open(path, "rb") as f:
            return f.read()

    def test_rsa_and_ecdsa_are_good(self):
        for name in ("leaf", "rsa"):
            self.gate.present(name)
            code, _, err = self.imapward("config", "check",
                                         self.gate.config_path)
            self.assertEqual((code, err), (GOOD, ""))

    def test_a_missing_certificate_or_key_is_named(self):
        os.unlink(self.gate.key)
        self.bad("%s:%d:" % self.place("key:"),
                 "'certificates.key': cannot read %s: No such file" %
                 self.gate.key)
        os.unlink(self.gate.chain)
        self.bad("%s:%d:" % self.place("chain:"),
                 "'certificates.chain': cannot read %s: No such file" %
                 self.gate.chain)

    def place(self, word):
        with open(self.gate.config_path) as f:
            line = next(n for n, line in enumerate(f, 1) if word in line)
        return self.gate.config_path, line

    def test_a_key_of_another_certificate_is_refused(self):
        for key in ("second", "rsa"):
            with self.subTest(key):
                self.gate.present("leaf", key=key)
                self.bad(self.gate.key, "does not belong")

    def test_an_expired_certificate_is_refused(self):
        self.gate.present("expired")
        self.bad(self.gate.chain, "expired")

    def test_a_certificate_of_the_future_is_refused(self):
        self.gate.present("future")
        self.bad(self.gate.chain, "not valid before 2099-01-01")

    def test_a_chain_that_begins_with_the_authority_is_refused(self):
        self.write(self.gate.chain, self.read(self.certs.ca) +
                   self.read(self.certs.chain()))
        self.bad(self.gate.chain)

    def test_files_that_are_no_pem_are_refused(self):
        for data in (b"", b"hello\n", os.urandom(3000),
                     self.read(self.certs.chain())[:300]):
            with self.subTest(data[:10]):
                self.gate.present("leaf")
                self.write(self.gate.chain, data)
                self.bad(self.gate.chain)
                self.gate.present("leaf")
                self.write(self.gate.key, data)
                self.bad(self.gate.key)

    def test_key_and_certificate_in_each_others_place_are_refused(self):
        self.gate.present("leaf")
        self.write(self.gate.chain, self.read(self.certs.key()))
        self.write(self.gate.key, self.read(self.certs.chain()))
        self.bad(self.gate.chain, "are chain and key swapped?")
        self.gate.present("leaf")
        self.write(self.gate.key, self.read(self.certs.chain()))
        self.bad(self.gate.key, "are chain and key swapped?")

    def test_a_folder_in_place_of_a_file_is_refused(self):
        self.gate.change({"certificates": [{"chain": self.gate.chain,
                                            "key": self.folder}]})
        self.bad(self.folder)

    def test_an_encrypted_key_is_refused(self):
        self.succeeds("openssl", "ec", "-aes128", "-passout", "pass:x", "-in",
                      self.certs.key(), "-out", self.gate.key)
        self.bad(self.gate.key)

    def test_an_unreadable_key_is_named(self):
        prefix = []
        if am_root():
            # The reader has no privileges; the key is root's.
            prefix = as_nobody()
            os.chmod(self.gate.folder, 0o755)
            os.chmod(self.gate.chain, 0o644)
            os.chmod(self.gate.key, 0o600)
        else:
            os.chmod(self.gate.key, 0)
        self.bad("'certificates.key'", self.gate.key,
                 "Permission denied; start it as root", prefix=prefix)


@needs_gate
class Start(Command):
    """What else keeps the daemon from starting."""

    def test_a_busy_port_is_named(self):
        gate = self.make_gate(free_port())
        with socket.create_server(("127.0.0.1", gate.clear_port)):
            self.refused(CANNOT_RUN, ["run", "-c", gate.config_path],
                         "127.0.0.1:%d (listener 'imap')" % gate.clear_port,
                         "in use", "ss -ltnp 'sport = :%d'" % gate.clear_port)

    def test_an_address_of_another_machine_is_named(self):
        gate = self.make_gate(free_port())
        imaps, imap = gate.config["listeners"]
        gate.change({"listeners": [merge(imaps, {"address": "203.0.113.7"}),
                                   imap]})
        self.refused(CANNOT_RUN, ["run", "-c", gate.config_path],
                     "203.0.113.7")

    @unittest.skipUnless(am_root(), "only root may bind low ports here")
    def test_a_port_that_needs_privileges_is_named(self):
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as f:
            if int(f.read()) <= 993:
                self.skipTest("no port needs privileges on this machine")
        gate = self.make_gate(free_port())
        imaps, imap = gate.config["listeners"]
        gate.change({"listeners": [merge(imaps, {"port": 993}), imap],
                     "audit": {"sink": "none"}})
        os.chmod(gate.key, 0o644)
        self.refused(CANNOT_RUN, ["run", "-c", gate.config_path], "993",
                     "Permission denied", prefix=as_nobody())

    @unittest.skipUnless(am_root(), "only root can change the user")
    def test_an_unknown_user_is_named(self):
        gate = self.make_gate(free_port(), {"process": {"user": "no-such-1"}})
        got, _, err = self.imapward("run", "-c", gate.config_path)
        self.assertIn(got, (BAD_CONFIGURATION, CANNOT_RUN))
        self.assertIn("'process.user': there is no user no-such-1", err)
        self.assertEqual(err.count("\n"), 1)
        self.refused(BAD_CONFIGURATION,
                     ["config", "check", gate.config_path],
                     "'process.user': there is no user no-such-1")

    def test_an_audit_file_that_cannot_be_opened_is_named(self):
        gate = self.make_gate(free_port(),
                              {"audit": {"sink": "/no/such/folder/audit"}})
        got, _, err = self.imapward("run", "-c", gate.config_path)
        self.assertIn(got, (BAD_CONFIGURATION, CANNOT_RUN))
        self.assertIn("/no/such/folder/audit", err)
        self.assertEqual(err.count("\n"), 1)

    def test_an_audit_log_that_could_not_be_opened_fails_the_check(self):
        gate = self.make_gate(free_port())
        for path, why in (("/no/such/folder/audit",
                           "its folder does not exist"),
                          (self.folder, "not a regular file"),
                          ("/dev/null", "not a regular file")):
            said = "'audit.sink': cannot open %s: %s\n" % (path, why)
            with self.subTest(path):
                gate.change({"audit": {"sink": path}})
                self.refused(BAD_CONFIGURATION,
                             ["config", "check", gate.config_path], said)
                self.refused(CANNOT_RUN, ["run", "-c", gate.config_path], said)

    def test_syslog_without_a_daemon_is_warned_of(self):
        gate = self.make_gate(free_port(), {"audit": {"sink": "syslog"}})
        code, _, err = self.imapward("config", "check", gate.config_path)
        self.assertEqual(code, GOOD)
        self.assertEqual("warning: audit.sink is syslog" in err,
                         not os.path.exists("/dev/log"), err)

    def test_a_check_does_not_make_the_audit_log(self):
        gate = self.make_gate(free_port())
        code, _, err = self.imapward("config", "check", gate.config_path)
        self.assertEqual((code, err), (GOOD, ""))
        self.assertFalse(os.path.exists(gate.audit_path))

    def test_nothing_listens_after_a_failed_start(self):
        gate = self.make_gate(free_port())
        with socket.create_server(("127.0.0.1", gate.clear_port)):
            self.imapward("run", "-c", gate.config_path)
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", gate.port), 2)


@needs_gate
class Usage(Command):
    """The command line."""

    def test_unknown_commands_and_options_are_usage_errors(self):
        for arguments in (["frobnicate"], ["run", "--frobnicate"],
                          ["config"], ["config", "frobnicate"],
                          ["run", "-c"], ["config", "check"],
                          ["run", "-c", "x", "surplus"], []):
            with self.subTest(arguments):
                code, out, err = self.imapward(*arguments)
                self.assertEqual((code, out), (USAGE, ""))
                self.assertIn("imapward", err)

    def test_an_unknown_command_is_named(self):
        self.assertIn("frobnicate", self.imapward("frobnicate")[2])

    def test_help_goes_to_stdout(self):
        for arguments in (["--help"], ["run", "--help"], ["config", "--help"],
                          ["version", "--help"], ["config", "check", "--help"],
                          ["config", "print", "--help"],
                          ["config", "sample", "-h"],
                          ["config", "manual", "--help"],
                          ["audit", "--help"], ["audit", "tail", "--help"],
                          ["audit", "init", "--help"],
                          ["audit", "verify", "--help"],
                          ["audit", "events", "--help"],
                          ["audit", "schema", "-h"],
                          ["audit", "manual", "--help"],
                          ["ban", "--help"], ["ban", "add", "--help"],
                          ["status", "--help"], ["reload", "--help"],
                          ["cert", "list", "--help"]):
            with self.subTest(arguments):
                code, out, err = self.imapward(*arguments)
                self.assertEqual((code, err), (GOOD, ""))
                self.assertIn("imapward", out)
                self.assertLessEqual(max(map(len, out.splitlines())), 80)

    def test_a_configuration_may_come_by_standard_input(self):
        gate = self.make_gate(free_port())
        for command in ("check", "print"):
            for text, code in ((to_yaml(gate.config), GOOD),
                               ("lisener: 1\n", BAD_CONFIGURATION)):
                with self.subTest(command + " " + text[:9]):
                    done = subprocess.run(
                        [IMAPWARD, "config", command, "-"], text=True,
                        input=text, capture_output=True, timeout=20)
                    self.assertEqual(done.returncode, code, done.stderr)
                    if code != GOOD:
                        self.assertIn("standard input:1:1: unknown key",
                                      done.stderr)

    def test_version_names_the_library(self):
        code, out, _ = self.imapward("version")
        self.assertEqual(code, GOOD)
        self.assertRegex(out, r"(?m)^imapward \d")
        self.assertRegex(out, r"wolfSSL [5-9]\.\d+\.\d+")

    def test_what_config_print_prints_loads_to_the_same(self):
        gate = self.make_gate(free_port())
        code, first, err = self.imapward("config", "print", gate.config_path)
        self.assertEqual((code, err), (GOOD, ""))
        printed = os.path.join(self.folder, "printed.yaml")
        with open(printed, "w") as f:
            f.write(first)
        code, second, err = self.imapward("config", "print", printed)
        self.assertEqual((code, second, err), (GOOD, first, ""))
        code, _, err = self.imapward("config", "check", printed)
        self.assertEqual((code, err), (GOOD, ""))

    def test_the_sample_is_the_one_in_the_tree(self):
        code, sample, _ = self.imapward("config", "sample")
        self.assertEqual(code, GOOD)
        with open(os.path.join(TOP, "config", "imapward.yaml")) as f:
            self.assertEqual(f.read(), sample)

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_the_manual_pages_are_clean(self):
        for page in ("imapward.8", "imapward.yaml.5", "imapward-events.7"):
            with self.subTest(page):
                done = subprocess.run(
                    ["mandoc", "-Tlint", "-Wwarning",
                     os.path.join(TOP, "man", page)],
                    capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_the_manual_lists_the_keys_of_the_program(self):
        code, manual, _ = self.imapward("config", "manual")
        self.assertEqual(code, GOOD)
        with open(os.path.join(TOP, "man", "imapward.yaml.5")) as f:
            self.assertIn(manual.strip(), f.read())

    def test_the_examples_in_the_manual_are_good(self):
        with open(os.path.join(TOP, "man", "imapward.yaml.5")) as f:
            examples = f.read().split(".Sh EXAMPLES")[1]
        blocks = re.findall(r"\.Bd -literal[^\n]*\n(.*?)\.Ed", examples,
                            re.DOTALL)
        self.assertGreater(len(blocks), 2)
        for text in blocks:
            path = os.path.join(self.folder, "manual.yaml")
            with open(path, "w") as f:
                f.write(text)
            code, _, err = self.imapward("config", "print", path)
            self.assertEqual((code, err), (GOOD, ""), text)

    def test_the_configurations_in_the_readme_are_good(self):
        with open(os.path.join(TOP, "README.md")) as f:
            blocks = re.findall(r"```yaml\n(.*?)```", f.read(), re.DOTALL)
        self.assertTrue(blocks)
        rest = to_yaml({"certificates": [{"chain": self.certs.chain(),
                                          "key": self.certs.key()}],
                        "backends": [{"name": "x", "address": "192.0.2.1",
                                      "port": 143}]}) + "\n"
        state = os.path.join(self.folder, "audit.state")
        self.succeeds(IMAPWARD, "audit", "init", state, state + ".key")
        for block in blocks:
            text = textwrap.dedent(block)
            text = re.sub(r"(?m)\bchain: /.*\.chain$", "chain : " + state, text)
            for key, value in (("chain", self.certs.chain()),
                               ("key", self.certs.key()),
                               ("sink", self.folder + "/audit.jsonl")):
                text = re.sub(r"(?m)\b%s: /.*" % key, key + ": " + value,
                              text)
            if "certificates:" not in text:
                text += rest
            path = os.path.join(self.folder, "readme.yaml")
            with open(path, "w") as f:
                f.write(text)
            code, _, err = self.imapward("config", "check", path)
            self.assertEqual((code, err), (GOOD, ""), text)
