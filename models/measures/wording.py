"""Whether clips show what people ask for in words that no template produces."""

from . import wordings
from .bench import Bench, Row, mean, percent
from .following import read
from .generated import Request

WANTED = .80


def rows(bench: Bench) -> list:
    if bench.judge is None:
        return [Row("free wordings", "no judge yet", percent(WANTED))]
    listed = [w for w in wordings.read() if w.kind in bench.kinds]
    work = [(w, Request(w.text, seed)) for w in listed for seed in bench.seeds]
    clips = bench.store.clips([request for _, request in work], "free wordings")
    seen = read(bench, clips)
    out = []
    for language, name in (("en", "English"), ("zh", "Chinese")):
        pairs = [(w, s) for (w, _), s in zip(work, seen) if w.language == language]
        share = mean(float(s["kind"] == w.kind) for w, s in pairs)
        out.append(Row(f"free wordings in {name}: kind", percent(share), percent(WANTED),
                       bench.judged(share >= WANTED)))
    colours = mean(float(s["colour"] == w.colour) for (w, _), s in zip(work, seen) if w.colour)
    out.append(Row("free wordings: colour", percent(colours)))
    for kind in bench.kinds:
        of_kind = [float(s["kind"] == kind) for (w, _), s in zip(work, seen) if w.kind == kind]
        if of_kind:
            bench.note(kind, "free wordings", percent(mean(of_kind)))
    return out
