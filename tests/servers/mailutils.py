# SPDX-License-Identifier: GPL-3.0-or-later
"""mailutils.py - GNU mailutils' imap4d, users of the system."""

from dovecot import USERS
from old import Old

CONFIG = """\
mode daemon;
foreground yes;
login-disabled {login_disabled};
tls-mode no;
pidfile "/run/imap4d.pid";
logging {{ syslog no; facility mail; }};
auth {{ authentication "generic:system"; authorization "system"; }};
mailbox {{
  mail-spool "maildir:/srv/mail";
  mailbox-pattern "maildir:/srv/mail/${{user}}";
  mailbox-type maildir;
}};
server 127.0.0.1:{port} {{ tls-mode no; }};
"""

# useradd takes no such names.
ACCOUNT = """
echo '%s:x:%d:%d::/srv/home:/bin/sh' >>/etc/passwd
chpasswd <<'END'
%s:%s
END
"""


class Mailutils(Old):
    name = "mailutils"
    packages = ["mailutils-imap4d"]
    script = "".join(ACCOUNT % (user, 2000 + n, 2000 + n, user, password)
                     for n, (user, password) in enumerate(USERS.items()))
    run = """
mount -t tmpfs tmpfs /run
mkdir -m 1777 /srv/mail /srv/home
exec imap4d --config-file=/srv/imap4d.conf --foreground
"""

    def files(self, login_disabled="no"):
        return {"imap4d.conf": CONFIG.format(port=self.port,
                                             login_disabled=login_disabled)}
