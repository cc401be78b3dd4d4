# SPDX-License-Identifier: GPL-3.0-or-later
"""table.py - what each client says of each fault of a certificate.

A cell is what the gate sees:

  45      a fatal alert of that number, during the handshake
  p45     the same in clear, from a client that has no keys yet (TLS 1.3)
  late45  the same once the handshake was complete
  close   close_notify once the handshake was complete, and no command
  gone    the same without close_notify: FIN, or RST when the greeting was
          not read
  cut     FIN or RST during the handshake
  -       nothing: the certificate is accepted

Measured with wolfSSL 5.9.2 on our side, and on the other the clients of
Debian 12: OpenSSL 3.0 (its own client, curl 7.88, Python 3.11, mbsync 1.4.4),
GnuTLS 3.7.9 (gnutls-cli, wget 1.21, mutt 2.2.12), NSS 3.87, OpenJDK 17; and
Node 20. Columns:

  expired, early     dates in the past, in the future
  host               another name
  unknown            an intermediate was sent, its root is not installed
  self               self-signed, not a CA, as Debian's "snakeoil"
  self-ca            self-signed and a CA, as "openssl req -x509" makes it
  alone              no intermediate was sent
  usage              extended key usage: for clients only
  sha1, rsa1024      the signature's digest, the size of the key

An earlier measurement, before wolfSSL 5.5.4, differs in two respects. The
alerts in clear were lost there: they stood on the wire, no more. And NSS sent
48 for every self-signed certificate; it does for one that is a CA, any other
is a CA that must not be one to it (42).
"""

COLUMNS = {
    # column: (certificate in pki.py, the cause that must be named)
    "expired": ("expired", "certificate_expired"),
    "early": ("not-yet-valid", "certificate_not_yet_valid"),
    "host": ("wrong-host", "name_mismatch"),
    "unknown": ("unknown-ca", "unknown_ca"),
    "self": ("self-signed", "self_signed"),
    "self-ca": ("self-signed-ca", "self_signed"),
    "alone": ("missing-intermediate", "missing_intermediate"),
    "usage": ("wrong-usage", "wrong_usage"),
    "sha1": ("sha-1", "weak_signature"),
    "rsa1024": ("rsa-1024", "weak_key"),
}

TABLE = """
client  TLS expired early  host   unknown self   self-ca alone  usage  sha1  rsa1024
openssl 1.2 45      42     42     48      48     48      48     43     42    42
openssl 1.3 p45     p42    p42    p48     p48    p48     p48    p43    p42   p42
curl    1.2 45      42     close  48      48     48      48     43     42    42
curl    1.3 p45     p42    close  p48     p48    p48     p48    p43    p42   p42
python  1.2 45      42     42     48      48     48      48     43     42    42
python  1.3 p45     p42    p42    p48     p48    p48     p48    p43    p42   p42
gnutls  1.2 42      42     42     42      42     42      42     42     42    -
gnutls  1.3 42      42     42     42      42     42      42     42     42    -
nss     1.2 late45  late45 late42 late48  late42 late48  late48 late46 -     -
nss     1.3 45      45     42     48      42     48      48     46     -     -
java    1.2 45      42     46     46      46     46      46     46     -     -
java    1.3 46      46     46     46      46     46      46     46     -     -
node    1.2 gone    gone   gone   gone    gone   gone    gone   gone   gone  -
node    1.3 cut     cut    cut    cut     cut    cut     cut    cut    cut   -
wget    1.2 gone    gone   gone   gone    gone   gone    gone   -      gone  -
wget    1.3 gone    gone   gone   gone    gone   gone    gone   -      gone  -
mbsync  1.2 gone    gone   gone   gone    gone   gone    gone   gone   gone  gone
mbsync  1.3 gone    gone   gone   gone    gone   gone    gone   gone   gone  gone
mutt    1.2 gone    gone   gone   gone    gone   gone    gone   -      gone  -
mutt    1.3 gone    gone   gone   gone    gone   gone    gone   -      gone  -
"""


def rows():
    """{(client, version): {column: cell}}"""
    head, *lines = [line.split() for line in TABLE.strip().splitlines()]
    return {(client, version): dict(zip(head[2:], cells))
            for client, version, *cells in lines}
