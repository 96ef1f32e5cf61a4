# SPDX-License-Identifier: GPL-3.0-or-later
"""matplotlib's SVG as a part of a page: light, dark and paper colour it, and nothing in it reaches beyond it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

# What matplotlib draws with, and the variable of the stylesheet that it becomes. The figures themselves mean nothing.
PHASES = tuple(f"phase-{place}" for place in range(1, 8))
NAMES = ("ink", "muted", "line", "paper", "verified", "failed", "unverified", *PHASES)
COLOURS = {name: f"#0b0c{number:02x}" for number, name in enumerate(NAMES)}
VARIABLES = {colour: f"var(--{name})" for name, colour in COLOURS.items()}
HEX = re.compile(r"#[0-9a-f]{6}")
FONT = re.compile(r"'[^']*'(, *'?[\w -]+'?)*|sans-serif")
REFERENCE = re.compile(r"url\(#([^)]*)\)")
HREF = "{http://www.w3.org/1999/xlink}href"


def inline(svg: str, *, chart: str, title: str, description: str) -> str:
    """The picture as an element of a page.

    :param chart: what its ids begin with, so that those of two pictures differ.
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
    """Colours to variables, fonts to the page's own, ids to ones of this picture; text is left as it is."""
    element.tag = local(element.tag)
    if "id" in element.attrib:
        element.set("id", f"{chart}-{element.get('id')}")
    if HREF in element.attrib:
        element.set("href", f"#{chart}-{element.attrib.pop(HREF).removeprefix('#')}")
    for name, value in element.items():
        own = REFERENCE.sub(rf"url(#{chart}-\1)", value) if name in ("clip-path", "style") else value
        element.set(name, variables(own) if name == "style" else own)


def variables(style: str) -> str:
    own = HEX.sub(lambda found: VARIABLES.get(found[0], found[0]), style)
    return FONT.sub("var(--font)", own) if own.startswith("font") else own


def local(tag: str) -> str:
    return tag.rpartition("}")[2]
