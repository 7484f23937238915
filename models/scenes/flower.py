"""A flower that opens and closes, seen from above."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.palette import COLOURS, VIVID, behind, pick
from models.scenes.particles import boxes

GROUP = "things"
REACH = 0.44  # how far the petals go when they are open
EN = (
    "a {c}flower opening",
    "a blooming {c}flower",
    "a {c}flower in bloom",
    "a {c}blossom unfolding its petals",
    "an opening {c}flower",
    "a {c}flower",
    "a {c}flower blossoming",
    "a {c}bloom",
    "{c}petals opening around a centre",
)
ZH = (
    "绽放的{c}花朵",
    "{c}花朵盛开",
    "一朵{c}花开放",
    "{c}花瓣展开",
    "盛开的{c}花",
    "{c}花",
    "一朵{c}花",
    "开花，{c}",
    "{c}花开",
)


def facts(rng):
    colour = pick(rng, ("pink", "red") + VIVID + ("white",))
    return {
        "kind": "flower",
        "colour": colour,
        "background": behind(
            rng,
            (
                "dark green",
                "dark green",
                "black",
                "dark blue",
                "light blue",
                "beige",
                "dark purple",
            ),
            colour,
        ),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    colours = [np.float32(c) for c in COLOURS[facts["colour"]][:3]]
    base = colours[1]
    heart = np.float32(
        [0.62, 0.38, 0.08]
        if facts["colour"] in ("yellow", "gold", "orange")
        else [0.98, 0.80, 0.22]
    )
    petals = int(rng.integers(5, 9))
    phase, lean = rng.uniform(0, 2 * np.pi), rng.uniform(0, 2 * np.pi)
    pace = SPEED[facts["speed"]]
    square = next(iter(boxes(view, [0.0], [0.0], REACH)), None)
    back = palette.backdrop(view, facts["background"])
    halo = np.exp(-(view.x**2 + view.y**2) / 0.3)[..., None] * 0.10 * base
    back = np.clip(back + (halo if back.mean() < 0.5 else -halo), 0, 1)
    out = view.blank(times)
    out[:] = back
    if square is None:
        return out
    _, box, dx, dy = square
    r, angle = np.sqrt(dx * dx + dy * dy), np.arctan2(dy, dx)
    for image, t in zip(out, map(float, times)):
        s = t * pace
        bloom = 0.58 - 0.42 * np.cos(phase + 1.4 * s)
        turn = (angle - lean - 0.25 * s) / (2 * np.pi) * petals
        # rings of petals from the outside in; inner ones open later
        for ring in range(3):
            opened = np.clip(bloom * 1.4 - 0.18 * ring, 0.12, 1)
            length = (REACH - 0.115 * ring) * (0.30 + 0.70 * opened)
            _ring(
                image[box], turn + 0.5 * ring, r, length, opened, ring, petals, colours, view.pixel
            )
        size = 0.045 + 0.045 * bloom
        core = np.clip((size - r) / view.pixel / 1.5 + 0.5, 0, 1)[..., None]
        grain = 0.85 + 0.15 * np.cos(angle * 16 + r * 260)
        image[box] += core * (heart * (grain * (1.1 - 0.35 * r / size))[..., None] - image[box])
    return np.clip(out, 0, 1)


def _ring(image, turn, r, length, opened, ring, petals, colours, pixel):
    """One ring: petals that overlap their neighbours; turn counts petals around it."""
    dark, base, bright = colours
    along = np.minimum(r / np.float32(length), 1.2)
    wide = (
        (0.26 + 0.30 * opened)
        * np.clip(along * (1.02 - along) * 4, 0, 1) ** 0.6
        * (0.6 + 0.6 * along)
    )
    tint = np.clip(along - 0.45, 0, 1)[..., None] ** 1.5 * 0.55 * (bright - base)
    # first the petals that lie behind, in the gaps, then those in front
    for shift, shade in ((0.0, 0.78), (0.5, 1.0)):
        across = np.abs((turn + shift) % 1 - 0.5)
        d = np.maximum((across - wide) * (2 * np.pi / petals) * np.maximum(r, 0.02), r - length)
        cover = np.clip(0.5 - d / (1.8 * pixel), 0, 1)[..., None]
        rib = 0.14 * np.exp(-((across / 0.05) ** 2))
        rim = 0.20 * np.exp(-np.maximum(-d, 0) / 0.008)
        light = shade * (0.60 + 0.12 * ring + 0.38 * along - rib - rim) * (0.82 + 0.18 * opened)
        body = dark * 0.5 + np.clip(light, 0, 1.2)[..., None] * (base - dark * 0.5) + tint * shade
        image += cover * (np.clip(body, 0, 1) - image)
