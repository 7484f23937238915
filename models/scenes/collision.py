"""Two balls that roll at each other, collide and rebound."""

import numpy as np

from models.scenes.motion import SIZE, SPEED, size, speed
from models.scenes.palette import COLOURS, PLAIN, VIVID, pick
from models.scenes.particles import add_glow
from models.scenes.shapes import shadow, sphere, stage

GROUP = "shapes"
EN = (
    "{c}colliding balls",
    "two {s}{c}balls colliding",
    "{s}{c}balls that bump into each other",
    "two {c}balls crashing and bouncing apart",
    "a collision of two {s}{c}balls",
    "two {c}balls",
    "two {s}{c}balls hitting each other",
    "a crash of {c}balls",
    "{s}{c}billiard balls colliding",
)
ZH = (
    "{c}小球碰撞",
    "两个{c}{s}球相撞",
    "两个{c}球碰撞弹开",
    "{c}{s}球互相撞击",
    "{c}球对撞",
    "两个{s}{c}球",
    "{c}两球碰撞",
    "{c}台球相撞",
    "两{c}球相撞弹开",
)


def facts(rng):
    colour = pick(rng, VIVID)
    return {
        "kind": "collision",
        "colour": colour,
        "colour2": pick(rng, [c for c in VIVID if c != colour]),
        "background": pick(rng, PLAIN),
        "size": size(rng),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    radius = 0.12 * SIZE[facts["size"]]
    floor = view.bottom * rng.uniform(0.35, 0.6)
    span = view.right - 2 * radius
    rate, phase = SPEED[facts["speed"]] * 0.42, rng.random()
    back = stage(view, facts["background"], floor)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        beat = (t * rate + phase) % 1
        gap = span * np.sin(np.pi * beat) ** 0.85  # bounces sharply at zero, softly at the walls
        hit = np.exp(-min(beat, 1 - beat) / 0.02)
        for side, name in ((-1, facts["colour"]), (1, facts["colour2"])):
            shadow(view, image, side * (gap + radius), floor, radius, 0.0, COLOURS[name].base)
        for side, name in ((-1, facts["colour"]), (1, facts["colour2"])):
            squash = 1 + 0.10 * hit
            sphere(
                view,
                image,
                side * (gap + radius / squash),
                floor - radius,
                radius,
                COLOURS[name],
                squash,
            )
        flash = np.array([0.9 * hit])
        add_glow(view, image, [0], [floor - radius], 0.10, flash, (1, 0.95, 0.8))
    return np.clip(out, 0, 1)
