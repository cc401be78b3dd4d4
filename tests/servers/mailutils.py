# SPDX-License-Identifier: GPL-3.0-or-later
"""mailutils.py - GNU mailutils' imap4d, users of the system."""

from dovecot import USERS
from old import Old

SETTINGS = {
    "mode": "daemon",
    "foreground": "yes",
    "pidfile": '"/run/imap4d.pid"',
    "max-children": "200",
    "login-disabled": "no",
}

BLOCKS = """\
logging { syslog no; facility mail; };
auth { authentication "generic:system"; authorization "system"; };
mailbox {
  mail-spool "maildir:/srv/mail";
  mailbox-pattern "maildir:/srv/mail/${user}";
  mailbox-type maildir;
};
server 127.0.0.1:%d { tls-mode no; };
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
mkdir -m 755 /srv/mail /srv/home
for user in %s; do
	mkdir /srv/mail/$user
	for part in "" cur new tmp; do
		install -d -m 700 -o $user /srv/mail/$user/$part
	done
done
exec imap4d --config-file=/srv/imap4d.conf --foreground
""" % " ".join(USERS)

    def files(self, **change):
        settings = dict(SETTINGS, **change)
        return {"imap4d.conf": BLOCKS % self.port + "".join(
            "%s %s;\n" % pair for pair in settings.items())}
