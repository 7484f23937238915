"""A glowing grid that runs towards a horizon."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.palette import VIVID, another, pick

GROUP = "technology"
EN = (
    "a {c}perspective grid",
    "a {c}neon grid",
    "a retro {c}grid",
    "a {c}synthwave grid with horizon",
    "a glowing {c}grid floor",
    "a {c}grid",
    "a {c}grid in perspective",
    "an 80s {c}neon grid",
    "a {c}cyber grid",
    "{c}retrowave lines",
)
ZH = (
    "{c}透视网格",
    "{c}霓虹网格",
    "复古{c}网格",
    "{c}科技网格地面",
    "{c}赛博网格",
    "{c}网格",
    "{c}霓虹线条网格",
    "八十年代{c}网格",
    "{c}网格地面",
)


def facts(rng):
    colour = pick(rng, ("magenta",) + VIVID)
    return {
        "kind": "grid",
        "colour": colour,
        "colour2": another(rng, VIVID, colour),
        "direction": pick(rng, ("towards", "towards", "away")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    colour, lit = palette.base(facts["colour"]), palette.bright(facts["colour"])
    sky_colour = palette.base(facts["colour2"] or facts["colour"])
    horizon = view.bottom * rng.uniform(-0.15, 0.1)
    depth = np.maximum(view.y - horizon, 1e-4) / 0.5
    z = 0.34 / depth  # distance of the floor under each row
    cell = 0.62
    # lines never get thinner than a pixel and a half; farther they melt into a glow
    blur_z = np.maximum(0.045, 2.5 * view.pixel * z / depth * 2)
    blur_x = np.maximum(0.045, 2.5 * view.pixel * z / 0.34)
    x = view.x * z / 0.34
    across = np.abs((x / cell + 0.5) % 1 - 0.5) * cell
    pillars = _glow(across, blur_x, cell)
    fade = np.clip(1.25 - z / 5, 0, 1) ** 1.5
    above = np.maximum(horizon - view.y, 0)
    shine = np.exp(-np.abs(view.y - horizon) / 0.05) * 0.85 + np.exp(-above / 0.22) * 0.45
    floor = np.clip((view.y - horizon) / view.pixel + 0.5, 0, 1)
    way = SPEED[facts["speed"]] * (0.65 if facts["direction"] == "towards" else -0.65)
    out = view.blank(times)
    glare = (shine * (1 - 0.3 * floor))[..., None] * (0.65 * sky_colour + 0.1)
    for image, t in zip(out, map(float, times)):
        along = np.abs(((z + way * t) / cell + 0.5) % 1 - 0.5) * cell
        lines = np.maximum(pillars, _glow(along, blur_z, cell)) * fade * floor
        image[:] = glare + floor[..., None] * 0.05 * colour
        image += lines[..., None] * (0.45 * lit + 0.65 * colour)
    return np.clip(out, 0, 1)


def _glow(distance, width, cell):
    """A line with a halo; where lines are too dense to tell apart, their mean."""
    line = np.exp(-((distance / width) ** 2)) + 0.25 * np.exp(-distance / (3 * width))
    dense = np.clip(width / cell * 2.5 - 0.4, 0, 1)
    return line * (1 - dense) + 0.5 * dense
