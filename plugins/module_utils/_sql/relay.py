# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes on what a driver and a server say to each other, and counts what the server says.

So whatever a restored database or the network sends (values, rows, messages, definitions) is bounded before a driver
holds it in memory. No driver has such a limit of its own.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

MOST_BYTES = 8 * 1024**2  # that a server may send during one check
PIECE = 65536
LOOPBACK = "127.0.0.1"


class Relay:
    """A line to a server, which one driver reaches through a port of this host."""

    def __init__(self, wire: socket.socket) -> None:
        self.wire = wire  # to the server
        self.is_flooded = False  # whether the server sent too much, after which nothing more is passed on
        self._left = MOST_BYTES
        self._door = socket.create_server((LOOPBACK, 0), backlog=1)
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def refill(self) -> None:
        """Let the server send as much as before: another check begins."""
        self._left = MOST_BYTES

    def cut(self) -> None:
        """End the line. Whoever waits for the other end stops waiting."""
        with suppress(OSError):
            self.wire.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.cut()
        self.wire.close()
        with suppress(OSError):  # wakes up who waits at the door
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _serve(self) -> None:
        with suppress(OSError):
            near, _address = self._door.accept()
            self._door.close()
            with near:
                up = threading.Thread(target=pass_on, args=(near, self.wire, lambda _size: True), daemon=True)
                up.start()
                pass_on(self.wire, near, self._count)
                up.join()

    def _count(self, size: int) -> bool:
        self._left -= size
        self.is_flooded = self.is_flooded or self._left < 0
        return not self.is_flooded


def pass_on(source: socket.socket, sink: socket.socket, may_pass: Callable[[int], bool]) -> None:
    """Pass on what one side says until it ends, or says too much. Then both sides are told that it is over."""
    with suppress(OSError):
        while (data := source.recv(PIECE)) and may_pass(len(data)):
            sink.sendall(data)
    for side in (source, sink):
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
