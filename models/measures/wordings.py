"""The written wordings, and whether the captions' grammar could have made one of them."""

import itertools
import re
from pathlib import Path
from typing import NamedTuple

from models import captions
from models.scenes import KINDS

PATH = Path(__file__).with_name("wordings.txt")


class Wording(NamedTuple):
    kind: str
    colour: str | None
    text: str

    @property
    def language(self) -> str:
        return "zh" if re.search("[\u3400-\u9fff]", self.text) else "en"


def read() -> list:
    out = []
    for number, line in enumerate(PATH.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        kind, colour, text = (part.strip() for part in line.split("|"))
        colours = captions.synonyms("en")
        if kind not in KINDS or colour != "-" and colour not in colours:
            raise ValueError(f"{PATH}:{number}: a known kind and colour wanted, found: {line}")
        out.append(Wording(kind, None if colour == "-" else colour, text))
    return out


def literals(templates) -> list:
    """What templates say between their slots."""
    return [piece.strip(" ,.:，。：") for t in templates for piece in re.split(r"\{\w*\}", t)]


def vocabulary(kind: str, language: str) -> re.Pattern:
    """Every piece that captions of a kind are put together from, the longest first."""
    english = language == "en"
    tables = (captions.ENGLISH, captions.SLOTS_EN) if english else (
        captions.CHINESE, captions.SLOTS_ZH)
    names = captions.synonyms(language).values()
    values = (table.values() for tables_of in tables for table in tables_of.values())
    pieces = {
        *literals(KINDS[kind].EN if english else KINDS[kind].ZH),
        *literals((captions.FRAMES_EN + captions.APART_EN + captions.BACK_EN) if english else
                  (captions.FRAMES_ZH + captions.APART_ZH + captions.BACK_ZH)),
        *(phrase.strip() for group in values for phrases in group for phrase in phrases),
        *itertools.chain.from_iterable(names),
        *(("a", "an", "and", "there is", "we see") if english else ("和", "与")),
    }  # fmt: skip
    ordered = sorted(filter(None, pieces), key=len, reverse=True)
    border = r"\b" if english else ""
    return re.compile(border + f"(?:{'|'.join(map(re.escape, ordered))})" + border, re.IGNORECASE)


def producible(wording: Wording) -> bool:
    """Whether next to nothing is left of the text without the pieces of captions."""
    left = vocabulary(wording.kind, wording.language).sub(" ", wording.text)
    return len(re.findall(r"\w", left)) <= 2  # where pieces overlap, cutting them leaves crumbs
