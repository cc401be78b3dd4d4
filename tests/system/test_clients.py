# SPDX-License-Identifier: GPL-3.0-or-later
"""Unchanged mail programs read and write mail through the gate."""

import mailbox
import os
import re
import subprocess
import uuid

from gate import Case, needs, needs_gate, wait_until


@needs("curl")
class Curl(Case):
    """curl over IMAPS, and over STARTTLS that it insists on."""

    def curl(self, url, *more):
        return self.succeeds("curl", "-sS", "--max-time", "20", "--cacert",
                             self.certs.ca, "-u",
                             "%s:%s" % (self.user, self.password), url, *more)

    def uses(self, base, *always):
        """Lists, fetches, searches and uploads."""
        listing = self.curl(base + "/", *always)
        self.assertIn(b'"." INBOX', listing)

        message = self.curl(base + "/INBOX;MAILINDEX=2", *always)
        self.assertIn(b"body of sample message 2", message)

        found = self.curl(base + "/INBOX?SUBJECT%20%22message%203%22", *always)
        self.assertEqual(found.split(), [b"*", b"SEARCH", b"3"])

        draft = os.path.join(self.folder, "draft")
        with open(draft, "w", newline="") as f:
            f.write("Subject: uploaded\r\n\r\nby curl\r\n")
        self.curl(base + "/INBOX", *always, "-T", draft)
        with open(draft, "rb") as f:
            self.assertEqual(self.curl(base + "/INBOX;MAILINDEX=4", *always),
                             f.read())

    def test_curl_lists_fetches_searches_and_uploads_over_imaps(self):
        gate, _ = self.start_both()
        self.uses("imaps://localhost:%d" % gate.port)

    def test_curl_lists_fetches_searches_and_uploads_over_starttls(self):
        gate, _ = self.start_both()
        self.uses("imap://localhost:%d" % gate.clear_port, "--ssl-reqd")

    def test_curl_is_told_of_a_wrong_password(self):
        gate, _ = self.start_both()
        done = self.run_program("curl", "-sS", "--cacert", self.certs.ca,
                                "-u", self.user + ":wrong",
                                "imaps://localhost:%d/INBOX" % gate.port)
        self.assertEqual(done.returncode, 67, done.stderr)  # login denied

    def test_curl_logs_in_by_each_mechanism(self):
        gate, _ = self.start_both()
        for options in ("AUTH=PLAIN", "AUTH=LOGIN"):
            with self.subTest(options):
                listing = self.curl("imaps://localhost:%d/" % gate.port,
                                    "--login-options", options)
                self.assertIn(b"INBOX", listing)


MBSYNC = """\
IMAPAccount far
Host localhost
Port {port}
User {user}
Pass "{password}"
SSLType {security}
SystemCertificates no
CertificateFile {ca}

IMAPStore far
Account far

MaildirStore near
Path {near}/
Inbox {near}/INBOX

Channel both
Far :far:
Near :near:
Sync All
Create Near
Expunge Both
SyncState *
"""


