# SPDX-License-Identifier: GPL-3.0-or-later
"""courier.py - Courier IMAP 5, users in userdb."""

import shlex

from dovecot import USERS
from old import Old

# Put behind the package's own: the last one counts.
SETTINGS = {
    "ADDRESS": "127.0.0.1",
    "PIDFILE": "/run/courier/imapd.pid",
    "IMAPACCESSFILE": "/run/access",
    "MAXDAEMONS": "100",
    "MAXPERIP": "100",
    "IMAP_IDLE_TIMEOUT": "1",
}

AUTHDAEMON = """\
authmodulelist="authuserdb"
authmodulelistorig="authuserdb"
daemons=2
authdaemonvar=/run/courier/authdaemon
DEBUG_LOGIN=1
DEFAULTOPTIONS=""
LOGGEROPTS=""
"""

ACCOUNT = """
userdb %(user)s set uid=$(id -u vmail) gid=$(id -g vmail) \\
    home=/srv/%(user)s mail=/srv/%(user)s/Maildir
printf '%%s\\n' %(password)s | userdbpw -md5 | userdb %(user)s set systempw
"""


class Courier(Old):
    name = "courier"
    packages = ["courier-imap", "courier-authdaemon"]
    script = "useradd vmail\ncd /etc/courier" + "".join(
        ACCOUNT % {"user": user, "password": shlex.quote(password)}
        for user, password in USERS.items()) + """
chmod 600 userdb
makeuserdb
"""
    run = """
mount -t tmpfs tmpfs /run
mkdir -p /run/courier/authdaemon
for name in imapd imapd-ssl; do
	cat /etc/courier/$name /srv/more >/run/$name
	mount --bind /run/$name /etc/courier/$name
done
mount --bind /srv/authdaemonrc /etc/courier/authdaemonrc
for user in %s; do
	mkdir /srv/$user
	maildirmake.courier /srv/$user/Maildir
	chown -R vmail:vmail /srv/$user
done
cp /srv/access /run/access
set -a
. /etc/courier/authdaemonrc
set +a
/usr/sbin/authdaemond start
/usr/sbin/imapd start
exec sleep infinity
""" % " ".join(USERS)

    def files(self, access="", **change):
        settings = dict(SETTINGS, PORT=self.port)
        settings.update(change)
        return {
            "access": access,
            "more": "".join("%s=%s\n" % (name, shlex.quote(str(value)))
                                  for name, value in settings.items()),
            "authdaemonrc": AUTHDAEMON,
        }
