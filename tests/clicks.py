#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A track of clicks, and whether a video moves with it.

clicks.py write OUT.wav SECONDS TIME…       writes clicks at those times, in seconds
clicks.py check WIDTH HEIGHT RATE TIME…     reads grey pictures (8 bits) from standard input, and
                                            says which clicks have no peak of motion within 2 frames
"""

import array
import math
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


def check(width, height, rate, times):
    data, size = sys.stdin.buffer.read(), width * height
    pictures = [data[i:i + size] for i in range(0, len(data) - size + 1, size)]
    found = list(misses(motion(pictures), rate, times))
    print("\n".join(found), end="\n" if found else "")
    return bool(found)


def main(arguments):
    if arguments[:1] == ["write"]:
        return write(arguments[1], float(arguments[2]), map(float, arguments[3:]))
    width, height = map(int, arguments[1:3])
    return check(width, height, float(arguments[3]), [float(a) for a in arguments[4:]])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
