# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns matplotlib's SVG into a part of a page.

The style of the page colours it, and nothing in it refers to elsewhere.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

# Each colour that matplotlib draws with stands for a variable of the style sheet. The values themselves mean nothing.
PHASES = tuple(f"phase-{place}" for place in range(1, 8))
NAMES = ("ink", "muted", "line", "paper", "verified", "failed", "unverified", *PHASES)
COLOURS = {name: f"#0b0c{number:02x}" for number, name in enumerate(NAMES)}
VARIABLES = {colour: f"var(--{name})" for name, colour in COLOURS.items()}
HEX = re.compile(r"#[0-9a-f]{6}")
FONT = re.compile(r"'[^']*'(, *'?[\w -]+'?)*|sans-serif")
REFERENCE = re.compile(r"url\(#([^)]*)\)")
HREF = "{http://www.w3.org/1999/xlink}href"


def inline(svg: str, *, chart: str, title: str, description: str) -> str:
    """Convert a picture to an element of a page.

    :param chart: a prefix for its IDs, so that two pictures on a page do not share any.
    """
    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in [one for one in parent if local(one.tag) == "metadata"]:
            parent.remove(child)
        rewrite(parent, chart)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.attrib |= {"role": "img", "aria-labelledby": f"{chart}-title {chart}-description"}
    for name, text in (("desc", description), ("title", title)):
        made = ElementTree.Element(name, {"id": f"{chart}-{'title' if name == 'title' else 'description'}"})
        made.text = text
        root.insert(0, made)
    return ElementTree.tostring(root, encoding="unicode")


def rewrite(element: ElementTree.Element, chart: str) -> None:
    """Replace colours by variables, fonts by the page's own, and IDs by ones of this picture. Text stays as it is."""
    element.tag = local(element.tag)
    if "id" in element.attrib:
        element.set("id", f"{chart}-{element.get('id')}")
    if HREF in element.attrib:
        element.set("href", f"#{chart}-{element.attrib.pop(HREF).removeprefix('#')}")
    for name, value in element.items():
        own = REFERENCE.sub(rf"url(#{chart}-\1)", value) if name in ("clip-path", "style") else value
        element.set(name, variables(own) if name == "style" else own)


def variables(style: str) -> str:
    """Replace colours and fonts in a style."""
    own = HEX.sub(lambda found: VARIABLES.get(found[0], found[0]), style)
    return FONT.sub("var(--font)", own) if own.startswith("font") else own


def local(tag: str) -> str:
    """Strip the namespace from a tag."""
    return tag.rpartition("}")[2]
