# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that write a signed document share: what made it, and how it is handed over."""

from __future__ import annotations

import platform
from typing import Any

from .._core.errors import LifeboatError
from .._core.evidence.document import COLLECTION_VERSION


def tool_of(module: Any) -> dict[str, str]:
    """Return what makes the document, by versions."""
    return {
        "lifeboat.rds": COLLECTION_VERSION,
        "ansible-core": module.ansible_version,
        "python": platform.python_version(),
    }


def finish_document(module: Any, path: str, result: dict[str, Any], unsigned: LifeboatError | None) -> None:
    """Hand over what was written. A key that could not be used fails the module all the same."""
    diff = {"before": "", "after": "\n".join([*result["table"], ""]), "before_header": path, "after_header": path}
    if unsigned:
        module.fail_json(**unsigned.as_result(), changed=True, diff=diff, **result)
    module.exit_json(changed=True, diff=diff, **result)
