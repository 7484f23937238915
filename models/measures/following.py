"""Whether clips show what plain prompts ask for, in English and in Chinese: the judge reads them."""

from models.scenes import KINDS

from . import prompts
from .bench import Bench, Row, mean, percent
from .generated import Request

PROMPTS, QUICK_PROMPTS = 2, 1  # of each kind
WANTED = {"kind": .95, "colours": .90, "direction": .85, "speed": .85}


def asked(bench: Bench, language: str) -> list:
    """(facts, request) of every clip."""
    out = []
    for kind in bench.kinds:
        for number in range(QUICK_PROMPTS if bench.quick else PROMPTS):
            facts = prompts.facts_of(kind, number)
            text = prompts.plain(facts, language, number)
            out += [(facts, Request(text, seed)) for seed in bench.seeds]
    return out


def said_colours(facts: dict) -> list:
    """The colours that the plain prompt names."""
    if not any("{c}" in noun for noun in KINDS[facts["kind"]].EN):
        return []
    return [facts[key] for key in ("colour", "colour2") if facts.get(key)]


def right(facts: dict, seen: dict) -> dict:
    """measure -> 0 to 1 for one clip; without those that its kind does not have."""
    out = {"kind": float(seen["kind"] == facts["kind"])}
    colours = said_colours(facts)
    if colours:
        found = {seen["colour"], *([seen["colour2"]] if len(colours) > 1 else [])}
        out["colours"] = mean(float(name in found) for name in colours)
    for key in ("direction", "speed"):
        if key in facts:
            out[key] = float(seen[key] == facts[key])
    return out


def read(bench: Bench, clips: list) -> list:
    import numpy as np

    from models.judge.net import read as judge_reads

    return judge_reads(bench.judge, np.stack([clip.looks for clip in clips]))


def rows(bench: Bench) -> list:
    names = {"en": "English", "zh": "Chinese"}
    if bench.judge is None:
        return [Row("prompts followed", "no judge yet", "95 %")]
    out = []
    for language, name in names.items():
        work = asked(bench, language)
        clips = bench.store.clips([request for _, request in work], f"prompts in {name}")
        scores = [right(facts, seen) for (facts, _), seen in zip(work, read(bench, clips))]
        for key, wanted in WANTED.items():
            given = [s[key] for s in scores if key in s]
            if not given:
                continue
            share = mean(given)
            out.append(Row(f"{name} prompts: {key}", percent(share), percent(wanted),
                           bench.judged(share >= wanted)))
            for kind in bench.kinds:
                of_kind = [s[key] for (facts, _), s in zip(work, scores)
                           if facts["kind"] == kind and key in s]
                if of_kind:
                    bench.note(kind, f"{key} {language}", percent(mean(of_kind)))
    return out
