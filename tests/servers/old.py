# SPDX-License-Identifier: GPL-3.0-or-later
"""old.py - what the servers in chroots have in common."""

import imaplib
import mailbox
import os
import tempfile

import chroots
from dovecot import PASSWORD, USER, USERS
from ports import accepts, free_port, wait_until
from processes import start


class Old:
    """Listens in clear on port until stop(). Below it: one class a server.

    name, packages and script make the tree; run is the shell script that
    starts the server, with its folder as /srv; files are its configuration.

    Mail goes in and out by IMAP, for no two of them store it alike.
    """

    name = run = script = ""
    packages = []
    users = USERS

    def __init__(self, folder, **change):
        self.folder = folder
        self.port = free_port()
        self.process = None
        self.output = os.path.join(folder, "output")
        for name, text in self.files(**change).items():
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)

    @classmethod
    def tree(cls):
        return chroots.tree(cls.name, cls.packages, cls.script)

    def files(self):
        """File names below /srv and what they hold."""
        return {}

    def start(self):
        command = chroots.inside(self.tree(), ["sh", "-ec", self.run],
                                 self.folder)
        self.process = start(command, self.output)
        wait_until(self.name + " listens", self._listens, 30)
        return self

    def stop(self):
        """At once, with everything it started."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    # The mailbox of USER, by the server's own port

    def deliver(self, user, text):
        assert user == USER
        with self.imap() as mail:
            answer = mail.append("INBOX", None, None,
                                 text.replace("\n", "\r\n").encode())
        assert answer[0] == "OK", answer

    def maildir(self):
        """A copy of it."""
        copy = os.path.join(tempfile.mkdtemp(dir=self.folder), "Maildir")
        box = mailbox.Maildir(copy)
        with self.imap() as mail:
            mail.select("INBOX", readonly=True)
            _, data = mail.fetch("1:*", "(FLAGS BODY.PEEK[])")
        for about, text in (d for d in data if isinstance(d, tuple)):
            message = mailbox.MaildirMessage(text)
            if rb"\Flagged" in about:
                message.add_flag("F")
            box.add(message)
        return copy

    def discard(self, subject):
        """As another mail program would."""
        with self.imap() as mail:
            mail.select("INBOX")
            _, found = mail.search(None, "SUBJECT", '"%s"' % subject)
            mail.store(found[0].decode(), "+FLAGS", r"(\Deleted)")
            mail.close()

    def imap(self):
        mail = imaplib.IMAP4("127.0.0.1", self.port, timeout=20)
        mail.login(USER, PASSWORD)
        return mail

    def explain(self):
        try:
            with open(self.output, errors="replace") as f:
                return f.read()[-3000:]
        except OSError as e:
            return str(e)

    def _listens(self):
        if self.process.poll() is not None:
            raise AssertionError("%s did not start:\n%s" % (self.name,
                                                            self.explain()))
        return accepts(self.port)
