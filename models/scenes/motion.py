"""What the words about motion and amount mean in numbers."""

from models.scenes.palette import pick

SPEED = {"medium": 1.0, "slow": 0.5, "fast": 2.0}
DENSITY = {"some": 1.0, "few": 0.5, "many": 2.0}
SIZE = {"medium": 1.0, "small": 0.7, "large": 1.55}
SIDE = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


def speed(rng):
    return pick(rng, tuple(SPEED))


def density(rng):
    return pick(rng, tuple(DENSITY))


def size(rng):
    return pick(rng, tuple(SIZE))
