"""Frames a second through the command, the start, and the size of the folder."""

import os
import shutil
import statistics
import subprocess
import time

from .bench import Bench, Row
from .generated import SIZE
from .thumbs import FRAMES as CLIP

PROMPT = "slow blue waves"
FRAMES, QUICK_FRAMES = 480, 96
ENCODER = ("ffmpeg", "-v", "error", "-i", "-", "-c:v", "libx264", "-preset", "ultrafast",
           "-f", "null", "-")


def arrivals(bench: Bench, frames: int, sink=None) -> list:
    """Seconds from the start of the command to each frame; frames also go to the sink."""
    picture = len(b"FRAME\n") + SIZE[0] * SIZE[1] * 3 // 2
    began, times = time.monotonic(), []
    process = bench.command.open(PROMPT, 0, frames)
    header = process.stdout.readline()
    if sink:
        sink.write(header)
    while len(data := process.stdout.read(picture)) == picture:
        times.append(time.monotonic() - began)
        if sink:
            sink.write(data)
    process.stdout.close()
    if process.wait() or len(times) != frames:
        raise RuntimeError(f"t2v gave {len(times)} of {frames} frames")
    return times


def rate(times: list) -> float:
    """Frames a second behind the first quarter, while that of the start no longer counts."""
    skip = len(times) // 4
    return (len(times) - 1 - skip) / (times[-1] - times[skip])


def beside_encoder(bench: Bench, frames: int) -> list:
    encoder = subprocess.Popen(ENCODER, stdin=subprocess.PIPE)
    times = arrivals(bench, frames, encoder.stdin)
    encoder.stdin.close()
    if encoder.wait():
        raise RuntimeError("ffmpeg with libx264 failed")
    return times


def rows(bench: Bench) -> list:
    frames = QUICK_FRAMES if bench.quick else FRAMES
    busy = os.getloadavg()[0] > os.cpu_count() / 2  # then the numbers stand, but decide nothing
    load = f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    alone = arrivals(bench, frames)
    out = [Row(f"speed at {SIZE[0]}x{SIZE[1]} ({load})", f"{rate(alone):.1f} frames/s")]
    if shutil.which(ENCODER[0]):
        both = rate(beside_encoder(bench, frames))
        out.append(Row("speed with x264 ultrafast beside it", f"{both:.1f} frames/s", "25",
                       None if busy else both >= 25))
    else:
        out.append(Row("speed with x264 ultrafast beside it", "no ffmpeg", "25"))
    start = statistics.median([alone[0], *(arrivals(bench, CLIP)[0] for _ in range(2))])
    size = sum(f.stat().st_size for f in bench.command.model.rglob("*") if f.is_file()) / 1e6
    return [
        *out,
        Row("start to first frame", f"{start:.2f} s", "1.0 s",
            None if busy else start <= 1),
        Row("size", f"{size:.1f} MB", "64 MB", size <= 64),
    ]
