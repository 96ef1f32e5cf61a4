# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw the pictures of docs/architecture.md: the rooms of the engine, and the way of a recovery point.

The rooms and their arrows come from the table of allowed imports (tests/meta/test_rooms.py), what each room does from
the table of the page. `make pictures` runs this, and a test fails while a picture shows something else than its tables.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"
RULES = ROOT / "tests" / "meta" / "test_rooms.py"
GROUND = "_core"
WIDTH, MARGIN = 1000, 24
BOX_WIDTH, BOX_HEIGHT, BETWEEN, FLOOR = 222, 66, 20, 104
# Fill and border of a box.
PURE, WORLD, DOOR = ("#e3eefb", "#5b87b8"), ("#fdeccf", "#c08a35"), ("#e2f3e1", "#5c9a5a")
SOURCE, DR = ("#f4f4f6", "#9a9aa5"), ("#eef6f4", "#6fa399")


@dataclass(frozen=True)
class Box:
    """A rectangle with a bold name and a few words under it."""

    x: float
    y: float
    name: str
    words: str
    colours: tuple[str, str]
    width: float = BOX_WIDTH
    height: float = BOX_HEIGHT

    @property
    def middle(self) -> float:
        """Return the x of its middle."""
        return self.x + self.width / 2

    def draw(self) -> str:
        """Draw the rectangle and its text."""
        fill, border = self.colours
        lines = textwrap.wrap(self.words, int(self.width / 6.3))
        top = self.y + (self.height - 15 * len(lines)) / 2
        return (
            f'<rect x="{self.x:g}" y="{self.y:g}" width="{self.width:g}" height="{self.height:g}" '
            f'rx="6" fill="{fill}" stroke="{border}"/>\n'
            + text(self.middle, top + 4, self.name, "name")
            + "".join(text(self.middle, top + 20 + 15 * number, line, "words") for number, line in enumerate(lines))
        )


def text(x: float, y: float, words: str, kind: str) -> str:
    """Draw one line of text around x."""
    return f'<text x="{x:g}" y="{y:g}" class="{kind}">{escape(words)}</text>\n'


def arrow(start: tuple[float, float], end: tuple[float, float], *, dashed: bool = False) -> str:
    """Draw a straight arrow."""
    style = ' stroke-dasharray="6 4"' if dashed else ""
    (left, top), (right, bottom) = start, end
    return f'<line x1="{left:g}" y1="{top:g}" x2="{right:g}" y2="{bottom:g}" class="arrow"{style}/>\n'


def picture(height: float, title: str, parts: Iterable[str]) -> str:
    """Put the parts on white paper."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" '
        f'width="{WIDTH}" height="{height:g}" role="img">\n'
        f"<title>{escape(title)}</title>\n"
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#444"/></marker></defs>\n'
        "<style>text{font-family:'DejaVu Sans',Verdana,sans-serif;text-anchor:middle;fill:#222}"
        ".name{font-weight:bold;font-size:13px}.words{font-size:11px}.note{font-size:11px;fill:#555}.lane{font-weight:bold;font-size:14px}"
        ".arrow{stroke:#444;stroke-width:1.3;marker-end:url(#head)}</style>\n"
        f'<rect width="{WIDTH}" height="{height:g}" fill="#fff"/>\n{"".join(parts)}</svg>\n'
    )


def allowed_imports(source: str) -> dict[str, set[str]]:
    """Read the table of allowed imports: every room also stands on the ground."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "MAY_IMPORT":
            assert node.value is not None
            table: dict[str, set[str]] = ast.literal_eval(node.value)
            return {room: below | ({GROUND} - {room}) for room, below in table.items()}
    raise ValueError("There is no table MAY_IMPORT.")


def purposes(page: str) -> dict[str, str]:
    """Read what each room is for from the rows of the page's tables that name a room."""
    return dict(re.findall(r"^\| `(\w+(?:/\w+)?)` \| ([^|]+?) \|", page, re.MULTILINE))


def all_below(room: str, rooms: Mapping[str, set[str]]) -> set[str]:
    """Return the rooms that a room reaches, however many others lie between."""
    return rooms[room].union(*(all_below(below, rooms) for below in rooms[room]))


def next_below(room: str, rooms: Mapping[str, set[str]]) -> set[str]:
    """Return the rooms to draw an arrow to: none that another arrow leads to anyway."""
    return rooms[room] - set().union(*(all_below(below, rooms) for below in rooms[room]))


def floor_of(room: str, rooms: Mapping[str, set[str]]) -> int:
    """Return how many floors a room is above the ground."""
    return 1 + max((floor_of(below, rooms) for below in rooms[room]), default=-1)


