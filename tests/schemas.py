# SPDX-License-Identifier: GPL-3.0-or-later
"""The published forms of the documents of the evidence."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parents[1] / "docs" / "schemas"
FORMS = {"drill": "drill", "recovery": "drill", "posture": "posture"}  # the schema of each kind of document


@cache
def schema(name: str) -> Any:
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))


def complaints(document: dict[str, Any]) -> list[str]:
    """In what a document is not as its schema says."""
    found = Draft202012Validator(schema(FORMS[document["document"]])).iter_errors(document)
    return [f"{one.json_path}: {one.message[:300]}" for one in found]


def read_evidence(path: Path) -> dict[str, Any]:
    """Read a document and check it against its schema."""
    document = dict(json.loads(path.read_text(encoding="utf-8")))
    assert complaints(document) == []
    return document


def evidence_files(folder: Path) -> list[str]:
    """Return the names of the files in a folder of evidence, but for its lock."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")
