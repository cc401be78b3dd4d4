# SPDX-License-Identifier: GPL-3.0-or-later
"""recorder.py - a relay that changes nothing and remembers every byte.

    recorder = Recorder(dovecot.port)        in clear
    recorder = Recorder(port, tls=context)   TLS to those who connect
    recorder.conversations[0].said           what the client sent
    recorder.conversations[0].heard          what the server sent
"""

import socket
import threading

from ports import free_port


class Pair:
    """One connection to each side; said and heard are from the client's."""

    def __init__(self, client, server, tls):
        self.client, self.server = client, server
        self.said, self.heard = bytearray(), bytearray()
        self.ended = threading.Event()
        self.tls = tls

    def run(self):
        try:
            if self.tls:
                self.client = self.tls.wrap_socket(self.client,
                                                   server_side=True)
            back = threading.Thread(target=self._pump, daemon=True, args=(
                self.server, self.client, self.heard))
            back.start()
            self._pump(self.client, self.server, self.said)
            back.join()
        except OSError:
            pass
        finally:
            self.client.close()
            self.server.close()
            self.ended.set()

    def _pump(self, source, sink, record):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                record += data
                sink.sendall(data)
        except OSError:
            pass
        try:
            socket.socket.shutdown(sink, socket.SHUT_WR)
        except OSError:
            pass


class Recorder:
    """Listens on port until stop()."""

    def __init__(self, server_port, tls=None):
        self.port = free_port()
        self.server_port = server_port
        self.tls = tls
        self.conversations = []
        self.listener = socket.create_server(("127.0.0.1", self.port),
                                             backlog=128)
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        # close() would not wake accept().
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for pair in self.conversations:
            for sock in (pair.client, pair.server):
                try:
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
                except OSError:
                    pass

    def explain(self):
        return "\n".join("C: %r\nS: %r" % (bytes(pair.said[-500:]),
                                           bytes(pair.heard[-500:]))
                         for pair in self.conversations[-3:])

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1",
                                                   self.server_port), 10)
            except OSError:
                return
            for sock in (client, server):
                sock.settimeout(None)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = Pair(client, server, self.tls)
            self.conversations.append(pair)
            threading.Thread(target=pair.run, daemon=True).start()
