"""Whether the measures find what they are there to find: each is shown something wrong, and right.

Needs no model, no judge and no network: `models/measure --self-check`.
"""

from pathlib import Path

import numpy as np

from models import captions
from models.scenes import KINDS
from models.scenes.view import View

from . import drawn, edges, joins, physics, variety, wordings
from .thumbs import FRAMES, RATE, shrink


def picture_with_blocks(step: int) -> np.ndarray:
    """Luma [288, 512]: soft noise, a small jump at every multiple of step."""
    rng = np.random.default_rng(0)
    smooth = rng.normal(0, 40, (288, 512)).cumsum(1)
    return (smooth * .02 + 3 * (np.arange(512) // step % 2) + 100).clip(0, 255)


def block_edges_are_found():
    for step in (8, 16, 32):
        change = np.abs(np.diff(picture_with_blocks(step), axis=1)).mean(0)
        assert edges.ratio(change, step) > 1.5
    clean = np.abs(np.diff(picture_with_blocks(1 << 20), axis=1)).mean(0)
    assert all(.9 < edges.ratio(clean, step) < 1.1 for step in (8, 16, 32))


SETTINGS = {"chunk": 33, "context": 1}
JOINS = joins.join_frames(SETTINGS, 161)


def thumbs_of(kind: str, times) -> np.ndarray:
    """Bytes of a drawn clip at thumbnail size."""
    facts = {**KINDS[kind].facts(np.random.default_rng(1)), "speed": "medium"}
    clip = KINDS[kind].draw(facts, 5, np.asarray(times), View(96, 54))
    return (clip.clip(0, 1) * 255).astype(np.uint8)


def seen_in(times=None, thumbs=None) -> dict:
    thumbs = thumbs_of("waves", times) if thumbs is None else thumbs
    luma = thumbs.astype(np.float32).mean(-1)
    change = np.abs(np.diff(luma, axis=0)).mean((1, 2))
    sharp = np.abs(np.diff(luma, axis=2)).mean((1, 2))
    return joins.report(thumbs, change, sharp, JOINS)


def even_times() -> np.ndarray:
    return np.arange(161) / RATE


def the_join_of_chunks_is_where_the_engine_continues():
    assert JOINS == [33, 65, 97, 129]
    assert joins.join_frames({"chunk": 65, "context": 2}, 200) == [65, 121, 177]


def a_stream_without_faults_passes():
    good = seen_in(thumbs=thumbs_of("snow", even_times()))
    assert all(values.max() < joins.JUMP for values in joins.jumps_of(good).values())
    assert (good["dissolved"], good["backwards"], good["repeated"]) == (0, 0, 0)
    assert abs(good["sharpness"] - 1) < joins.STEADY and good["colour"] < joins.STEADY


def a_jump_at_a_join_is_found():
    times = even_times()
    times[JOINS[1]:] += 6 / RATE
    found = joins.jumps_of(seen_in(times))
    assert found["joins"][1] > 2 and found["latents"].max() < 2


def a_beat_of_every_eight_frames_is_found():
    times = np.cumsum(1 + 3. * (np.arange(161) % 8 == 1)) / RATE
    found = joins.jumps_of(seen_in(times))
    assert found["latents"].min() > 1.5 and found["inside"].max() < joins.JUMP


def a_dissolve_at_a_join_is_found():
    first, second = thumbs_of("clouds", even_times()), thumbs_of("clouds", even_times() + 30)
    share = np.clip((np.arange(161) - JOINS[1] + 6) / 12, 0, 1)[:, None, None, None]
    mixed = (first * (1 - share) + second * share).astype(np.uint8)
    assert seen_in(thumbs=mixed)["dissolved"] == 1


def a_chunk_played_backwards_is_found():
    times = even_times()
    at = JOINS[1]
    times[at:at + 32] = times[at - 32:at][::-1]
    assert seen_in(times)["backwards"] >= 1


def a_repeated_chunk_is_found():
    times = even_times()
    times[JOINS[2]:JOINS[2] + 32] = times[JOINS[0]:JOINS[0] + 32]
    assert seen_in(times)["repeated"] == 1


def a_stream_that_fades_is_found():
    fading = (thumbs_of("waves", even_times()) * np.linspace(1, .3, 161)[:, None, None, None])
    worn = seen_in(thumbs=fading.astype(np.uint8))
    assert worn["sharpness"] < 1 - joins.STEADY and worn["colour"] > .05


def clip_of(facts: dict, frames: int, stretch=1.) -> np.ndarray:
    """Thumbnails of a drawn clip whose time is stretched."""
    times = 3 + np.arange(frames) / RATE * stretch
    return shrink(KINDS[facts["kind"]].draw(facts, 9, times, View(192, 108)))


def gravity_of_a_drawn_ball_is_found():
    drawn_once, share = physics.gravity(physics.track(clip_of(physics.BALL, FRAMES)))
    # what the ball's own module says of seed 9 (see models/scenes/ball.py)
    radius, pace = .115, 2 ** .8 * .8
    jump = np.random.default_rng(9).uniform(.62, .85) * (.8 - 2 * radius)
    assert share > .95 and abs(drawn_once / (8 * jump * pace ** 2) - 1) < .08
    slower, _ = physics.gravity(physics.track(clip_of(physics.BALL, FRAMES, .8)))
    assert abs(slower / drawn_once / .8 ** 2 - 1) < .08


def the_period_of_a_drawn_pendulum_is_found():
    found, share = physics.period_by_length(physics.track(clip_of(physics.PENDULUM, 73)))
    length = np.random.default_rng(9).uniform(.62, .72) - .3 * .095
    wanted = 2 * np.pi / (2 ** .8 * 2.5) / np.sqrt(length)
    assert share > .95 and abs(found / wanted - 1) < .08


def a_track_that_does_not_move_by_the_law_does_not_fit():
    wander = np.random.default_rng(2).normal(0, .1, (FRAMES, 2)).cumsum(0)
    assert physics.gravity(wander)[1] < .9


def seeds_that_give_one_clip_are_found():
    clip = thumbs_of("waves", np.arange(3) / RATE)
    assert variety.spread([clip, clip, clip]) == 0
    assert variety.spread([clip, 255 - clip]) > 10


def wordings_are_many_and_no_template_makes_them():
    listed = wordings.read()
    assert len({w.text for w in listed}) == len(listed) >= 200
    assert {w.kind for w in listed} == set(KINDS)
    assert not [w.text for w in listed if wordings.producible(w)]


def captions_are_known_as_such():
    rng, known = np.random.default_rng(3), []
    for kind in drawn.KINDS:
        for language in ("en", "zh"):
            text = captions.caption(KINDS[kind].facts(rng), rng, language)
            known.append(wordings.producible(wordings.Wording(kind, None, text)))
    assert np.mean(known) > .95


def nothing_that_trains_reads_the_wordings():
    models = Path(__file__).parents[1]
    for path in (models / "captions.py", *models.glob("train/*.py"), *models.glob("scenes/*.py")):
        text = path.read_text(encoding="utf-8")
        assert "wordings" not in text and "measures" not in text, path


def run() -> int:
    """Prints a line for each check; the number of those that failed."""
    checks = [f for f in globals().values()
              if callable(f) and getattr(f, "__module__", "") == __name__ and "_" in f.__name__
              and f.__code__.co_argcount == 0 and f.__name__ not in ("even_times",)]
    failed = 0
    for check in checks:
        try:
            check()
            print(f"ok - {check.__name__.replace('_', ' ')}")
        except AssertionError as error:
            failed += 1
            line = error.__traceback__.tb_next.tb_lineno
            print(f"not ok - {check.__name__.replace('_', ' ')} (line {line}) {error}")
    print(f"{len(checks) - failed} passed, {failed} failed")
    return failed
