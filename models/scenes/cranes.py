"""An ink painting: cranes that fly over mountains."""

import numpy as np

from models.scenes.brush import TONE_NAMES, brush, paper, ridge, tone, wash
from models.scenes.motion import SIDE, SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import pick

GROUP = "ink landscape"
EN = (
    "{c}ink painting of flying cranes",
    "cranes flying over mountains in {c}ink style",
    "a Chinese {c}ink painting with cranes",
    "{c}ink wash cranes in the sky",
    "flying cranes, {c}ink painting",
    "{c}cranes",
    "{c}cranes and a red sun",
    "birds in a {c}ink painting",
    "{c}cranes in flight",
)
ZH = (
    "{c}水墨飞鹤",
    "{c}水墨画，仙鹤飞翔",
    "中国风{c}水墨仙鹤",
    "水墨风格{c}白鹤飞过群山",
    "{c}水墨，鹤群飞舞",
    "{c}仙鹤",
    "{c}鹤",
    "仙鹤与红日，{c}水墨",
    "古风{c}仙鹤",
)


def facts(rng):
    return {
        "kind": "cranes",
        "colour": pick(rng, TONE_NAMES),
        "direction": pick(rng, ("left", "right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    light, ink = tone(facts)
    red = np.float32([0.78, 0.12, 0.10])
    sheet = paper(view, light, seed)
    pace, way = SPEED[facts["speed"]], SIDE[facts["direction"]][0]
    sx, sy = -way * rng.uniform(0.2, 0.5) * view.right, -view.bottom * rng.uniform(0.35, 0.55)
    n = int(rng.integers(3, 5))
    # a loose wedge of birds that keeps its place while mist and ridges glide
    px = np.linspace(0.45, -0.5, n) * view.right + rng.uniform(-0.06, 0.06, n)
    py = rng.uniform(-0.5, 0.35, n) * view.bottom
    size, beat = rng.uniform(0.14, 0.20, n), rng.uniform(0, 2 * np.pi, n)
    sun = np.clip(
        (0.12 - np.sqrt((view.x - sx) ** 2 + (view.y - sy) ** 2)) / view.pixel / 3 + 0.5, 0, 1
    )
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        s = t * pace
        image[:] = sheet
        wash(image, 0.75 * sun, red)
        for k in range(2):
            depth = ridge(
                view,
                Noise(seed + 40 + k),
                way * s * (0.05 + 0.04 * k) + 9 * k,
                view.bottom * (0.45 + 0.3 * k),
                1.3 + 0.4 * k,
                0.14,
            )
            cover = np.clip(depth / view.pixel / 2.5 + 0.5, 0, 1)
            fade = (0.24 + 0.26 * k) * (0.25 + 0.75 * np.exp(-np.maximum(depth, 0) / 0.11))
            wash(image, cover * (1 - fade), light)
            wash(image, cover * fade, ink)
        mist = noise.fbm(view.x * 1.1 + way * 0.22 * s, view.y * 3, s * 0.15, octaves=3)
        wash(
            image,
            np.clip(
                np.exp(-(((view.y - view.bottom * 0.62) / 0.16) ** 2)) * (0.5 + 0.5 * mist), 0, 0.95
            ),
            light,
        )
        for i in range(n):
            x = px[i] + way * 0.10 * np.sin(0.35 * s + beat[i])
            y = py[i] + 0.03 * np.sin(0.8 * s + 2 * beat[i])
            _crane(view, image, x, y, size[i], way, np.sin(beat[i] + 4.2 * s), ink, light, red)
    return np.clip(out, 0, 1)


def _crane(view, image, x, y, size, way, flap, ink, light, red):
    """Long neck and legs, wings that beat, a red crown."""

    def at(points):
        return np.asarray(points, np.float32) * (way * size, size) + (x, y)

    lift = -0.62 * flap - 0.12
    for side, shade in ((0.72, 0.55), (1.0, 0.92)):  # the far wing is shorter and paler
        tip = (-0.30 * side - 0.15 * abs(flap), lift * 1.25 * side)
        elbow = (-0.02, lift * 0.80 * side - 0.10 * (1 - abs(flap)))
        wing = [(0.10, 0.0), elbow, tip]
        white = 0.80 * light + 0.2 * ink
        brush(view, image, at(wing), size * np.float32([0.13, 0.12, 0.02]), white, shade)
        feather = [(elbow[0] - 0.10, elbow[1] * 0.9), tip, (tip[0] - 0.10, tip[1] * 0.75)]
        brush(view, image, at(feather), size * np.float32([0.05, 0.06, 0.02]), ink, shade)
    body = [(-0.42, 0.05), (-0.10, 0.04), (0.20, -0.02)]
    brush(
        view, image, at(body), size * np.float32([0.05, 0.12, 0.07]), 0.85 * light + 0.15 * ink, 1.0
    )
    neck = [(0.18, -0.02), (0.45, -0.08), (0.70, -0.06)]
    brush(view, image, at(neck), size * np.float32([0.055, 0.04, 0.05]), ink, 0.9)
    brush(
        view, image, at([(0.74, -0.05), (0.98, -0.02)]), size * np.float32([0.03, 0.01]), ink, 0.9
    )
    brush(
        view,
        image,
        at([(0.68, -0.10), (0.74, -0.10)]),
        size * np.float32([0.035, 0.035]),
        red,
        0.95,
    )
    brush(
        view,
        image,
        at([(-0.35, 0.07), (-0.70, 0.12), (-1.0, 0.12)]),
        size * np.float32([0.03, 0.022, 0.02]),
        ink,
        0.85,
    )
    brush(
        view, image, at([(-0.38, 0.03), (-0.55, 0.04)]), size * np.float32([0.06, 0.03]), ink, 0.9
    )
