"""Named colours, backgrounds, and ramps from dark to bright."""

from typing import NamedTuple

import numpy as np


class Colour(NamedTuple):
    dark: tuple
    base: tuple
    bright: tuple
    english: tuple
    chinese: tuple


def _rgb(code):
    return tuple(int(code[i : i + 2], 16) / 255 for i in (0, 2, 4))


def _colour(dark, base, bright, english, chinese):
    words = tuple(english.split(",")), tuple(chinese.split(","))
    return Colour(_rgb(dark), _rgb(base), _rgb(bright), *words)


COLOURS = {
    "red": _colour("5a0610", "e01f2d", "ff8f7a", "red,crimson,scarlet,ruby", "红色,红,大红,赤红"),
    "orange": _colour("6b2400", "ff7a14", "ffc27a", "orange,amber,tangerine", "橙色,橘色"),
    "gold": _colour("4a2c05", "d9a021", "ffe9a0", "gold,golden", "金色,金黄色"),
    "yellow": _colour("6b5a00", "ffdd1a", "fff6a0", "yellow,lemon yellow", "黄色,黄,明黄"),
    "green": _colour("053d14", "22b14c", "9df28a", "green,emerald", "绿色,绿,翠绿"),
    "teal": _colour("02383a", "0b9a94", "7de8d8", "teal,sea green", "青绿色,蓝绿色"),
    "cyan": _colour("023c52", "18c5ea", "b0f4ff", "cyan,turquoise,aqua", "青色,湖蓝色"),
    "blue": _colour("06175c", "1f5be8", "8fbcff", "blue,azure,cobalt blue", "蓝色,蓝,宝蓝"),
    "purple": _colour("2a0a57", "7d35d8", "cba0ff", "purple,violet", "紫色,紫,紫罗兰色"),
    "magenta": _colour("520346", "d81ab4", "ff9aec", "magenta,fuchsia", "品红色,洋红色"),
    "pink": _colour("6b2440", "f582ae", "ffd3e2", "pink,rose", "粉色,粉红色,粉红"),
    "brown": _colour("2e1808", "875026", "cf9c68", "brown,chocolate", "棕色,褐色"),
    "silver": _colour("22262c", "98a2ae", "e6ebf0", "silver,grey,gray", "银色,灰色,银灰色"),
    "white": _colour("5f6c7c", "dfe6ee", "ffffff", "white,snow white", "白色,白,雪白"),
}
COLOURFUL = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink")
VIVID = tuple(name for name in COLOURS if name not in ("brown", "silver", "white"))


class Background(NamedTuple):
    centre: tuple
    edge: tuple
    english: tuple
    chinese: tuple


def _background(centre, edge, english, chinese):
    return Background(
        _rgb(centre), _rgb(edge), tuple(english.split(",")), tuple(chinese.split(","))
    )


BACKGROUNDS = {
    "black": _background("000000", "000000", "black,pure black", "黑色,纯黑,黑"),
    "dark grey": _background("2c3038", "14161a", "dark grey,dark gray,charcoal", "深灰色,炭黑"),
    "dark blue": _background("12275c", "050b22", "dark blue,navy blue,navy", "深蓝色,藏蓝色,暗蓝"),
    "dark green": _background("0c3f2a", "03150d", "dark green,deep green", "深绿色,墨绿色"),
    "dark red": _background("561019", "1c0407", "dark red,maroon,burgundy", "深红色,暗红色"),
    "dark purple": _background("34135e", "100420", "dark purple,deep violet", "深紫色,暗紫色"),
    "white": _background("ffffff", "ebeef2", "white,bright white", "白色,纯白,白"),
    "light grey": _background("dcdfe3", "b4b9c0", "light grey,light gray", "浅灰色,淡灰"),
    "light blue": _background(
        "cbe6fa", "8fc3ec", "light blue,pale blue,sky blue", "浅蓝色,淡蓝色,天蓝色"
    ),
    "beige": _background("f6ead2", "dcc69e", "beige,cream,warm cream", "米色,米黄色,奶油色"),
}
DARK = ("black", "dark grey", "dark blue", "dark green", "dark red", "dark purple")
PLAIN = ("dark blue", "black", "dark grey", "white", "light grey", "light blue", "beige")


def pick(rng, names):
    """One of the names, as a plain string."""
    return str(names[rng.integers(len(names))])


def behind(rng, names, colour):
    """A background that a thing of that colour stands out from."""
    if colour in ("white", "silver"):
        names = [n for n in names if n not in ("white", "light grey", "beige")]
    return pick(rng, names)


def another(rng, names, first, chance=0.4):
    """A second colour, other than the first, or None."""
    if rng.random() > chance:
        return None
    return pick(rng, [n for n in names if n != first])


def base(name):
    return np.array(COLOURS[name].base, np.float32)


def bright(name):
    return np.array(COLOURS[name].bright, np.float32)


def dark(name):
    return np.array(COLOURS[name].dark, np.float32)


def gradient(*stops):
    """Colours at even distances -> a table [1024, 3]; see paint()."""
    stops = np.array(stops, np.float32)
    at = np.linspace(0, len(stops) - 1, 1024)
    even = np.arange(len(stops))
    table = [np.interp(at, even, stops[:, c]) for c in range(3)]
    return np.stack(table, 1).astype(np.float32)


def ramp(name, from_black=True):
    """Black, dark, base, bright as a table."""
    c = COLOURS[name]
    return gradient(*([(0, 0, 0)] if from_black else []), c.dark, c.base, c.bright)


def paint(table, values):
    """Values in [0, 1] -> colours of a table."""
    return table[np.clip(values * 1023.5, 0, 1023).astype(np.int32)]


def names(crowd, colour, colour2=None):
    """For each thing of a crowd: one name, one of two, or for "colourful" any."""
    chosen = crowd.random()
    if colour == "colourful":
        return [COLOURFUL[int(c * len(COLOURFUL))] for c in chosen]
    return [colour2 if colour2 and c < 0.35 else colour for c in chosen]


def shades(crowd, colour, colour2=None):
    """Colours [count, 3] of a crowd: around one name, two names, or "colourful"."""
    named = names(crowd, colour, colour2)
    lift = crowd.random().astype(np.float32)[:, None] ** 2 * 0.6
    first = np.array([COLOURS[n].base for n in named], np.float32).reshape(-1, 3)
    second = np.array([COLOURS[n].bright for n in named], np.float32).reshape(-1, 3)
    return first + lift * (second - first)


def backdrop(view, name):
    """A background [h, w, 3]: its colour, darker towards the edges."""
    b = BACKGROUNDS[name]
    r2 = (view.x / view.right) ** 2 + (view.y / view.bottom) ** 2
    k = np.clip(r2 * 0.5, 0, 1)[..., None]
    centre, edge = np.array(b.centre, np.float32), np.array(b.edge, np.float32)
    return centre + k * (edge - centre)
