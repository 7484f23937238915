#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether a transparent picture was laid over a plain grey as the arithmetic of light says.

    over.py GREY PLAIN.rgb OVER.rgb

PLAIN is the picture on black, OVER the transparent one over GREY (0 to 255), both raw frames of
8-bit R, G, B. A picture on black is a premultiplied one whose alpha is the brightest of R, G and B:
C + (1 - alpha) * GREY. Three roundings with dither (of PLAIN, of colour and alpha, of the mixer)
may be off by less than 3. Says what is wrong, and nothing when all is well.
"""
import sys

grey = int(sys.argv[1])
plain, over = (open(name, "rb").read() for name in sys.argv[2:])
if len(plain) != len(over) or not plain or len(plain) % 3:
    sys.exit(f"{len(plain)} and {len(over)} bytes")

worst, total, brightness = 0, 0, set()
for i in range(0, len(plain), 3):
    brightest = max(plain[i : i + 3])
    brightness.add(brightest)
    for k in range(i, i + 3):
        error = abs(over[k] - (plain[k] + (255 - brightest) * grey / 255))
        worst = max(worst, error)
        total += error
if worst >= 3 or total > len(plain):
    sys.exit(f"over {grey} it is off by up to {worst:.1f}, {total / len(plain):.2f} in the mean")
if len(brightness) < 30:
    sys.exit(f"the picture has no more than {len(brightness)} degrees of brightness")
