"""A car that drives along a road."""

import numpy as np

from models.scenes.brush import ridge
from models.scenes.motion import SIDE, SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import COLOURS, VIVID, pick
from models.scenes.particles import boxes
from models.scenes.shapes import polygon

GROUP = "things"
EN = (
    "a {c}car",
    "a {c}car driving",
    "a {c}car on a road",
    "a driving {c}car",
    "a {c}car passing hills",
    "a {c}automobile",
    "a {c}car on the street",
    "a cartoon {c}car",
    "a {c}vehicle driving along",
)
ZH = (
    "{c}汽车",
    "行驶的{c}汽车",
    "路上的{c}小汽车",
    "一辆{c}车在开",
    "{c}轿车驶过山丘",
    "{c}小车",
    "{c}轿车",
    "开动的{c}汽车",
    "公路上的{c}车",
)
TIMES = {  # sky above, sky below, hills, road
    "day": ((0.36, 0.62, 0.92), (0.80, 0.90, 0.97), (0.42, 0.62, 0.40), (0.36, 0.37, 0.40)),
    "evening": ((0.30, 0.22, 0.46), (0.98, 0.62, 0.42), (0.36, 0.24, 0.36), (0.24, 0.21, 0.26)),
    "night": ((0.02, 0.03, 0.10), (0.10, 0.14, 0.30), (0.06, 0.09, 0.15), (0.10, 0.11, 0.14)),
}


def facts(rng):
    return {
        "kind": "car",
        "colour": pick(rng, VIVID + ("white", "silver", "red", "blue")),
        "time": pick(rng, tuple(TIMES)),
        "direction": pick(rng, ("left", "right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    top, low, hill, road = (np.float32(c) for c in TIMES[facts["time"]])
    way, pace = SIDE[facts["direction"]][0], SPEED[facts["speed"]]
    scale = 0.235
    edge = view.bottom * 0.42  # where the road begins
    level = np.clip((view.y + view.bottom) / (edge + view.bottom), 0, 1)[..., None]
    sky = top + level * (low - top) + 0 * view.x[..., None]
    on_road = np.clip((view.y - edge) / view.pixel / 2 + 0.5, 0, 1)[..., None]
    depth = np.clip((view.y - edge) / (view.bottom - edge), 0, 1)
    bump = rng.uniform(0, 6)
    body = [np.float32(c) for c in COLOURS[facts["colour"]][:3]]
    dim = {"day": 1.0, "evening": 0.92, "night": 0.80}[facts["time"]]
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        path = way * pace * 0.75 * t  # how far the car has come
        image[:] = sky
        for k in range(2):
            far = ridge(
                view,
                Noise(seed + k),
                path * (0.12 + 0.22 * k) + 9 * k,
                edge - 0.06 + 0.04 * k,
                1.2 + 0.8 * k,
                0.15 - 0.07 * k,
            )
            cover = np.clip(far / view.pixel / 2 + 0.5, 0, 1)[..., None]
            image += cover * (hill * (1.12 - 0.35 * k) + (0.35 - 0.3 * k) * (low - hill) - image)
        image += on_road * (road * (1.12 - 0.25 * depth[..., None]) - image)
        mark = np.abs((view.x / (0.75 + 0.5 * depth) + path) % 0.42 - 0.21)
        mark = np.clip((0.085 - mark) / 0.01, 0, 1) * np.clip(
            (0.055 - np.abs(depth - 0.72)) / 0.02, 0, 1
        )
        image += (mark * 0.75)[..., None] * (np.float32([0.92, 0.90, 0.80]) * dim - image)
        x = 0.12 * view.right * np.sin(0.5 * t + bump)
        y = edge + 0.045 + 0.004 * np.sin(9 * t * pace)
        ground = edge + 0.045 + scale * 0.44
        shade = np.exp(-(((view.x - x) / (scale * 1.15)) ** 4) - ((view.y - ground) / 0.022) ** 2)
        image *= 1 - 0.55 * shade[..., None]
        for _, box, dx, dy in boxes(view, [x], [y], scale * 1.5):
            _car(
                image[box],
                np.float32(dx / scale * way),
                np.float32(dy / scale),
                scale / view.pixel,
                body,
                dim,
                path * way / (0.24 * scale),
            )
        if facts["time"] == "night":  # the headlamp's beam
            u, v = (view.x - x) * way / scale - 1.2, (view.y - y) / scale - 0.02
            beam = np.exp(
                -((v / (0.08 + 0.22 * np.maximum(u, 0))) ** 2) - np.maximum(u, 0) / 1.3
            ) * (u > 0)
            image += 0.5 * beam[..., None].astype(np.float32) * np.float32([1, 0.93, 0.7])
    return np.clip(out, 0, 1)


def _car(image, u, v, pixels, colours, dim, turn):
    """Seen from its right side, driving to positive u; one is half of its length."""
    dark, base, bright = (c * dim for c in colours)

    def put(d, colour, alpha=1.0):
        cover = np.clip(0.5 - d * pixels / 1.5, 0, 1)[..., None] * np.float32(alpha)
        image[:] += cover * (np.clip(colour, 0, 1) - image)

    light = (1.02 - 0.55 * np.clip(v, -0.6, 0.5))[..., None]
    cabin = polygon(u, v, [(-0.70, -0.10), (-0.42, -0.50), (0.22, -0.50), (0.62, -0.10)]) - 0.05
    put(cabin, base * light)
    glass = (
        np.float32([0.16, 0.22, 0.30]) * dim
        + 0.25 * np.clip(0.3 - v + 0.3 * u, 0, 1)[..., None] * dim
    )
    put(
        polygon(u, v, [(-0.56, -0.12), (-0.36, -0.43), (-0.12, -0.43), (-0.12, -0.12)]) - 0.01,
        glass,
    )
    put(polygon(u, v, [(-0.02, -0.12), (-0.02, -0.43), (0.19, -0.43), (0.48, -0.12)]) - 0.01, glass)
    a, b = np.abs(u - 0.02) - 1.02, np.abs(v - 0.10 + 0.03 * u * u) - 0.10
    hull = (
        np.sqrt(np.maximum(a, 0) ** 2 + np.maximum(b, 0) ** 2)
        + np.minimum(np.maximum(a, b), 0)
        - 0.12
    )
    put(hull, base * light)
    put(np.maximum(hull, np.abs(v - 0.02) - 0.014), bright * light, 0.6)
    put(np.maximum(hull, 0.23 - v), dark, 0.8)
    put(np.sqrt(((u - 1.02) / 1.2) ** 2 + (v - 0.03) ** 2) - 0.07, np.float32([1, 0.96, 0.78]))
    put(np.sqrt((u + 1.06) ** 2 + (v - 0.03) ** 2) - 0.05, np.float32([0.85, 0.08, 0.08]))
    for wheel in (-0.62, 0.64):
        du, dv = u - wheel, v - 0.24
        r, angle = np.sqrt(du * du + dv * dv), np.arctan2(dv, du) - turn
        put(r - 0.235, np.float32([0.05, 0.05, 0.06]))
        spokes = 0.55 + 0.35 * np.clip(3 * np.sin(angle * 5), -1, 1)
        put(r - 0.135, spokes[..., None] * np.float32([0.80, 0.82, 0.86]) * dim)
        put(r - 0.045, np.float32([0.25, 0.26, 0.28]))
