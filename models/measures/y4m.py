"""Pictures from a y4m pipe, as planes."""

import re

import numpy as np

from .thumbs import shrink_plane


def read(pipe):
    """Yields (luma, blue, red) planes of bytes for each picture of an 8-bit 4:2:0 stream."""
    header = pipe.readline().decode(errors="replace")
    size = re.match(r"YUV4MPEG2 W(\d+) H(\d+) ", header)
    if not size:
        return
    if " C420" not in header:
        raise ValueError(f"8-bit 4:2:0 wanted, found: {header.strip()}")
    w, h = map(int, size.groups())
    half = -(-h // 2), -(-w // 2)
    count = w * h + 2 * half[0] * half[1]
    while pipe.readline().startswith(b"FRAME"):
        data = pipe.read(count)
        if len(data) < count:
            return
        data = np.frombuffer(data, np.uint8)
        blue, red = data[w * h:].reshape(2, *half)
        yield data[:w * h].reshape(h, w), blue, red


def rgb(luma, blue, red) -> np.ndarray:
    """Planes of one size, BT.709 in limited range -> RGB in [0, 1], [..., 3]."""
    y, b, r = (luma - 16.) / 219, (blue - 128.) / 224, (red - 128.) / 224
    return np.stack([y + 1.5748 * r, y - .1873 * b - .4681 * r, y + 1.8556 * b], -1)


def thumbnail(planes) -> np.ndarray:
    """RGB [HEIGHT, WIDTH, 3] in [0, 1] of one picture."""
    return rgb(*(shrink_plane(p.astype(np.float32)) for p in planes))
