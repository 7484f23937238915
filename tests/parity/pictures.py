# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pictures and clips to start from, and how they are fitted to a video's size, by Pillow."""

import itertools

import numpy
import torch
from PIL import Image

OPTIONS = ("image", "last_image")
MARGIN = 5e-5  # of a step of bytes, thrice the roundings of a sum of 24-bit floats
ATTEMPT = 1_000_000  # between the seeds of two attempts


def write(pipeline, request, folder, name, seed):
    """
    A file NAME.OPTION.png or NAME.continue.y4m for all that the request has the size of;
    {option: path}.
    """
    looks = getattr(pipeline, "image_encoder", None) is not None
    target = request.width, request.height
    paths = {}
    for number, option in enumerate(OPTIONS):
        size = getattr(request, option)
        if size:
            paths[option] = folder / f"{name}.{option}.png"
            clear = looks and size != target
            picture = draw_clear(size, seed + number, target) if clear else draw(size, seed + number)
            picture.save(paths[option])
    if request.clip:
        paths["continue"] = folder / f"{name}.continue.y4m"
        write_clip(paths["continue"], request, seed)
    return paths


def draw_clear(size, seed, target):
    """
    A picture of the same bytes whoever fits it to another size: a vision encoder reads bytes, and a
    float midway between two is rounded up by one program and down by the other.
    """
    for attempt in itertools.count():
        picture = draw(size, seed + ATTEMPT * attempt)
        steps = fit(picture, *target).double() * 255
        if ((steps % 1 - 0.5).abs() > MARGIN).all():
            return picture


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
    planes = [numpy.asarray(plane, dtype=numpy.float32) / 255 for plane in picture.split()]
    return fit_planes([Image.fromarray(plane) for plane in planes], width, height)


def fit_planes(planes, width, height):
    """
    [1, 3, height, width] in [0, 1]: the middle of the picture, scaled by Pillow's Lanczos filter
    plane by plane as floats, so that nothing is rounded on the way.
    """
    scale = min(planes[0].width / width, planes[0].height / height)
    left = (planes[0].width - width * scale) // 2
    top = (planes[0].height - height * scale) // 2
    box = (left, top, left + width * scale, top + height * scale)
    scaled = [numpy.asarray(plane.resize((width, height), Image.Resampling.LANCZOS, box))
              for plane in planes]
    return torch.from_numpy(numpy.stack(scaled)[None]).clamp(0, 1)


# ---------------------------------------------------------------- clips

WEIGHTS = numpy.array([0.2126, 0.7152, 0.0722])  # of BT.709


def write_clip(path, request, seed):
    """A y4m file in 4:2:0, limited range: a picture that goes to the right and darker."""
    width, height, frames = request.clip
    numerator, _, denominator = request.rate.partition("/")
    first = numpy.asarray(draw((width, height), seed + len(OPTIONS)), dtype=numpy.float64) / 255
    with open(path, "wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{numerator}:{denominator or 1} "
                   "Ip A1:1 C420mpeg2\n".encode())
        for number in range(frames):
            rgb = numpy.roll(first, number, axis=1) * (1 - 0.02 * number)
            luma = rgb @ WEIGHTS
            chroma = [(rgb[..., c] - luma) / (2 * (1 - WEIGHTS[c])) for c in (2, 0)]
            planes = [16 + 219 * luma, *(128 + 224 * plane[::2, ::2] for plane in chroma)]
            file.write(b"FRAME\n" + b"".join(
                plane.round().clip(0, 255).astype(numpy.uint8).tobytes() for plane in planes))


def read_clip(path):
    """The pictures of such a file, [3, height, width] in [0, 1]."""
    header, _, data = path.read_bytes().partition(b"\n")
    width, height = (int(header.split(letter)[1].split()[0]) for letter in (b" W", b" H"))
    half = (height + 1) // 2, (width + 1) // 2
    size = width * height + 2 * half[0] * half[1]
    for start in range(len(b"FRAME\n"), len(data), size + len(b"FRAME\n")):
        values = numpy.frombuffer(data[start:start + size], numpy.uint8).astype(numpy.float64)
        luma = (values[:width * height].reshape(height, width) - 16) / 219
        blue, red = [luma + 2 * (1 - WEIGHTS[c]) * spread((plane.reshape(half) - 128) / 224, luma)
                     for c, plane in zip((2, 0), numpy.split(values[width * height:], 2))]
        green = (luma - WEIGHTS[0] * red - WEIGHTS[2] * blue) / WEIGHTS[1]
        words = (numpy.stack([red, green, blue]).clip(0, 1) * 65535 + 0.5).astype(numpy.uint16)
        yield words.astype(numpy.float32) / 65535


def spread(chroma, luma):
    """Chroma of every pixel, between samples on even columns, midway between two rows."""
    rows, columns = [numpy.arange(size) for size in luma.shape]
    tall = numpy.stack([numpy.interp((rows - 0.5) / 2, numpy.arange(len(chroma)), column)
                        for column in chroma.T], axis=1)
    return numpy.stack([numpy.interp(columns / 2, numpy.arange(chroma.shape[1]), row)
                        for row in tall])


def load_clip(path, width, height, count):
    """The last `count` pictures, fitted: [count, 3, height, width]."""
    pictures = list(read_clip(path))[-count:]
    if pictures[0].shape[1:] == (height, width):
        return torch.from_numpy(numpy.stack(pictures))
    return torch.cat([fit_planes([Image.fromarray(plane) for plane in picture], width, height)
                      for picture in pictures])
