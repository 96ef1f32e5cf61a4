# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides in which ways a password is proved to a server.

Nobody gets the password itself, in clear text or under a key that it brought along, unless it has proved its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Tls = Literal["verify", "require", "off"]
# The ways of PostgreSQL in which libpq answers. All of them, once the server has proved its name. MD5 shows a digest
# that is as good as the password, so it needs encryption.
REQUIRE_AUTH: Mapping[Tls, dict[str, str]] = {
    "verify": {},
    "require": {"require_auth": "scram-sha-256,md5"},
    "off": {"require_auth": "scram-sha-256"},
}
# The ways of MariaDB and MySQL that take the password itself, or an encryption of it that anybody can undo.
BARE = ("mysql_clear_password", "dialog", "sha256_password", "mysql_old_password")
CACHED = "caching_sha2_password"
REMEDY = "set ca_file to the authority's certificates, so that the server proves its name first"
NEEDS_ALL = 4  # the answer of caching_sha2_password to a proof that it cannot judge: it wants the password


def mysql_connection(pymysql: Any, tls: Tls) -> Any:
    """Return the driver's connection class, which answers fewer ways of authentication where nothing is proved."""
    return pymysql.connections.Connection if tls == "verify" else discreet(pymysql)


def discreet(pymysql: Any) -> Any:
    """Build a connection class that proves the password without giving it away."""
    ways = {**{way: bare(pymysql, way) for way in BARE}, CACHED: cached(pymysql)}

    class Discreet(pymysql.connections.Connection):  # type: ignore[misc]
        _auth_plugin_name: str

        def __init__(self, **options: Any) -> None:
            super().__init__(auth_plugin_map=ways, **options)

        def _request_authentication(self) -> None:
            # The driver would answer the greeting with the password itself.
            if self._auth_plugin_name in BARE:
                self._auth_plugin_name = "mysql_native_password"
            super()._request_authentication()

    return Discreet


def refused(pymysql: Any, way: str) -> Exception:
    error: Exception = pymysql.err.OperationalError(f"the server asks for the password itself ({way}): {REMEDY}")
    return error


def bare(pymysql: Any, way: str) -> type:
    """Build the handler that refuses a way of authentication."""

    class Bare:
        def __init__(self, _connection: Any) -> None:
            pass

        def authenticate(self, _packet: Any) -> None:
            raise refused(pymysql, way)

    return Bare


def cached(pymysql: Any) -> type:
    """Build the handler that proves the password by a digest, and does not do more where that is not enough."""

    class Cached:
        def __init__(self, connection: Any) -> None:
            self.connection = connection

        def authenticate(self, packet: Any) -> Any:
            if packet.is_auth_switch_request():
                salt = packet.read_all().removesuffix(b"\0")
                self.connection.write_packet(pymysql._auth.scramble_caching_sha2(self.connection.password, salt))
                packet = self.connection._read_packet()
            if not packet.is_extra_auth_data():
                return packet
            if packet.get_all_data()[1:] == bytes([NEEDS_ALL]):
                raise refused(pymysql, CACHED)
            return self.connection._read_packet()

    return Cached
