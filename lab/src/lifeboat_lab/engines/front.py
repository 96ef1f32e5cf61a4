# SPDX-License-Identifier: GPL-3.0-or-later
"""Offer TLS in front of a PostgreSQL that was built without it: on RDS every server has TLS."""

from __future__ import annotations

import selectors
import socket
import socketserver
import ssl
import threading
from contextlib import suppress

from lifeboat_lab.engines.certificates import Certificate

ADDRESS, BEHIND = "127.0.0.1", "127.0.0.2"
# PostgreSQL's SSLRequest and GSSENCRequest, after which a client begins anew.
WANTS_TLS, WANTS_GSS = bytes.fromhex("00000008 04d2162f"), bytes.fromhex("00000008 04d21630")
PIECE = 65_536


class Front:
    """Listen where clients look for the server, which listens at the same port of another address."""

    def __init__(self, port: int, certificate: Certificate) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.path, certificate.key)
        self._server = _Server((ADDRESS, port), _Handler)
        self._server.context = context
        threading.Thread(target=self._server.serve_forever, name="front", daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    context: ssl.SSLContext


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        client: socket.socket = self.request
        with suppress(OSError):
            while (first := client.recv(PIECE)) == WANTS_GSS:
                client.sendall(b"N")
            if first == WANTS_TLS:
                client.sendall(b"S")
                client, first = self.server.context.wrap_socket(client, server_side=True), b""
            # It shall see its clients at their own address.
            place = (BEHIND, int(self.server.server_address[1]))
            with client, socket.create_connection(place, source_address=(ADDRESS, 0)) as server:
                server.sendall(first)
                pass_on(client, server)


def pass_on(client: socket.socket, server: socket.socket) -> None:
    """Pass on what each side says, until one of them ends."""
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ, (client, server))
        selector.register(server, selectors.EVENT_READ, (server, client))
        while True:
            for key, _events in selector.select():
                side, other = key.data
                if not (data := side.recv(PIECE)):
                    return
                other.sendall(data)
                while isinstance(side, ssl.SSLSocket) and side.pending():  # what the selector does not see any more
                    other.sendall(side.recv(PIECE))
