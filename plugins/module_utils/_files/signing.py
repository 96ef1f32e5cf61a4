# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures of the evidence: Ed25519 over the bytes of a file, as OpenSSL makes and verifies them.

The library is imported only where it is used, since it is not needed without signatures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._core.errors import LifeboatError

SUFFIX = ".sig"  # beside the document
SIGNATURE_SIZE = 64  # bytes
MAKE = "Create a key with: openssl genpkey -algorithm ed25519 -out signing.pem"
MAKE_PUBLIC = "Take it from the private key with: openssl pkey -in signing.pem -pubout -out public.pem"


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key, and the name that documents give it."""

    name: str
    key: Any

    def sign(self, content: bytes) -> bytes:
        return bytes(self.key.sign(content))


def find_signer(path: str | None, passphrase: str | None) -> tuple[Signer | None, LifeboatError | None]:
    """Return the signer, or why the key cannot be used: evidence that is not signed is better than none.

    Without a path both are None: nothing was to be signed.
    """
    if not path:
        return None, None
    try:
        return open_signer(path, passphrase or None), None
    except LifeboatError as error:
        return None, error


def open_signer(path: str, passphrase: str | None) -> Signer:
    """Read the private key from a PEM file (PKCS #8).

    :raises LifeboatError: when the key cannot be used.
    """
    what = f"Cannot sign the evidence with {path}"
    ed25519, serialization, exceptions = library(what)
    try:
        content = Path(path).read_bytes()
        key = serialization.load_pem_private_key(content, passphrase.encode() if passphrase else None)
    except OSError as error:
        raise LifeboatError(what, why=error.strerror or str(error), remedy=MAKE) from error
    except TypeError as error:  # raised for a missing passphrase, and for one that is not needed
        raise why_locked(what, has_passphrase=bool(passphrase)) from error
    except (ValueError, exceptions.UnsupportedAlgorithm) as error:
        why = "it is not a private key in PEM (PKCS #8), or signing_passphrase is not its passphrase"
        raise LifeboatError(what, why=why, remedy=MAKE) from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise LifeboatError(what, why="it is not an Ed25519 key", remedy=MAKE)
    return Signer(name_of(key.public_key()), key)


def why_locked(what: str, *, has_passphrase: bool) -> LifeboatError:
    if has_passphrase:
        return LifeboatError(what, why="it has no passphrase", remedy="Leave out signing_passphrase")
    return LifeboatError(what, why="it has a passphrase", remedy="Set signing_passphrase")


def library(what: str) -> tuple[Any, Any, Any]:
    """Import the parts of cryptography that signatures need.

    :raises LifeboatError: when it is not installed.
    """
    try:
        from cryptography import exceptions
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        remedy = "Install it for the Python that runs the module: pip install cryptography"
        raise LifeboatError(what, why=f"cryptography is missing ({error})", remedy=remedy) from error
    return ed25519, serialization, exceptions


def name_of(public_key: Any) -> str:
    """Return ``sha256:`` and the digest of the key's DER form (SubjectPublicKeyInfo)."""
    _ed25519, serialization, _exceptions = library("Cannot name a key")
    der = public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"sha256:{hashlib.sha256(der).hexdigest()}"


def open_public_keys(keys: list[str]) -> dict[str, Any]:
    """Read public keys from PEM files or from PEM text, and return them by their names.

    :raises LifeboatError: when one of them is not an Ed25519 public key.
    """
    opened = [open_public_key(key) for key in keys]
    return {name_of(key): key for key in opened}


def open_public_key(key: str) -> Any:
    """Read a public key from the path of a PEM file, or from PEM text.

    :raises LifeboatError: when it is not an Ed25519 key.
    """
    is_text = key.lstrip().startswith("-----BEGIN")
    what = f"Cannot verify with {'the public key that was given as text' if is_text else key}"
    ed25519, serialization, exceptions = library(what)
    try:
        found = serialization.load_pem_public_key(key.encode() if is_text else Path(key).expanduser().read_bytes())
    except OSError as error:
        raise LifeboatError(what, why=error.strerror or str(error), remedy=MAKE_PUBLIC) from error
    except (ValueError, exceptions.UnsupportedAlgorithm) as error:
        raise LifeboatError(what, why="it is not a public key in PEM", remedy=MAKE_PUBLIC) from error
    if not isinstance(found, ed25519.Ed25519PublicKey):
        raise LifeboatError(what, why="it is not an Ed25519 key", remedy=MAKE_PUBLIC)
    return found


def why_not_signed(content: bytes, signature: bytes | None, signed_by: str | None, keys: Mapping[str, Any]) -> str:
    """Return what is wrong with the signature of a document, or an empty text.

    :param signed_by: the name of the key in the document.
    """
    if signed_by is None:
        return "it was not signed"
    if signature is None:
        return "its signature is missing"
    if signed_by not in keys:
        return f"it is signed by another key, {signed_by}"
    _ed25519, _serialization, exceptions = library("Cannot verify a signature")
    try:
        keys[signed_by].verify(signature, content)
    except exceptions.InvalidSignature:
        return "it was changed, or its signature was: they do not belong together"
    return ""
