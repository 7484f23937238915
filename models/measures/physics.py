"""Laws of motion: the bouncing ball's gravity, and the pendulum's period against its length.

Both are fitted to the track of the coloured thing in front of a grey background, in the same way
for generated and for drawn clips, whose own values are what is wanted.
"""

import numpy as np

from models.scenes.view import View

from . import drawn, prompts
from .bench import Bench, Row, mean, percent
from .following import read
from .generated import Request
from .thumbs import FRAMES, HEIGHT, RATE, shrink

WANTED = .10  # relative difference
SURE = .8  # share of the track's variance that a fit has to explain
TWINS = 10
BALL = {"kind": "ball", "colour": "red", "background": "white", "size": "medium", "speed": "fast"}
PENDULUM = {**BALL, "kind": "pendulum"}
SWING = 97  # frames: slow enough a thing to need a longer clip


def track(thumbs: np.ndarray) -> np.ndarray:
    """Centre (x, y) of the red thing in each picture, in units of the shorter side; y down."""
    rgb = thumbs.astype(np.float32)
    red = rgb[..., 0] - rgb[..., 1:].max(-1)
    weight = np.clip(red - .5 * red.max((1, 2), keepdims=True), 0, None) + 1e-6
    view = View(thumbs.shape[2], HEIGHT)
    total = weight.sum((1, 2))
    centres = [(weight * axis).sum((1, 2)) / total for axis in (view.x, view.y)]
    return np.stack(centres, 1)


def explained(values: np.ndarray, fit: np.ndarray) -> float:
    return float(1 - np.var(values - fit) / max(np.var(values), 1e-12))


def least_squares(values: np.ndarray, *shapes: np.ndarray) -> tuple:
    """(factors, share explained) of the shapes and a constant."""
    matrix = np.stack([np.ones_like(values), *shapes], 1)
    factors = np.linalg.lstsq(matrix, values, rcond=None)[0]
    return factors, explained(values, matrix @ factors)


def gravity(points: np.ndarray) -> tuple:
    """(units a second squared, share explained) of a track that bounces.

    Between bounces the height is 4 h (1 - h) times the jump, h the part of the period P gone by:
    an acceleration of 8 jump / P^2.
    """
    y, t, best = points[:, 1], np.arange(len(points)) / RATE, (0., -1.)
    for period in np.geomspace(.3, 3, 80):
        for phase in np.arange(0, 1, .025):
            h = (t / period + phase) % 1
            (_, jump), share = least_squares(y, 4 * h * (1 - h))
            if jump < 0 and share > best[1]:
                best = -8 * jump / period ** 2, share
    return best


def circle(points: np.ndarray) -> tuple:
    """Centre and radius of the circle nearest to the points (Kasa, 1976)."""
    matrix = np.column_stack([2 * points, np.ones(len(points))])
    x, y, c = np.linalg.lstsq(matrix, (points ** 2).sum(1), rcond=None)[0]
    return (x, y), float(np.sqrt(max(c + x * x + y * y, 1e-9)))


def period_by_length(points: np.ndarray) -> tuple:
    """(period over the root of the length, share explained) of a track that swings."""
    (x, y), length = circle(points)
    angle = np.unwrap(np.arctan2(points[:, 0] - x, points[:, 1] - y))
    t, best = np.arange(len(points)) / RATE, (0., -1.)
    for period in np.geomspace(.5, 8, 300):
        turn = 2 * np.pi * t / period
        _, share = least_squares(angle, np.sin(turn), np.cos(turn))
        if share > best[1]:
            best = period / np.sqrt(length), share
    return best


def of_drawn(facts: dict, fit, frames: int) -> float:
    """Mean over drawn clips of these facts."""
    values = []
    for number in range(TWINS):
        rng = drawn.random("twins", facts["kind"], 1, number)
        clip = shrink(drawn.frames_of(facts, rng, (256, 144), range(frames)))
        values.append(fit(track(clip))[0])
    return mean(values)


def law(bench: Bench, name: str, facts: dict, fit, frames: int) -> Row:
    label, wanted = f"physics: {name}", "drawn ± 10 %"
    if bench.judge is None:
        return Row(label, "no judge yet", wanted)
    text = prompts.plain(facts, "en", 0) + ", on a white background"
    work = [Request(text, seed, frames, whole=True) for seed in bench.seeds]
    clips = bench.store.clips(work, name)
    seen = read(bench, clips)
    fits = [fit(track(clip.thumbs)) for clip, s in zip(clips, seen) if s["kind"] == facts["kind"]]
    values = [value for value, share in fits if share >= SURE]
    if not values:
        return Row(label, f"not shown ({len(fits)} of {len(clips)} clips show a "
                          f"{facts['kind']}, no track fits)", wanted, bench.judged(False))
    drawn_value = bench.remember(f"{facts['kind']}-drawn", lambda: of_drawn(facts, fit, frames))
    off = mean(values) / drawn_value - 1
    return Row(label, f"{mean(values):.2f}, drawn {drawn_value:.2f} ({100 * off:+.0f} %), "
                      f"{percent(len(values) / len(clips))} of clips", wanted,
               bench.judged(abs(off) <= WANTED))


def rows(bench: Bench) -> list:
    return [law(bench, "gravity of the ball", BALL, gravity, FRAMES),
            law(bench, "pendulum's period by length", PENDULUM, period_by_length, SWING)]
