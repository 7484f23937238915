"""An ink painting: bamboo in the wind."""

import numpy as np

from models.scenes.brush import paper, tone, wash
from models.scenes.motion import SIDE, SPEED, speed
from models.scenes.palette import pick
from models.scenes.particles import boxes

GROUP = "ink landscape"
EN = (
    "{c}bamboo in the wind, ink painting",
    "{c}ink bamboo",
    "a Chinese {c}ink painting of bamboo",
    "swaying {c}bamboo in ink style",
    "{c}bamboo leaves in the wind",
    "{c}bamboo",
    "a {c}bamboo forest",
    "{c}bamboo stems swaying",
    "Chinese {c}bamboo",
)
ZH = (
    "{c}水墨竹子",
    "风中的{c}竹子，水墨画",
    "中国风{c}水墨竹林",
    "水墨风格{c}竹影摇曳",
    "{c}竹叶随风摆动",
    "{c}竹子",
    "{c}竹林",
    "随风摇摆的{c}竹",
    "古风{c}竹子",
)


def facts(rng):
    return {
        "kind": "bamboo",
        "colour": pick(rng, ("green", "green", "black", "blue")),
        "direction": pick(rng, ("wind left", "wind right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    light, ink = tone(facts)
    sheet = paper(view, light, seed)
    pace, way = SPEED[facts["speed"]], SIDE[facts["direction"].split()[1]][0]
    n = max(int(round(3.2 * view.right * 2)), 2)
    foot = (np.arange(n) + rng.uniform(0.15, 0.85, n)) / n * 2 * view.right - view.right
    near = np.linspace(0.2, 1, n)
    rng.shuffle(near)
    order = np.argsort(near)
    lean, phase = rng.uniform(-0.10, 0.10, n), rng.uniform(0, 2 * np.pi, n)
    leaves = [_leaves(rng) for _ in range(n)]
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = sheet
        for i in order:
            gust = (
                0.5
                + 0.5 * np.sin(1.5 * pace * t - 1.8 * way * foot[i])
                + 0.25 * np.sin(4.1 * pace * t + phase[i])
            )
            bend = lean[i] + way * 0.13 * gust
            shade = light + (0.30 + 0.62 * near[i]) * (ink - light)
            _culm(
                view,
                image,
                foot[i],
                bend,
                gust * way,
                near[i],
                leaves[i],
                shade,
                pace * t + phase[i],
            )
    return np.clip(out, 0, 1)


def _leaves(rng):
    """Groups of leaves: height on the culm, and each leaf's heading and length."""
    groups = []
    for k in range(5):
        height, side = 0.40 + 0.13 * k + rng.uniform(-0.03, 0.03), rng.choice([-1, 1])
        fan = rng.uniform(0.3, 0.9) + np.linspace(-0.55, 0.55, 4) + rng.normal(0, 0.08, 4)
        groups.append((height, side, fan, rng.uniform(0.13, 0.21, 4)))
    return groups


def _culm(view, image, foot, bend, wind, near, leaves, ink, clock):
    """One stem with joints, and its leaves."""
    tall, low = 2 * view.bottom * 1.08, view.bottom * 1.04
    width = 0.010 + 0.014 * near

    def middle(k):
        return foot + bend * np.abs(k) ** 1.8 * tall * 0.55

    ends = middle(0), middle(1)
    inside = (view.x[0] > min(ends) - 3 * width) & (view.x[0] < max(ends) + 3 * width)
    if inside.any():
        columns = slice(*(np.flatnonzero(inside)[[0, -1]] + (0, 1)))
        k = (low - view.y) / tall
        joint = np.abs((k * 6 + 0.5) % 1 - 0.5) / 6 * tall  # distance from the nearest joint
        half = width * (0.88 + 0.2 * np.exp(-((joint / 0.02) ** 2)))
        cover = np.clip(
            (half - np.abs(view.x[:, columns] - middle(k))) / (2 * view.pixel) + 0.5, 0, 1
        )
        cover = cover * (0.85 - 0.7 * np.exp(-((joint / 0.005) ** 2)))
        wash(image[:, columns], cover, ink)
    for height, side, fan, length in leaves:
        x, y = middle(height) + side * 0.05, low - height * tall - 0.025
        for angle, size in zip(fan, length):
            flutter = 0.13 * np.sin(3.1 * clock + 7 * angle) + 0.42 * wind
            size = size * (0.7 + 0.45 * near)
            _leaf(
                view,
                image,
                x,
                y,
                angle - side * flutter,
                side,
                size,
                (0.006 + 0.010 * near) * 1.2,
                ink,
            )


def _leaf(view, image, x, y, angle, side, length, width, ink):
    """A blade that hangs from (x, y) and bends down towards its tip."""
    c, s = side * np.cos(angle), np.sin(angle)
    half = length / 2
    for _, box, dx, dy in boxes(view, [x + c * half], [y + s * half + 0.05 * length], half * 1.1):
        dx, dy = dx + c * half, dy + s * half + 0.05 * length
        u = (dx * c + dy * s) / length
        v = dy * c - dx * s - 0.18 * length * c * u * u
        shape = width * 2.3 * np.sqrt(np.clip(u, 0, 1)) * np.clip(1 - u, 0, 1) ** 0.8
        cover = np.clip((shape - np.abs(v)) / (2 * view.pixel) + 0.35, 0, 0.9) * ((u > 0) & (u < 1))
        wash(image[box], cover, ink)
