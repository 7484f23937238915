"""The rows of all measures as one table, and what was found of each kind."""

import unicodedata

VERDICTS = {True: "yes", False: "no", None: ""}


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def columns(lines: list) -> str:
    """Cells aligned in columns, a rule below the heading."""
    widths = [max(width(line[i]) for line in lines) for i in range(len(lines[0]))]
    out = ["  ".join(cell + " " * (w - width(cell)) for cell, w in zip(line, widths)).rstrip()
           for line in lines]
    return "\n".join([out[0], "-" * (sum(widths) + 2 * len(widths) - 2), *out[1:]])


def table(rows: list) -> str:
    lines = [("measure", "measured", "must reach", "reached")]
    lines += [(r.what, r.measured, r.wanted, VERDICTS[r.reached]) for r in rows]
    return columns(lines)


def by_kind(found: dict) -> str:
    """found: {kind: {column: words}}."""
    names = list(dict.fromkeys(name for cells in found.values() for name in cells))
    lines = [("kind", *names)]
    lines += [(kind, *(cells.get(name, "") for name in names)) for kind, cells in found.items()]
    return columns(lines)
