# SPDX-License-Identifier: GPL-3.0-or-later
"""A port forward as a session of AWS SSM makes one: HOST PORT FOLDER. It notes its port, and each connection."""

from __future__ import annotations

import socket
import sys
import threading
from pathlib import Path


def pump(source: socket.socket, target: socket.socket) -> None:
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


def main() -> None:
    host, port, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    with socket.create_server(("127.0.0.1", 0)) as server:
        (folder / f"{port}.new").write_text(str(server.getsockname()[1]))
        (folder / f"{port}.new").rename(folder / f"{port}.port")
        while True:
            near, _address = server.accept()
            with (folder / "connections").open("a") as file:
                file.write(f"{port}\n")
            far = socket.create_connection((host, port))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=pump, args=pair, daemon=True).start()


main()