def ordered_floors(rooms: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the rooms of each floor, from the ground up, each near the rooms that its arrows lead to and come from."""
    floors: list[list[str]] = [[] for _floor in range(1 + max(floor_of(room, rooms) for room in rooms))]
    for room in sorted(rooms):
        floors[floor_of(room, rooms)].append(room)
    arrows = {(room, below) for room in rooms for below in next_below(room, rooms)}
    place = {room: number - len(floor) / 2 for floor in floors for number, room in enumerate(floor)}
    for _round in range(6):
        for floor in [*floors, *reversed(floors)]:
            floor.sort(key=lambda room: (mean_place(room, arrows, place), room))
            place |= {room: number - len(floor) / 2 for number, room in enumerate(floor)}
    return floors


def mean_place(room: str, arrows: Iterable[tuple[str, str]], place: Mapping[str, float]) -> float:
    """Return the mean place of the rooms at the other ends of a room's arrows."""
    ends = [place[end] for pair in arrows if room in pair for end in pair if end != room]
    return sum(ends) / len(ends) if ends else 0


def colours_of(room: str) -> tuple[str, str]:
    """Tell pure decisions, what reaches the world, and what runs a module apart."""
    if room.split("/")[0] == GROUND:
        return PURE
    return DOOR if room in ("_pass", "_module") else WORLD


def row_of_boxes(floor: Sequence[str], y: float, words: Mapping[str, str]) -> list[Box]:
    """Place the rooms of one floor side by side, around the middle."""
    left = (WIDTH - len(floor) * BOX_WIDTH - (len(floor) - 1) * BETWEEN) / 2
    return [
        Box(left + number * (BOX_WIDTH + BETWEEN), y, room, words[room], colours_of(room))
        for number, room in enumerate(floor)
    ]


def draw_rooms(rooms: Mapping[str, set[str]], words: Mapping[str, str]) -> str:
    """Draw each room above the rooms that it imports."""
    floors = ordered_floors(rooms)
    boxes: dict[str, Box] = {}
    for height, floor in enumerate(reversed(floors)):
        boxes |= {box.name: box for box in row_of_boxes(floor, MARGIN + height * FLOOR, words)}
    arrows = [
        arrow((boxes[room].middle, boxes[room].y + BOX_HEIGHT), (boxes[below].middle, boxes[below].y - 1))
        for room in sorted(rooms)
        for below in sorted(next_below(room, rooms))
    ]
    bottom = MARGIN + len(floors) * FLOOR - (FLOOR - BOX_HEIGHT)
    legend = (
        "An arrow: may import. What an arrow leads to by way of others may be imported, too, where the table says so."
    )
    colours = (
        "Green: runs a module. Orange: reaches AWS, a server or a disk. Blue: decides, with the standard library only."
    )
    notes = [text(WIDTH / 2, bottom + 26, legend, "note"), text(WIDTH / 2, bottom + 44, colours, "note")]
    return picture(bottom + 60, "The rooms of the engine", [*arrows, *(box.draw() for box in boxes.values()), *notes])


def draw_way() -> str:
    """Draw how a recovery point gets from its source to being verified."""
    wide, left, right = 330.0, 70.0, 600.0

    def step(x: float, row: int, name: str, words: str) -> Box:
        return Box(x, 62 + row * 100, name, words, DOOR if row == 4 else PURE, wide)

    taken = step(left, 0, "recovery point", "the newest automated snapshot, or one taken now")
    published = step(
        left, 1, "published · snapshot_copy", "a manual copy under a key that the DR account may use, shared with it"
    )
    retired = step(left, 3, "retired · snapshot_prune", "no longer shared; older copies go, the newest stays")
    copied = step(right, 1, "replicated · snapshot_replicate", "a copy of its own, in its Region, under its own key")
    landed = step(right, 2, "landed", "available; lineage, engine, size and key match")
    restored = step(
        right, 3, "restored · snapshot_restore", "in a private network, with new passwords; deleted again when checked"
    )
    verified = step(
        right,
        4,
        "verified · database_check, drill_report",
        "every SQL check passed; the evidence is written and signed, the copy marked",
    )
    lanes = [
        Box(left - 46, 14, "", "", SOURCE, wide + 92, 530).draw(),
        Box(right - 46, 14, "", "", DR, wide + 92, 530).draw(),
        text(left + wide / 2, 44, "source account", "lane"),
        text(right + wide / 2, 44, "DR account, another Region", "lane"),
    ]
    downs = [(taken, published), (copied, landed), (landed, restored), (restored, verified)]
    arrows = [arrow((a.middle, a.y + a.height), (b.middle, b.y - 1)) for a, b in downs]
    edge = left + wide
    arrows += [
        arrow((edge, published.y + 22), (right - 1, published.y + 22)),
        arrow((edge, published.y + 46), (right - 1, published.y + 46), dashed=True),
        arrow((right, landed.y + 46), (edge + 1, retired.y + 22), dashed=True),
        text((edge + right) / 2, published.y + 14, "snapshot", "note"),
        text((edge + right) / 2, published.y + 62, "manifest: published", "note"),
        text((edge + right) / 2, landed.y + 60, "manifest: landed", "note"),
    ]
    boxes = [taken, published, retired, copied, landed, restored, verified]
    return picture(560, "The way of a recovery point", [*lanes, *arrows, *(box.draw() for box in boxes)])


def pictures() -> dict[Path, str]:
    """Draw every picture, by the file that it belongs into."""
    rooms = allowed_imports(RULES.read_text(encoding="utf-8"))
    words = purposes(PAGE.read_text(encoding="utf-8"))
    return {PAGE.with_name("rooms.svg"): draw_rooms(rooms, words), PAGE.with_name("way.svg"): draw_way()}


if __name__ == "__main__":
    for path, drawing in pictures().items():
        path.write_text(drawing, encoding="utf-8")
