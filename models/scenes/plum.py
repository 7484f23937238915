"""An ink painting: a plum branch in blossom, petals falling."""

import numpy as np

from models.scenes.brush import TONES, brush, paper
from models.scenes.motion import SPEED, speed
from models.scenes.palette import COLOURS, pick
from models.scenes.particles import boxes, wrap

GROUP = "ink landscape"
EN = (
    "a {c}plum blossom branch in ink style",
    "{c}plum blossoms, Chinese ink painting",
    "an ink painting of {c}plum blossom",
    "a branch with {c}blossoms and falling petals",
    "{c}plum flowers, ink wash",
    "{c}plum blossom",
    "a {c}flowering branch",
    "{c}blossoms on a branch",
    "a Chinese branch with {c}flowers",
)
ZH = (
    "{c}水墨梅花",
    "{c}梅花枝，水墨画",
    "中国风{c}梅花",
    "水墨风格{c}梅花绽放",
    "{c}梅花花瓣飘落，水墨",
    "{c}梅花",
    "{c}花枝",
    "枝头{c}梅花",
    "古风{c}梅花",
)


def facts(rng):
    return {
        "kind": "plum",
        "colour": pick(rng, ("red", "red", "pink", "pink", "white", "yellow")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    light, ink = (np.float32(c) for c in TONES["brown" if facts["colour"] == "white" else "black"])
    if facts["colour"] == "white":
        light = light * 0.80
    petal = np.float32(COLOURS[facts["colour"]].base)
    deep = 0.55 * petal + 0.45 * np.float32(COLOURS[facts["colour"]].dark)
    pace, side = SPEED[facts["speed"]], rng.choice([-1, 1])
    branches, blossoms = _grow(rng, view, side)
    n = 26
    extent = np.array([[view.right + 0.1], [view.bottom + 0.1]])
    fx, fy = rng.uniform(-1, 1, (2, n)) * extent
    fall, turn = rng.uniform(0.14, 0.30, n) * pace, rng.uniform(0, 2 * np.pi, n)
    sheet = paper(view, light, seed)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = sheet
        wind = np.sin(1.3 * t * pace) + 0.5 * np.sin(2.9 * t * pace + 1)
        for points, widths in branches:
            brush(view, image, _sway(points, wind, side, view), widths, ink, 0.92)
        where = _sway(blossoms[:, :2], wind, side, view)
        for (x, y), (_, _, size, angle, age) in zip(where, blossoms):
            _blossom(view, image, x, y, size, angle + 0.12 * wind, age, petal, deep, ink)
        x = wrap(fx - side * fall * t * 0.5 + 0.05 * np.sin(turn + 2 * t * pace), extent[0])
        y = wrap(fy + fall * t, extent[1])
        flip = 0.35 + 0.65 * np.abs(np.cos(turn + 2.4 * t * pace))
        for i, box, dx, dy in boxes(view, x, y, 0.028):
            d = np.sqrt((dx / 0.024) ** 2 + (dy / (0.018 * flip[i])) ** 2)
            cover = np.clip((1 - d) * 0.014 / view.pixel / 2 + 0.5, 0, 1)[..., None] * np.float32(
                0.9
            )
            image[box] += cover * (petal - image[box])
    return np.clip(out, 0, 1)


def _sway(p, wind, side, view):
    """The wind moves points the more, the farther out they are."""
    out_by = np.clip((side * p[:, 0] + view.right) / (2 * view.right), 0, 1)
    return p + wind * np.stack([0.014 * out_by, 0.045 * out_by**1.3], 1)


def _grow(rng, view, side):
    """A main branch from one edge, twigs on it, blossoms along both."""
    k = np.linspace(0, 1, 8)[:, None]
    start = np.array([-side * (view.right + 0.05), view.bottom * rng.uniform(0.1, 0.7)])
    end = np.array(
        [side * view.right * rng.uniform(0.3, 0.6), -view.bottom * rng.uniform(0.2, 0.6)]
    )
    main = start + (end - start) * k + rng.normal(0, 0.022, (8, 2)) * np.sin(np.pi * k)
    branches = [(main, np.linspace(0.030, 0.008, 8))]
    spots = [main[i] + rng.normal(0, 0.02, 2) for i in range(2, 8)]
    for i in (1, 2, 3, 4, 5, 6):
        direction = (main[i + 1] - main[i]) / np.linalg.norm(main[i + 1] - main[i])
        bend = (1 if i % 2 else -1) * rng.uniform(0.5, 1.1)
        c, s = np.cos(bend), np.sin(bend)
        heading = np.array(
            [direction[0] * c - direction[1] * s, direction[0] * s + direction[1] * c]
        )
        length = rng.uniform(0.16, 0.30)
        k4 = np.linspace(0, 1, 4)[:, None]
        twig = main[i] + heading * length * k4 + rng.normal(0, 0.010, (4, 2)) * k4
        branches.append((twig, np.linspace(0.011, 0.004, 4)))
        spots += [twig[j] + rng.normal(0, 0.018, 2) for j in (1, 2, 3, 3)]
    spots = np.array(spots)
    n = len(spots)
    shape = [rng.uniform(0.026, 0.046, n), rng.uniform(0, 2 * np.pi, n), rng.random(n)]
    return branches, np.column_stack([spots] + shape)


def _blossom(view, image, x, y, size, angle, age, petal, deep, ink):
    """Five round petals, or a bud while it is young."""
    petals = 5 if age > 0.25 else 1
    for k in range(petals):
        a = angle + 2 * np.pi * k / petals
        off = size * 0.55 if petals > 1 else 0
        for _, box, dx, dy in boxes(
            view, [x + off * np.cos(a)], [y + off * np.sin(a)], size * 0.62
        ):
            d = np.sqrt(dx * dx + dy * dy) / (size * 0.52)
            cover = np.clip((1 - d) * size * 0.5 / view.pixel / 2 + 0.5, 0, 1)[
                ..., None
            ] * np.float32(0.93)
            # ink pools at a petal's edge and near the heart
            inner = np.sqrt((dx + off * np.cos(a)) ** 2 + (dy + off * np.sin(a)) ** 2) / size
            tint = np.clip(0.25 * d**3 + 0.75 * np.exp(-((inner / 0.42) ** 2)), 0, 1)[..., None]
            image[box] += cover * (petal + tint * (deep - petal) - image[box])
    if petals > 1:
        for _, box, dx, dy in boxes(view, [x], [y], size * 0.3):
            d = np.sqrt(dx * dx + dy * dy)
            cover = np.clip((size * 0.15 - d) / view.pixel / 2 + 0.5, 0, 1)[..., None]
            image[box] += cover * (np.float32([0.96, 0.80, 0.30]) - image[box])
