"""What a scene shows of which a caption says nothing: the first option of each fact.

A prompt that leaves the background, the size or the speed unsaid leaves a model to choose, and one
that has seen all of them there paints their mean. So captions leave out what is usual, and say what is
not; and clips of usual facts are many.
"""

from functools import cache

from models.scenes import KINDS

OFTEN, FEW = 0.45, 8  # how often the first of few options is taken; of many, as often as the others


class First:
    """In place of a generator of random numbers: takes the first option of everything."""

    def integers(self, count):
        return 0

    def random(self):
        return 1.0


class Often:
    """Takes the first of a few options often, else what a generator of random numbers gives."""

    def __init__(self, rng):
        self.rng = rng

    def integers(self, count):
        return 0 if count <= FEW and self.rng.random() < OFTEN else self.rng.integers(count)

    def random(self):
        return self.rng.random()


def facts(kind, rng):
    """Facts of a clip, many of them usual."""
    return KINDS[kind].facts(Often(rng))


@cache
def _of(kind):
    return KINDS[kind].facts(First())


def usual(facts, key):
    """Is this fact what a caption of this kind may leave out?"""
    return facts.get(key) == _of(facts["kind"]).get(key)