@needs("mbsync")
class Mbsync(Case):
    """mbsync keeps two mailboxes the same, changes on both sides."""

    def subjects_far(self, dovecot):
        """What the server's own files say, gate or not."""
        box = mailbox.Maildir(dovecot.maildir(), create=False)
        return sorted(message["subject"] for message in box)

    def near(self):
        return mailbox.Maildir(os.path.join(self.folder, "near", "INBOX"),
                               create=False)

    def sync(self):
        self.succeeds("mbsync", "-c", os.path.join(self.folder, "mbsyncrc"),
                      "both", env=dict(os.environ, HOME=self.folder))

    def both_ways(self, port, security, dovecot):
        os.mkdir(os.path.join(self.folder, "near"))
        with open(os.path.join(self.folder, "mbsyncrc"), "w") as f:
            f.write(MBSYNC.format(
                port=port, user=self.user, password=self.password,
                security=security, ca=self.certs.ca,
                near=os.path.join(self.folder, "near")))
        self.sync()
        samples = ["sample message %d" % n for n in (1, 2, 3)]
        self.assertEqual(sorted(m["subject"] for m in self.near()), samples)

        # One new message on either side, one deleted on either side.
        self.near().add(mailbox.MaildirMessage(
            "Subject: written near\nMessage-ID: <%s@near>\n\nhello\n" %
            uuid.uuid4()))
        dovecot.deliver(self.user, "Subject: written far\n\nhello\n")
        self.discard_near("sample message 1")
        self.discard_far(dovecot, "sample message 2")
        self.sync()
        left = ["sample message 3", "written far", "written near"]
        self.assertEqual(sorted(m["subject"] for m in self.near()), left)
        self.assertEqual(self.subjects_far(dovecot), left)

        # And a flag.
        near = self.near()
        key, message = [(k, m) for k, m in near.iteritems()
                        if m["subject"] == "sample message 3"][0]
        message.add_flag("F")
        message.set_subdir("cur")
        near[key] = message
        self.sync()
        far = mailbox.Maildir(dovecot.maildir(), create=False)
        flags = {m["subject"]: m.get_flags() for m in far}
        self.assertIn("F", flags["sample message 3"])

    def discard_near(self, subject):
        near = self.near()
        for key, message in near.iteritems():
            if message["subject"] == subject:
                message.add_flag("T")
                message.set_subdir("cur")
                near[key] = message

    def discard_far(self, dovecot, subject):
        """As another mail program would: by renaming the server's file."""
        far = mailbox.Maildir(dovecot.maildir(), create=False)
        for key, message in far.iteritems():
            if message["subject"] == subject:
                name = far._lookup(key)
                os.rename(os.path.join(dovecot.maildir(), name),
                          os.path.join(dovecot.maildir(), "cur",
                                       os.path.basename(name).split(":")[0] +
                                       ":2,T"))

    def test_mbsync_syncs_both_ways_over_imaps(self):
        gate, dovecot = self.start_both()
        self.both_ways(gate.port, "IMAPS", dovecot)

    def test_mbsync_syncs_both_ways_over_starttls(self):
        gate, dovecot = self.start_both()
        self.both_ways(gate.clear_port, "STARTTLS", dovecot)


# What s_client prints and no test asks for: PEM, and tickets in hex.
DUMPS = re.compile(rb"-----BEGIN.*?-----END[^\n]*\n|^ +[0-9a-f]{4} - [^\n]*\n",
                   re.DOTALL | re.MULTILINE)


