# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options of the same name in module_utils/_module/arguments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  signing_key:
    description:
      - The path of an Ed25519 private key in PEM (PKCS#8). The signature is written beside the document, under its name
        with C(.sig) at the end. It has 64 bytes, which C(openssl pkeyutl) verifies.
      - If the key cannot be used, the document is written without a signature, and the module fails. In check mode the
        module fails as well, so that this can be found out beforehand.
      - It needs the Python library C(cryptography).
    type: path
  signing_passphrase:
    description: The passphrase of O(signing_key), if it has one.
    type: str
"""
