# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shipped for systemd and logrotate agrees with the documents and runs."""

import fnmatch
import os
import re
import shutil
import signal
import subprocess
import time
import unittest

from fake import Backend
from gate import IMAPWARD, TOP, Case, needs, needs_gate, wait_until
from ports import free_port
from processes import am_root

PROGRAM = "/usr/local/sbin/imapward"
CONFIGURATION = "/etc/imapward/imapward.yaml"
LOGS = "/var/log/imapward"


def text_of(*path):
    with open(os.path.join(TOP, *path)) as f:
        return f.read()


def unit():
    """{key: [values]} of all its sections, in their order."""
    found = {}
    for line in text_of("config", "imapward.service").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def milliseconds(text):
    number, letters = re.fullmatch(r"(\d+)(ms|s|m|h)", text).groups()
    return int(number) * {"ms": 1, "s": 1000, "m": 60000,
                          "h": 3600000}[letters]


def readme_configuration():
    """The whole configuration that the README gives."""
    blocks = re.findall(r"```yaml\n(.*?)```", text_of("README.md"), re.DOTALL)
    whole, = [b for b in blocks if "certificates:" in b and "backends:" in b]
    return "\n".join(line.removeprefix("   ") for line in whole.splitlines())


@needs_gate
class Shipped(Case):
    def test_the_unit_runs_what_is_installed_where_the_documents_say(self):
        self.assertEqual(unit()["ExecStart"],
                         ["%s run -c %s" % (PROGRAM, CONFIGURATION)])
        self.assertEqual(unit()["ExecReload"],
                         ["%s config check %s" % (PROGRAM, CONFIGURATION),
                          "/bin/kill -HUP $MAINPID"])
        makefile = text_of("Makefile")
        self.assertIn("PREFIX ?= /usr/local\n", makefile)
        self.assertIn("SYSCONFDIR ?= /etc\n", makefile)
        for path in (PROGRAM, CONFIGURATION):
            self.assertIn(path, text_of("README.md"))
        self.assertIn(CONFIGURATION, text_of("man", "imapward.8"))
        usage = self.succeeds(IMAPWARD, "run", "--help").decode()
        self.assertIn("the configuration; " + CONFIGURATION, usage)

    def test_the_unit_names_the_manual_pages(self):
        pages = ["man:" + re.sub(r"\.(\d)$", r"(\1)", name)
                 for name in os.listdir(os.path.join(TOP, "man"))]
        self.assertEqual(sorted(unit()["Documentation"][0].split()),
                         sorted(pages))

    def test_the_unit_leaves_time_to_drain(self):
        drain, = re.findall(r"#drain: (\w+)", text_of("config",
                                                      "imapward.yaml"))
        # And what the keeper adds for clients that do not close.
        self.assertGreater(int(unit()["TimeoutStopSec"][0]) * 1000,
                           milliseconds(drain) + 5000)

    def test_the_unit_does_not_repeat_what_fails_again(self):
        for path in (("README.md",), ("man", "imapward.8")):
            told = set(re.findall(r"(?m)^(?:\| |\.It )(\d+)\b",
                                  text_of(*path)))
            self.assertEqual(told, {"0", "1", "2", "3", "64"}, path)
        self.assertEqual(unit()["RestartPreventExitStatus"], ["2 64"])

    def test_the_audit_is_where_the_unit_lets_it_be_and_logrotate_looks(self):
        sink, = re.findall(r"sink: (/.*)", readme_configuration())
        self.assertEqual(unit()["LogsDirectory"], ["imapward"])
        self.assertEqual(os.path.dirname(sink), LOGS)
        rotation = text_of("config", "imapward.logrotate")
        pattern, = re.findall(r"(?m)^(/\S+) \{$", rotation)
        self.assertTrue(fnmatch.fnmatch(sink, pattern), pattern)
        self.assertIn("systemctl kill -s USR1 --kill-who=main imapward",
                      rotation)
        self.assertEqual(set(re.findall(r"/var/log/[\w./-]+",
                                        text_of("README.md"))), {LOGS, sink})

    def test_the_readmes_configuration_with_its_audit_is_good(self):
        logs = self.new_folder("log")
        text = readme_configuration().replace(LOGS, logs)
        self.assertIn(logs + "/audit.jsonl", text)
        for name, path in (("fullchain.pem", self.certs.chain()),
                           ("privkey.pem", self.certs.key())):
            self.assertIn("/etc/imapward/" + name, text)
            text = text.replace("/etc/imapward/" + name, path)
        path = os.path.join(self.folder, "imapward.yaml")
        with open(path, "w") as f:
            f.write(text)
        said = self.succeeds(IMAPWARD, "config", "check", path).decode()
        # The tests' own authority is known to nobody: that is warned of.
        self.assertEqual(said.splitlines()[-1],
                         path + ": the configuration is valid")

    @needs("systemd-analyze")
    def test_systemd_understands_the_unit(self):
        path = os.path.join(self.folder, "imapward.service")
        program = os.path.join(self.folder, "imapward")
        shutil.copy(IMAPWARD, program)  # it asks whether that exists
        with open(path, "w") as f:
            f.write(text_of("config", "imapward.service").replace(PROGRAM,
                                                                  program))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", path],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    @unittest.skipUnless(am_root(), "only root has capabilities to lose")
    @needs("setpriv")
    def test_the_capabilities_of_the_unit_are_enough(self):
        kept = unit()["CapabilityBoundingSet"][0].split()
        bounds = ",".join(["-all"] + ["+" + c.removeprefix("CAP_").lower()
                                      for c in kept])
        gate = self.make_gate(self.keep(Backend()), {"process": {
            "user": "nobody"}})
        os.chown(gate.key, 65534, 0)  # another's, and mode 0600
        gate.start(prefix=["setpriv", "--bounding-set", bounds, "--inh-caps",
                           "-all", "--no-new-privs"])
        self.logged_in(gate).close()
        gate.event("login", event_outcome="success")
        self.assertEqual(gate.reload()["event.outcome"], "success")
        moved = gate.audit_path + ".1"
        os.rename(gate.audit_path, moved)
        gate.signal(signal.SIGUSR1)
        wait_until("the audit file is there again",
                   lambda: os.path.exists(gate.audit_path))
        # Killing a relay that hangs is the keeper's, whoever the relay is.
        os.kill(gate.relay(), signal.SIGSTOP)
        gate.signal(signal.SIGTERM)
        time.sleep(0.2)
        gate.signal(signal.SIGTERM)
        self.assertEqual(gate.wait(10), 0)


@needs_gate
class Rotation(Case):
    @needs("logrotate")
    def test_logrotate_moves_the_file_and_the_gate_writes_a_new_one(self):
        gate = self.start_gate(free_port())
        gate.event("start")
        path = os.path.join(self.folder, "imapward.logrotate")
        with open(path, "w") as f:
            f.write(text_of("config", "imapward.logrotate")
                    .replace(LOGS, gate.folder)
                    .replace("systemctl kill -s USR1 --kill-who=main imapward",
                             "kill -USR1 %d" % gate.pid))
        self.succeeds("logrotate", "--force", "--state",
                      os.path.join(self.folder, "state"), path)
        wait_until("the audit file is there again",
                   lambda: os.path.exists(gate.audit_path))
        with open(gate.audit_path + ".1") as f:
            self.assertIn('"start"', f.read())
