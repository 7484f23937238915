#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A track of clicks, and whether a video moves with it.

clicks.py write OUT.wav SECONDS TIME…       writes clicks at those times, in seconds
clicks.py check WIDTH HEIGHT RATE TIME…     reads grey pictures (8 bits) from standard input, and
                                            says which clicks have no peak of motion within 2 frames
clicks.py sync FILE WIDTH HEIGHT RATE COUNT the same of a file with sound and picture, by the time
                                            stamps of both; so many clicks are heard in it
"""

import array
import math
import subprocess
import sys
import wave

SAMPLES = 22050
NEAR = 2


def write(path, seconds, times):
    track = array.array("h", bytes(2 * int(SAMPLES * seconds)))
    for time in times:
        first = int(time * SAMPLES)
        for i in range(min(SAMPLES // 100, len(track) - first)):
            t = i / SAMPLES
            track[first + i] = int(22000 * math.sin(6283 * t) * math.exp(-t / 0.003))
    if sys.byteorder == "big":
        track.byteswap()
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLES)
        out.writeframes(track.tobytes())


def difference(a, b):
    """Mean of the bytes' differences."""
    return sum(abs(x - y) for x, y in zip(a, b)) / len(a)


def motion(pictures):
    """Mean difference of each picture from the one before; the first has none."""
    return [0.0] + [difference(a, b) for a, b in zip(pictures, pictures[1:])]


def misses(moved, rate, times):
    """Clicks whose peak, the most motion up to half the way to the next ones, is not near them."""
    frames = [int(time * rate) for time in times]
    edges = [(a + b) // 2 for a, b in zip(frames, frames[1:])]
    for first, last, frame in zip([1] + edges, edges + [len(moved)], frames):
        peak = max(range(first, last), key=lambda n: moved[n])
        if abs(peak - frame) > NEAR:
            yield (f"click in frame {frame}: motion {moved[frame]:.2f}, "
                   f"its peak of {moved[peak]:.2f} is in frame {peak}")


def split(data, width, height):
    size = width * height
    return [data[i:i + size] for i in range(0, len(data) - size + 1, size)]


def say(found):
    print("\n".join(found), end="\n" if found else "")
    return bool(found)


def check(width, height, rate, times):
    pictures = split(sys.stdin.buffer.read(), width, height)
    return say(list(misses(motion(pictures), rate, times)))


def decode(*arguments):
    return subprocess.run(arguments, stdout=subprocess.PIPE, check=True).stdout


def heard(path):
    """The times of the clicks in a file, by its time stamps. The sound's beginning is none."""
    track = array.array("h", decode(
        "ffmpeg", "-v", "error", "-copyts", "-i", path, "-map", "0:a",
        "-af", "aresample=async=1:first_pts=0", "-ar", str(SAMPLES), "-ac", "1", "-f", "s16le", "-"))
    if sys.byteorder == "big":
        track.byteswap()
    loud, times = max(map(abs, track)) / 2, [0.0]
    for i, sample in enumerate(track):
        if abs(sample) > loud and i / SAMPLES > times[-1] + 0.2:
            times.append(i / SAMPLES)
    return times[1:]


def seen(path, width, height):
    """The time stamp of each picture in a file, and how much it moves."""
    stamps = decode("ffprobe", "-v", "error", "-select_streams", "v", "-show_entries",
                    "frame=pts_time", "-of", "default=nk=1:nw=1", path).split()
    pictures = split(decode("ffmpeg", "-v", "error", "-i", path, "-map", "0:v", "-fps_mode",
                            "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", "-"),
                     width, height)
    return list(zip(map(float, stamps), motion(pictures)))


def strays(moved, rate, times):
    """Clicks with the most motion, up to half the way to the next ones, more than 2 frames off."""
    edges = [(a + b) / 2 for a, b in zip(times, times[1:])]
    for first, last, time in zip([moved[1][0]] + edges, edges + [math.inf], times):
        peak = max((m for m in moved if first <= m[0] < last), key=lambda m: m[1])
        if abs(peak[0] + 0.5 / rate - time) > (NEAR + 0.5) / rate:  # the middle of its time
            yield f"click at {time:.3f} s: the peak of motion is at {peak[0]:.3f} s"


def sync(path, width, height, rate, count):
    times = heard(path)
    if len(times) != count:
        return say([f"{len(times)} clicks are heard, wanted {count}"])
    return say(list(strays(seen(path, width, height), rate, times)))


def main(arguments):
    if arguments[:1] == ["write"]:
        return write(arguments[1], float(arguments[2]), map(float, arguments[3:]))
    if arguments[:1] == ["sync"]:
        return sync(arguments[1], *map(int, arguments[2:]))
    width, height = map(int, arguments[1:3])
    return check(width, height, float(arguments[3]), [float(a) for a in arguments[4:]])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
