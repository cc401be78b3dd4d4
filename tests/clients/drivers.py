# SPDX-License-Identifier: GPL-3.0-or-later
"""drivers.py - real TLS clients, each told to look at a port of localhost.

    client = CLIENTS["curl"](folder, ca)
    said = client.visit(port, "1.3")

A visit ends by itself, whether the client liked the certificate or not.
"""

import imaplib
import os
import shutil
import ssl
import subprocess
import time

from ports import wait_until
from wire import trusting

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 40


class Client:
    """One visit at a time. What it needs is in programs; family is our word."""

    programs = ()
    family = "unknown"

    def __init__(self, folder, ca):
        self.folder, self.ca = folder, ca

    @classmethod
    def missing(cls):
        return [p for p in cls.programs if not shutil.which(p)]

    def visit(self, port, version):
        """What the client said."""
        # From a file: tstclnt never ends when a pipe does.
        with open(self.file("words", "a LOGOUT\r\n")) as words:
            done = subprocess.run(self.command(port, version), stdin=words,
                                  stdout=subprocess.PIPE, cwd=self.folder,
                                  stderr=subprocess.STDOUT, timeout=PATIENCE,
                                  env=dict(os.environ, HOME=self.folder))
        return done.stdout.decode(errors="replace")

    def command(self, port, version):
        raise NotImplementedError

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", newline="") as f:
            f.write(text)
        return path


class Openssl(Client):
    programs, family = ("openssl",), "openssl"

    def command(self, port, version):
        return ["openssl", "s_client", "-quiet", "-verify_return_error",
                "-verify_hostname", "localhost", "-servername", "localhost",
                "-CAfile", self.ca, "-connect", "localhost:%d" % port,
                "-tls" + version.replace(".", "_")]


class Curl(Client):
    programs, family = ("curl",), "openssl"

    def command(self, port, version):
        return ["curl", "-sS", "--max-time", "30", "--cacert", self.ca,
                "--tlsv" + version, "--tls-max", version, "-X", "NOOP",
                "imaps://localhost:%d" % port]


class Python(Client):
    family = "openssl"

    def visit(self, port, version):
        context = trusting(self.ca, version)
        try:
            with imaplib.IMAP4_SSL("localhost", port, ssl_context=context,
                                   timeout=PATIENCE) as client:
                return str(client.welcome)
        except ssl.SSLError as e:
            return str(e)


class Gnutls(Client):
    programs, family = ("gnutls-cli",), "gnutls"

    def command(self, port, version):
        return ["gnutls-cli", "--priority", "NORMAL:-VERS-ALL:+VERS-TLS" +
                version, "--x509cafile", self.ca, "-p", str(port),
                "localhost"]


class Nss(Client):
    programs, family = ("tstclnt", "certutil"), "nss"

    def command(self, port, version):
        return ["tstclnt", "-4", "-h", "localhost", "-p", str(port), "-d",
                self._database(), "-V", "tls%s:tls%s" % (version, version)]

    def _database(self):
        name = "sql:" + os.path.join(self.folder, "nss")
        if not os.path.isdir(name[4:]):
            os.mkdir(name[4:])
            for words in (["-N", "--empty-password"],
                          ["-A", "-n", "ca", "-t", "C,,", "-i", self.ca]):
                subprocess.run(["certutil", "-d", name, *words], check=True,
                               capture_output=True)
        return name


class Java(Client):
    programs, family = ("java",), "java"

    def command(self, port, version):
        return ["java", "-XX:TieredStopAtLevel=1",
                os.path.join(HERE, "peers", "Peer.java"), str(port), version,
                self.ca]


class Node(Client):
    programs, family = ("node",), "node"

    def command(self, port, version):
        return ["node", os.path.join(HERE, "peers", "peer.js"), str(port),
                version, self.ca]


class Wget(Client):
    """Not a mail program: greeted, it says GET. It closes what it refuses."""

    programs, family = ("wget",), "gnutls"

    def command(self, port, version):
        return ["wget", "-nv", "-t", "1", "-T", "8", "-O", "-",
                "--no-config", "--no-hsts", "--ca-certificate", self.ca,
                "--ciphers", "NORMAL:-VERS-ALL:+VERS-TLS" + version,
                "https://localhost:%d/" % port]


MBSYNC = """\
IMAPAccount far
Host localhost
Port {port}
User nobody
Pass nothing
SSLType IMAPS
SSLVersions TLSv{version}
SystemCertificates no
CertificateFile {ca}

IMAPStore far
Account far

MaildirStore near
Path {folder}/near/
Inbox {folder}/near/INBOX

Channel both
Far :far:
Near :near:
"""


class Mbsync(Client):
    programs, family = ("mbsync",), "openssl"

    def command(self, port, version):
        os.makedirs(os.path.join(self.folder, "near"), exist_ok=True)
        rc = self.file("mbsyncrc", MBSYNC.format(
            port=port, version=version, ca=self.ca, folder=self.folder))
        return ["mbsync", "-c", rc, "-l", "both"]


MUTTRC = """\
set ssl_starttls=no
set ssl_force_tls=yes
set ssl_use_tlsv1_2={v12}
set ssl_use_tlsv1_3={v13}
set certificate_file={ca}
set imap_user=nobody
set imap_pass=nothing
set folder=imaps://localhost:{port}
set spoolfile=imaps://localhost:{port}/INBOX
set header_cache=""
set sleep_time=0
"""


class Mutt(Client):
    """At a terminal; the person rejects what mutt asks about."""

    programs, family = ("mutt", "tmux"), "gnutls"
    reads_s = 0  # so long the person reads the question

    def visit(self, port, version):
        rc = self.file("muttrc", MUTTRC.format(
            port=port, ca=self.ca, v12="no" if version == "1.3" else "yes",
            v13="no" if version == "1.2" else "yes"))
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y",
                   "40", "env HOME=%s TERM=screen mutt -n -F %s" %
                   (self.folder, rc))
        try:
            wait_until("mutt has an opinion", self._opinion, PATIENCE)
            said = self._screen()
            if "(r)eject" in said:
                time.sleep(self.reads_s)
                self._tmux("send-keys", "r")
                wait_until("mutt goes on", lambda: "(r)eject" not in
                           self._screen(), PATIENCE)
            return said
        finally:
            self._tmux("kill-server")

    def _opinion(self):
        screen = self._screen()
        return "(r)eject" in screen or "failed" in screen

    def _screen(self):
        return self._tmux("capture-pane", "-p").stdout

    def _tmux(self, *words):
        return subprocess.run(
            ["tmux", "-S", os.path.join(self.folder, "tmux"), *words],
            capture_output=True, text=True, timeout=PATIENCE)


CLIENTS = {c.__name__.lower(): c for c in (
    Openssl, Curl, Python, Gnutls, Nss, Java, Node, Wget, Mbsync, Mutt)}
