"""Prompts that say a clip's facts in the plain words of the captions, one phrase each."""

import numpy as np

from models import captions
from models.scenes import KINDS

from . import drawn

LANGUAGES = ("en", "zh")
SAID = ("kind", "colour", "colour2", "direction", "speed")


def facts_of(kind: str, number: int) -> dict:
    """What prompt number so-and-so of a kind asks for."""
    return KINDS[kind].facts(drawn.random("prompts", kind, number))


def colour_words(facts: dict, language: str) -> str:
    names = [facts[key] for key in ("colour", "colour2") if facts.get(key)]
    words = [captions.synonyms(language)[name][0] for name in names]
    return (" and " if language == "en" else "和").join(words)


def noun(facts: dict, language: str, rng) -> str:
    """A noun of the kind that names its colours; everything else stays unsaid."""
    english = language == "en"
    nouns = KINDS[facts["kind"]].EN if english else KINDS[facts["kind"]].ZH
    coloured = [n for n in nouns if "{c}" in n] or nouns
    tables = captions.SLOTS_EN if english else captions.SLOTS_ZH
    slots = {name: table[facts[name]][0] for name, table in tables.items() if name in facts}
    words = colour_words(facts, language)
    slots.update(c=words + " " if english and words else words, d="", s="")
    return coloured[rng.integers(len(coloured))].format(**slots)


def plain(facts: dict, language: str, number: int) -> str:
    """Kind, colours, direction and speed in words; the number chooses among the wordings."""
    rng = np.random.default_rng([number, LANGUAGES.index(language), len(facts["kind"])])
    table = captions.ENGLISH if language == "en" else captions.CHINESE
    parts = [" ".join(noun(facts, language, rng).split())]
    for key in ("direction", "speed"):
        if key in facts:
            phrases = table[key][facts[key]]
            parts.append(phrases[rng.integers(len(phrases))])
    text = (", " if language == "en" else "，").join(parts)
    return captions.articles(text) if language == "en" else text.replace("的的", "的")
