# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pictures for image to video, and how they are fitted to a video's size, by Pillow."""

import numpy
import torch
from PIL import Image

OPTIONS = ("image", "last_image")


def write(request, folder, name, seed):
    """A PNG file NAME.OPTION.png for each picture that the request has the size of; {option: path}."""
    paths = {}
    for number, option in enumerate(OPTIONS):
        size = getattr(request, option)
        if size:
            paths[option] = folder / f"{name}.{option}.png"
            draw(size, seed + number).save(paths[option])
    return paths


def draw(size, seed):
    """Coloured blobs under fine noise: width and height to a picture."""
    generator = numpy.random.default_rng(seed)
    coarse = Image.fromarray(generator.integers(0, 256, (5, 5, 3), dtype=numpy.uint8))
    smooth = numpy.asarray(coarse.resize(size, Image.Resampling.BICUBIC), dtype=numpy.float64)
    noisy = smooth + generator.normal(0, 12, smooth.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(numpy.uint8))


def load(path, width, height):
    """What the pipeline is given: the picture itself where its size is right, else fitted."""
    picture = Image.open(path)
    return picture if picture.size == (width, height) else fit(picture, width, height)


def as_bytes(given):
    """Whole pictures for what reads no floats: fitted ones rounded to 8 bits."""
    if isinstance(given, list):
        return [as_bytes(one) for one in given]
    if isinstance(given, Image.Image):
        return given
    return Image.fromarray((given[0] * 255 + 0.5).permute(1, 2, 0).numpy().astype(numpy.uint8))


def fit(picture, width, height):
    """
    [1, 3, height, width] in [0, 1]: the middle of the picture, scaled by Pillow's Lanczos filter
    plane by plane as floats, so that nothing is rounded on the way.
    """
    scale = min(picture.width / width, picture.height / height)
    left = (picture.width - width * scale) // 2
    top = (picture.height - height * scale) // 2
    box = (left, top, left + width * scale, top + height * scale)
    planes = [numpy.asarray(plane.convert("F").resize((width, height), Image.Resampling.LANCZOS,
                                                      box)) for plane in picture.split()]
    return torch.from_numpy(numpy.stack(planes)[None] / 255).clamp(0, 1)
