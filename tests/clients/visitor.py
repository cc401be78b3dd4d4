# SPDX-License-Identifier: GPL-3.0-or-later
"""visitor.py - a client that comes, says LOGOUT, and comes again."""

import socket
import ssl

from wire import PATIENCE, trusting

EXACT = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Visitor:
    """Offers the session that it was last given. certificate: (chain, key)
    of its own, if it has one; source: the address it comes from."""

    def __init__(self, ca, version, name="localhost", source="127.0.0.1",
                 certificate=None):
        self.context = trusting(ca, version)
        if certificate:
            self.context.load_cert_chain(*certificate)
        self.name, self.source = name, source
        self.session = None
        self.collects = True  # takes the sessions it is given

    def only(self, version):
        """Another version from now on."""
        # Never the least above the most, not even meanwhile.
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.maximum_version = EXACT[version]
        self.context.minimum_version = EXACT[version]

    def visit(self, port):
        """Whether the session was resumed. Fails when it is not served."""
        with socket.create_connection(("127.0.0.1", port), PATIENCE,
                                      (self.source, 0)) as raw:
            tls = self.context.wrap_socket(raw, server_hostname=self.name,
                                           session=self.session)
            with tls:
                said = self._logout(tls)
                assert b"a OK" in said, said
                # Tickets of TLS 1.3 come behind the handshake.
                if self.collects:
                    self.session = tls.session or self.session
                return tls.session_reused

    @staticmethod
    def _logout(tls):
        tls.sendall(b"a LOGOUT\r\n")
        said = b""
        while True:
            try:
                data = tls.recv(65536)
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                data = b""
            if not data:
                return said
            said += data
