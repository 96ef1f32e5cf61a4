# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import builtins
import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._files.signing import (
    open_public_keys,
    open_signer,
    why_not_signed,
)
from tests.keys import Keys, make_keys


def test_what_is_signed_is_verified_with_the_public_key_by_its_name(keys: Keys) -> None:
    signer, known = open_signer(str(keys.private), None), open_public_keys([str(keys.public)])
    assert list(known) == [signer.name]
    assert why_not_signed(b"text", signer.sign(b"text"), signer.name, known) == ""


def test_the_name_is_the_digest_of_the_public_key_in_der(keys: Keys) -> None:
    key = serialization.load_pem_public_key(keys.public.read_bytes())
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert open_signer(str(keys.private), None).name == f"sha256:{hashlib.sha256(der).hexdigest()}"


def test_a_public_key_may_be_given_as_text(keys: Keys) -> None:
    assert list(open_public_keys([keys.public.read_text()])) == list(open_public_keys([str(keys.public)]))


def test_a_key_with_a_passphrase_signs(tmp_path: Path) -> None:
    keys = make_keys(tmp_path, passphrase="not-a-secret")
    assert len(open_signer(str(keys.private), "not-a-secret").sign(b"text")) == 64


@pytest.mark.parametrize(
    ("content", "signature", "by", "why"),
    [
        pytest.param(b"tex", None, "own", "they do not belong together", id="changed"),
        pytest.param(b"text", b"x" * 64, "own", "they do not belong together", id="another-signature"),
        pytest.param(b"text", b"", "own", "they do not belong together", id="empty-signature"),
        pytest.param(b"text", b"missing", "own", "its signature is missing", id="no-signature"),
        pytest.param(b"text", None, "sha256:other", "it is signed by another key, sha256:other", id="another-key"),
        pytest.param(b"text", None, None, "it was not signed", id="not-signed"),
    ],
)
def test_each_fault_of_a_signature_is_named(
    keys: Keys, content: bytes, signature: bytes | None, by: str | None, why: str
) -> None:
    signer = open_signer(str(keys.private), None)
    given = None if signature == b"missing" else signature if signature is not None else signer.sign(b"text")
    told = why_not_signed(content, given, signer.name if by == "own" else by, open_public_keys([str(keys.public)]))
    assert why in told


@pytest.mark.parametrize(
    ("content", "passphrase", "why"),
    [
        pytest.param("locked", None, "it has a passphrase. Set signing_passphrase.", id="passphrase-missing"),
        pytest.param("locked", "wrong", "signing_passphrase is not its passphrase", id="passphrase-wrong"),
        pytest.param(
            "open", "needless", "it has no passphrase. Leave out signing_passphrase.", id="passphrase-needless"
        ),
        pytest.param("garbage", None, "it is not a private key in PEM", id="no-key"),
        pytest.param("public", None, "it is not a private key in PEM", id="public-key"),
        pytest.param("other", None, "it is not an Ed25519 key. Create a key with: openssl genpkey", id="another-kind"),
        pytest.param("missing", None, "No such file or directory. Create a key with", id="no-file"),
    ],
)
def test_a_key_that_cannot_sign_is_refused_with_the_remedy(
    tmp_path: Path, content: str, passphrase: str | None, why: str
) -> None:
    keys = make_keys(tmp_path, passphrase="not-a-secret" if content == "locked" else None)
    path = {"public": keys.public, "missing": tmp_path / "none.pem"}.get(content, keys.private)
    if content == "garbage":
        path.write_text("-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n")
    if content == "other":
        path.write_bytes(pem_of(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(LifeboatError) as told:
        open_signer(str(path), passphrase)
    assert str(told.value).startswith(f"Cannot sign the evidence with {path}: ")
    assert why in str(told.value)
    assert passphrase is None or passphrase not in str(told.value)


def pem_of(key: Any) -> bytes:
    return bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@pytest.mark.parametrize("which", ["private", "garbage", "missing"])
def test_a_file_that_is_not_a_public_key_is_refused_with_the_remedy(keys: Keys, which: str) -> None:
    given = {"private": str(keys.private), "garbage": "-----BEGIN x", "missing": "/no/such.pem"}[which]
    with pytest.raises(LifeboatError, match="openssl pkey -in"):
        open_public_keys([given])


def test_without_the_library_the_remedy_is_to_install_it(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name.startswith("cryptography"):
            raise ImportError(f"No module named {name}")
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LifeboatError, match="pip install cryptography"):
        open_signer(str(keys.private), None)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")
def test_openssl_verifies_what_was_signed(keys: Keys, tmp_path: Path) -> None:
    document, signature = tmp_path / "x.json", tmp_path / "x.json.sig"
    document.write_bytes(b"text")
    signature.write_bytes(open_signer(str(keys.private), None).sign(b"text"))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(keys.public), "-rawin"]
    files = ["-in", str(document), "-sigfile", str(signature)]
    assert subprocess.run([*command, *files], capture_output=True, check=False).returncode == 0
    document.write_bytes(b"Text")
    assert subprocess.run([*command, *files], capture_output=True, check=False).returncode == 1
