"""A ring that fills and empties, as a countdown does."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.palette import VIVID, behind, pick

GROUP = "technology"
EN = (
    "a {c}countdown ring",
    "a {c}circular progress ring",
    "a {c}loading circle",
    "a {c}timer ring",
    "a {c}circle that fills up",
    "a {c}countdown",
    "a {c}timer",
    "a {c}progress circle",
    "a {c}loading ring",
    "a {c}countdown circle",
)
ZH = (
    "{c}倒计时圆环",
    "{c}进度圆环",
    "{c}加载圆圈",
    "{c}计时圆环",
    "{c}环形进度条",
    "{c}倒计时",
    "{c}计时器",
    "{c}加载动画",
    "{c}圆形进度",
)


def facts(rng):
    colour = pick(rng, ("cyan",) + VIVID + ("white",))
    return {
        "kind": "countdown",
        "colour": colour,
        "background": behind(
            rng,
            ("black", "dark grey", "dark blue", "dark purple", "dark green", "white", "light grey"),
            colour,
        ),
        "direction": pick(rng, ("clockwise", "clockwise", "counterclockwise")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    colour, lit = palette.base(facts["colour"]), palette.bright(facts["colour"])
    back = palette.backdrop(view, facts["background"])
    shade = -0.12 if back.mean() > 0.5 else 0.10
    radius, half = 0.30, rng.uniform(0.030, 0.045)
    d = np.sqrt(view.x**2 + view.y**2)
    way = 1 if facts["direction"] == "clockwise" else -1
    turn = (np.arctan2(way * view.x, -view.y) / (2 * np.pi)) % 1  # 0 at the top
    ring = np.clip((half - np.abs(d - radius)) / view.pixel / 1.5 + 0.5, 0, 1)
    inner = np.exp(-(((d - radius * 0.72) / 0.005) ** 2))
    ticks = np.abs((turn * 60 + 0.5) % 1 - 0.5) / 60 * 2 * np.pi * d
    ticks = np.exp(-((ticks / 0.0045) ** 2)) * np.clip(
        (0.022 - np.abs(d - 0.40)) / view.pixel / 2 + 0.5, 0, 1
    )
    soft = 1.5 * view.pixel / (2 * np.pi * radius)
    base_image = back + (ring * shade)[..., None] + (inner * 0.5)[..., None] * (colour - back) * 0.6
    halo = (
        np.exp(-np.maximum(np.abs(d - radius) - half, 0) / 0.03) * 0.25 * (1 - ring) * (shade > 0)
    )
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        clock = t * SPEED[facts["speed"]] * 0.55
        part, lap = clock % 1, int(np.floor(clock))
        # even laps fill the ring, odd laps empty it
        done = np.clip((part - turn) / soft + 0.5, 0, 1)
        done = done if lap % 2 == 0 else 1 - done
        image[:] = base_image
        lit_ticks = ticks * (0.25 + 0.75 * done)
        image += lit_ticks[..., None] * (colour - image)
        image += (halo * done)[..., None] * colour
        image += (ring * done)[..., None] * (colour - image)
        # a bright head at the moving end
        x, y = radius * np.sin(2 * np.pi * part) * way, -radius * np.cos(2 * np.pi * part)
        head = np.sqrt((view.x - x) ** 2 + (view.y - y) ** 2)
        knob = np.clip((half * 1.25 - head) / view.pixel / 1.5 + 0.5, 0, 1)[..., None]
        image += knob * (lit - image)
        pulse = np.exp(-((d / (0.06 + 0.03 * np.sin(clock * 8 * np.pi))) ** 2))[..., None] * 0.55
        image += pulse * (colour - image)
    return np.clip(out, 0, 1)
