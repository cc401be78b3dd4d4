# SPDX-License-Identifier: GPL-3.0-or-later
"""dovecot.py - a real IMAP server behind the gate, without privileges."""

import base64
import grp
import os
import pwd
import shutil
import signal
import time

from ports import accepts, free_port, wait_until
from processes import NOBODY, am_root, as_nobody, start, stop

USER, PASSWORD = "alice", "correct-horse"

# Passwords that exercise quoting, literals and UTF-8.
USERS = {
    USER: PASSWORD,
    "bob": 'a "quoted\\ pass word',
    "zoë": "pässwörd-日本",
    "carol@example.org": "%p{3}(x)*",
}

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
auth_verbose = yes
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
default_vsz_limit = 0
ssl = yes
ssl_cert = <{chain}
ssl_key = <{folder}/key.pem
ssl_client_ca_dir = /etc/ssl/certs
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
auth_username_chars =
mail_max_userip_connections = 1000
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
mailbox_list_index = no
first_valid_uid = 0
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
"""

MESSAGE = """\
From: Test <test@example.org>
To: {user}
Subject: sample message {number}
Message-ID: <sample-{number}@example.org>
Date: Sun, 22 Nov 2026 07:00:00 +0000

This is the body of sample message {number}.
"""


class Dovecot:
    """Listens in clear on port and with TLS on tls_port until stop()."""

    def __init__(self, folder, certs, messages=3):
        self.folder = folder
        self.port, self.tls_port = free_port(), free_port()
        self.log = os.path.join(folder, "dovecot.log")
        self.uid = NOBODY if am_root() else os.getuid()
        self.gid = pwd.getpwuid(self.uid).pw_gid
        self.process = None
        os.makedirs(os.path.join(folder, "mail"))
        self._write_config(certs)
        self._write_users()
        for number in range(1, messages + 1):
            self.deliver(USER, MESSAGE.format(user=USER, number=number))
        self._own_everything()

    def start(self):
        command = as_nobody() + ["dovecot", "-F", "-c",
                                 os.path.join(self.folder, "dovecot.conf")]
        self.process = start(command, self.folder + "/output")
        wait_until("Dovecot listens", self._listens, 20)
        return self

    def stop(self):
        """At once, sessions and all: as when a server dies."""
        if self.process:
            self.process.send_signal(signal.SIGQUIT)
            stop(self.process)
            self.process = None

    def maildir(self, user=USER):
        return os.path.join(self.folder, "mail", user)

    def deliver(self, user, text):
        """As a delivery agent does: written to tmp, then moved to new."""
        for name in ("", "tmp", "new", "cur"):
            path = os.path.join(self.maildir(user), name)
            if not os.path.isdir(path):
                os.mkdir(path)
                self._own(path)
        name = "%d.M%dP%d.test" % (time.time(), time.monotonic_ns() // 1000,
                                   os.getpid())
        draft = os.path.join(self.maildir(user), "tmp", name)
        with open(draft, "w") as f:
            f.write(text)
        self._own(draft)
        os.rename(draft, os.path.join(self.maildir(user), "new", name))

    def explain(self):
        try:
            with open(self.log, errors="replace") as f:
                return f.read()[-3000:]
        except OSError as e:
            return str(e)

    def _listens(self):
        if self.process.poll() is not None:
            raise AssertionError("Dovecot did not start:\n" + self.explain())
        return accepts(self.port) and accepts(self.tls_port)

    def _write_config(self, certs):
        key = os.path.join(self.folder, "key.pem")
        shutil.copyfile(certs.key(), key)
        os.chmod(key, 0o600)
        chain = os.path.join(self.folder, "chain.pem")
        shutil.copyfile(certs.chain(), chain)
        account = pwd.getpwuid(self.uid)
        group = grp.getgrgid(self.gid).gr_name
        text = CONFIG.format(folder=self.folder, chain=chain, port=self.port,
                             tls_port=self.tls_port, user=account.pw_name,
                             group=group, uid=self.uid, gid=self.gid)
        with open(os.path.join(self.folder, "dovecot.conf"), "w") as f:
            f.write(text)

    def _write_users(self):
        with open(os.path.join(self.folder, "users"), "w") as f:
            for name, password in USERS.items():
                coded = base64.b64encode(password.encode()).decode()
                f.write("%s:{PLAIN.b64}%s::::::\n" % (name, coded))

    def _own(self, path):
        if am_root():
            os.chown(path, self.uid, self.gid)

    def _own_everything(self):
        self._own(self.folder)
        for folder, folders, files in os.walk(self.folder):
            for name in folders + files:
                self._own(os.path.join(folder, name))
