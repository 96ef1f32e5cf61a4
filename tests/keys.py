# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs of keys for signatures of the evidence."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519


class Keys(NamedTuple):
    private: Path
    public: Path


def make_keys(folder: Path, name: str = "signing", passphrase: str | None = None) -> Keys:
    """Write a new key pair as PEM files."""
    key = ed25519.Ed25519PrivateKey.generate()
    lock = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    keys = Keys(folder / f"{name}.pem", folder / f"{name}.pub.pem")
    keys.private.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, lock))
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    keys.public.write_bytes(public)
    return keys
