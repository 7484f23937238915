"""What the words about motion and amount mean in numbers."""

from models.scenes.palette import pick

SPEED = {"slow": 0.5, "medium": 1.0, "fast": 2.0}
DENSITY = {"few": 0.5, "some": 1.0, "many": 2.0}
SIZE = {"small": 0.7, "medium": 1.0, "large": 1.55}
SIDE = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


def speed(rng):
    return pick(rng, tuple(SPEED))


def density(rng):
    return pick(rng, tuple(DENSITY))


def size(rng):
    return pick(rng, tuple(SIZE))
