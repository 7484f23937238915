"""Fish that swim under water."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SIDE, SIZE, SPEED, density, size, speed
from models.scenes.noise import Noise
from models.scenes.palette import COLOURS, pick
from models.scenes.particles import boxes, wrap

GROUP = "things"
EN = (
    "{d}{s}{c}fish",
    "{d}{s}{c}fish swimming",
    "{d}{c}fish under water",
    "{s}{c}fish in the sea",
    "swimming {d}{c}fish",
    "{d}{s}{c}fishes",
    "a school of {c}fish",
    "{d}{s}{c}fish in an aquarium",
    "underwater world with {c}fish",
)
ZH = (
    "{d}{c}鱼",
    "游动的{d}{s}{c}鱼",
    "水下的{c}鱼",
    "海里{d}{c}鱼在游",
    "{d}{s}{c}鱼儿游泳",
    "{d}{s}{c}鱼",
    "{d}{c}鱼群",
    "水族馆里的{d}{c}鱼",
    "海底世界{c}鱼",
)


def facts(rng):
    return {
        "kind": "fish",
        "colour": pick(
            rng,
            ("orange", "gold", "red", "yellow", "pink", "purple", "silver", "green", "colourful"),
        ),
        "density": density(rng),
        "size": size(rng),
        "direction": pick(rng, ("left", "right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    n = max(
        int(8 * (view.right * 2) ** 0.7 * DENSITY[facts["density"]] / SIZE[facts["size"]] ** 0.7), 2
    )
    crowd = Crowd(rng, n)
    near = crowd.near
    length = (0.085 + 0.065 * near) * SIZE[facts["size"]]
    pace, way = SPEED[facts["speed"]], SIDE[facts["direction"]][0]
    extent = view.right + 0.3
    x0 = (crowd.spread() * 2 - 1) * extent
    y0 = crowd.uniform(-0.8, 0.8) * view.bottom
    swim = (0.14 + 0.18 * near) * pace
    phase = crowd.uniform(0, 2 * np.pi)
    names = palette.names(crowd, facts["colour"])
    level = np.clip((view.y / view.bottom + 1) / 2, 0, 1)[..., None]
    water = np.float32([0.16, 0.58, 0.78]) + level * np.float32([-0.13, -0.42, -0.42])
    grid = view.coarse
    deep = np.float32([0.08, 0.34, 0.52])
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        s = t * pace
        image[:] = water
        shafts = grid.up(noise.at((grid.x + 0.35 * grid.y) * 2.4, 0 * grid.y, 0.5 * t))
        image += (np.clip(shafts, 0, 1) * 0.20)[..., None] * (1 - level) * np.float32([0.7, 1, 1])
        x, y = wrap(x0 + way * swim * t, extent), y0 + 0.03 * np.sin(phase + 0.9 * s)
        for i, box, dx, dy in boxes(view, x, y, length * 1.25):
            u, v = np.float32(dx / length[i] * way), np.float32(dy / length[i])
            tint = 0.62 + 0.38 * near[i]
            _fish(
                image[box],
                u,
                v,
                length[i] / view.pixel,
                COLOURS[names[i]],
                phase[i] + (5 + 2 * near[i]) * s,
                tint,
                deep,
            )
    return np.clip(out, 0, 1)


def _fish(image, u, v, pixels, colours, wag, tint, deep):
    """Swims to positive u, its tail waving; far fish take on the water's colour."""
    dark, base, bright = (deep + tint * (np.float32(c) - deep) for c in colours[:3])

    def put(d, colour):
        cover = np.clip(0.5 - d * pixels / 1.5, 0, 1)[..., None]
        image[:] += cover * (np.clip(colour, 0, 1) - image)

    v = v - 0.10 * np.clip(0.5 - u, 0, 1.6) ** 1.5 * np.sin(wag + 2.2 * u)
    back = np.clip((-u - 0.55) / 0.5, 0, 1)
    tail = np.maximum(
        np.abs(v) - 0.05 - 0.36 * back,
        np.maximum(u + 0.52, -1.02 - u + 0.22 * np.exp(-((v / 0.12) ** 2))),
    )
    put(tail * 0.85, 0.6 * base + 0.4 * dark - 0.12 * np.cos(v * 40)[..., None] * base)
    fin = np.maximum(
        np.abs(u + 0.06 + 0.4 * (v + 0.3)) - 0.26 - 0.3 * (v + 0.25),
        np.maximum(v + 0.12, -v - 0.46),
    )
    put(fin, 0.6 * base + 0.4 * dark)
    half = 0.33 * np.sqrt(np.clip(1 - ((u - 0.1) / 0.78) ** 2, 0, 1)) * (0.85 + 0.2 * u) + 0.02
    body = np.maximum(np.abs(v) - half, np.abs(u - 0.1) - 0.78) * 0.9
    light = np.clip(0.5 - 1.1 * v, 0, 1)[..., None]
    skin = (
        0.75 * base + 0.25 * dark + light * (0.5 * bright + 0.5 * base - 0.75 * base - 0.25 * dark)
    )
    bands = (
        0.22 * np.exp(-(((u + 0.18) / 0.08) ** 2)) + 0.22 * np.exp(-(((u - 0.28) / 0.07) ** 2))
    )[..., None]
    put(body, skin + 2.2 * bands * (bright - skin))
    flap = 0.5 + 0.2 * np.sin(wag * 0.8)
    put(
        np.sqrt(((u - 0.12) / 0.20) ** 2 + ((v - 0.08 - 0.25 * (0.12 - u) * flap) / 0.07) ** 2)
        * 0.07
        - 0.07,
        0.5 * base + 0.5 * bright,
    )
    put(
        np.sqrt((u - 0.60) ** 2 + (v + 0.07) ** 2) - 0.085,
        np.float32([0.96, 0.97, 0.97]) * (0.4 + 0.6 * tint),
    )
    put(np.sqrt((u - 0.62) ** 2 + (v + 0.07) ** 2) - 0.05, np.float32([0.03, 0.04, 0.06]))
