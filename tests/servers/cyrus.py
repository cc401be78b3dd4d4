# SPDX-License-Identifier: GPL-3.0-or-later
"""cyrus.py - Cyrus IMAP 3.6, users in sasldb."""

import shlex

from dovecot import USERS
from old import Old

# Its user names are ASCII.
ACCOUNTS = {user.replace("ë", "e"): word for user, word in USERS.items()}

SETTINGS = {
    "configdirectory": "/srv/lib",
    "proc_path": "/run/cyrus/proc",
    "mboxname_lockpath": "/run/cyrus/lock",
    "defaultpartition": "default",
    "partition-default": "/srv/mail",
    "admins": "cyrus",
    "servername": "localhost",
    "allowplaintext": "yes",
    "sasl_pwcheck_method": "auxprop",
    "sasl_auxprop_plugin": "sasldb",
    "sasl_sasldb_path": "/srv/sasldb2",
    "sasl_mech_list": "PLAIN LOGIN",
    "loginrealms": "example.org",
    "failedloginpause": "0",
    "unixhierarchysep": "yes",
    "virtdomains": "userid",
    "defaultdomain": "localhost",
    "autocreate_quota": "0",
    "autocreate_post": "yes",
    "imapidlepoll": "1",
    "lmtpsocket": "/run/cyrus/socket/lmtp",
}

SERVICES = """\
START {
  recover cmd="/usr/sbin/cyrus ctl_cyrusdb -r"
}
SERVICES {
  imap cmd="imapd -C /srv/imapd.conf" listen="127.0.0.1:%d" prefork=1
}
EVENTS {
}
"""


class Cyrus(Old):
    name = "cyrus"
    packages = ["cyrus-imapd", "sasl2-bin"]
    users = ACCOUNTS

    run = """
mount -t tmpfs tmpfs /run
mkdir -p /run/cyrus/socket /run/cyrus/proc /run/cyrus/lock
cp -a /var/lib/cyrus /srv/lib
cp -a /var/spool/cyrus/mail /srv/mail
%s
chown -R cyrus:mail /run/cyrus /srv/sasldb2
exec /usr/lib/cyrus/bin/master -C /srv/imapd.conf -M /srv/cyrus.conf \\
    -p /run/cyrus/master.pid
""" % "\n".join(
    "printf %%s %s | saslpasswd2 -f /srv/sasldb2 -p -c -u %s %s" % (
        shlex.quote(password), user.partition("@")[2] or "localhost",
        user.partition("@")[0])
    for user, password in ACCOUNTS.items())

    def files(self, **change):
        settings = dict(SETTINGS, **change)
        return {
            "imapd.conf": "".join("%s: %s\n" % pair
                                  for pair in settings.items()),
            "cyrus.conf": SERVICES % self.port,
        }