@needs("openssl")
class SClient(Case):
    """openssl s_client, the administrator's own look at a TLS port."""

    def s_client(self, port, *more, say=b""):
        """Connects, says something, waits for the server to close."""
        command = ["openssl", "s_client", "-connect", "localhost:%d" % port,
                   "-servername", "localhost", "-CAfile", self.certs.ca,
                   "-verify_return_error", "-crlf", *more]
        done = subprocess.run(command, input=say + b"a LOGOUT\n",
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=20)
        return DUMPS.sub(b"", done.stdout)

    def test_s_client_is_greeted_with_tls_1_2_and_1_3(self):
        gate, _ = self.start_both()
        for option, name in (("-tls1_2", b"TLSv1.2"), ("-tls1_3", b"TLSv1.3")):
            with self.subTest(option):
                said = self.s_client(gate.port, option, "-ign_eof")
                self.assertIn(b"New, " + name, said)
                self.assertIn(b"Verify return code: 0 (ok)", said)
                self.assertRegex(said, rb"\* OK .*CAPABILITY")
                self.assertRegex(said, rb"\* BYE")

    def test_s_client_gets_through_starttls(self):
        gate, _ = self.start_both()
        said = self.s_client(gate.clear_port, "-starttls", "imap", "-ign_eof",
                             say=b"b CAPABILITY\n")
        self.assertRegex(said, rb"b OK")
        self.assertIn(b"Verify return code: 0 (ok)", said)

    @needs_gate
    def test_old_versions_are_refused_with_an_alert(self):
        gate, _ = self.start_both()
        said = self.s_client(gate.port, "-tls1_1", "-cipher",
                             "DEFAULT:@SECLEVEL=0")
        self.assertIn(b"alert protocol version", said)

    @needs_gate
    def test_alpn_imap_is_chosen(self):
        gate, _ = self.start_both()
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version):
                said = self.s_client(gate.port, version, "-alpn", "h2,imap",
                                     "-ign_eof")
                self.assertIn(b"ALPN protocol: imap", said)

    @needs_gate
    def test_only_other_alpn_offers_get_alert_120(self):
        gate, _ = self.start_both()
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version):
                said = self.s_client(gate.port, version, "-alpn",
                                     "h2,http/1.1")
                self.assertIn(b"alert number 120", said)
                self.assertNotIn(b"* OK", said)

    @needs_gate
    def test_weak_cipher_suites_are_refused(self):
        gate, _ = self.start_both()
        for suites in ("ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256"):
            with self.subTest(suites):
                said = self.s_client(gate.port, "-tls1_2", "-cipher",
                                     suites + ":@SECLEVEL=0")
                self.assertIn(b"alert number 40", said)

    @needs_gate
    def test_renegotiation_is_refused(self):
        gate, _ = self.start_both()
        said = self.s_client(gate.port, "-tls1_2", say=b"R\n")
        self.assertNotRegex(said, rb"RENEGOTIATING[^$]*\* BYE")
        self.assertRegex(said, rb"no renegotiation|RENEGOTIATING")

    @needs_gate
    def test_a_session_is_resumed(self):
        gate, _ = self.start_both()
        ticket = os.path.join(self.folder, "ticket")
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version):
                self.s_client(gate.port, version, "-sess_out", ticket,
                              "-ign_eof")
                said = self.s_client(gate.port, version, "-sess_in", ticket,
                                     "-ign_eof")
                self.assertIn(b"Reused, TLS", said)
                self.assertRegex(said, rb"\* OK")


MUTTRC = """\
set ssl_force_tls=yes
set certificate_file={ca}
set imap_user={user}
set imap_pass={password}
set folder={url}
set spoolfile={url}/INBOX
set header_cache=""
set sleep_time=0
set quit=yes
"""


@needs("mutt", "tmux")
class Mutt(Case):
    """mutt, a program for people, shows the list and the message."""

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-S", self.terminal, *arguments],
                              capture_output=True, text=True, timeout=10)

    def screen(self):
        return self.tmux("capture-pane", "-p").stdout

    def shows(self, text):
        try:
            wait_until("mutt shows %r" % text,
                       lambda: text in self.screen(), 20, every=0.1)
        except AssertionError as e:
            raise AssertionError("%s\n%s" % (e, self.screen()))

    def reads(self, url):
        self.terminal = os.path.join(self.folder, "tmux")
        rc = os.path.join(self.folder, "muttrc")
        with open(rc, "w") as f:
            f.write(MUTTRC.format(ca=self.certs.ca, user=self.user,
                                  password=self.password, url=url))
        self.addCleanup(self.tmux, "kill-server")
        started = self.tmux("-f", "/dev/null", "new-session", "-d", "-x",
                            "100", "-y", "30", "env HOME=%s TERM=screen mutt "
                            "-n -F %s" % (self.folder, rc))
        self.assertEqual(started.returncode, 0, started.stderr)
        self.shows("sample message 3")
        self.tmux("send-keys", "2", "Enter")
        self.tmux("send-keys", "Enter")
        self.shows("body of sample message 2")
        self.tmux("send-keys", "q")
        self.tmux("send-keys", "q")
        wait_until("mutt ends", lambda: self.tmux("ls").returncode != 0, 15)

    def test_mutt_reads_a_message_over_imaps(self):
        gate, _ = self.start_both()
        self.reads("imaps://localhost:%d" % gate.port)

    def test_mutt_reads_a_message_over_starttls(self):
        gate, _ = self.start_both()
        self.reads("imap://localhost:%d" % gate.clear_port)
