"""Captions for scenes: many ways in which people may ask for the same facts.

A scene module gives nouns with slots: {c} colour, {d} density, {s} size, and the name of any
other fact. What a slot does not say may follow as a phrase of its own.
"""

import re

from models.scenes import KINDS
from models.scenes.palette import BACKGROUNDS, COLOURS
from models.scenes.usual import usual

UNUSUAL = 0.95  # how often a caption says what a prompt without that word would not show

# fact -> value -> phrases; a fact that is not here is said by a slot or not at all
ENGLISH = {
    "speed": {
        "slow": ("slowly", "in slow motion", "moving slowly", "slow and calm", "gentle motion"),
        "medium": ("at a steady pace", "at medium speed", "moving steadily"),
        "fast": ("fast", "moving fast", "quickly", "at high speed", "with rapid motion"),
    },
    "direction": {
        "left": ("moving left", "drifting to the left", "from right to left", "leftwards"),
        "right": ("moving right", "drifting to the right", "from left to right", "rightwards"),
        "up": ("moving up", "rising upwards", "floating up", "from bottom to top"),
        "down": ("moving down", "falling down", "downwards", "from top to bottom"),
        "down left": ("falling to the left", "blown to the left by the wind"),
        "down right": ("falling to the right", "blown to the right by the wind"),
        "wind left": ("blown to the left", "with wind from the right"),
        "wind right": ("blown to the right", "with wind from the left"),
        "towards": ("towards the viewer", "flying towards the camera", "zooming in"),
        "away": ("away from the viewer", "flying backwards", "zooming out"),
        "clockwise": ("turning clockwise", "rotating clockwise"),
        "counterclockwise": ("turning counterclockwise", "rotating anticlockwise"),
        "outwards": ("spreading outwards", "expanding from the centre"),
        "inwards": ("moving inwards", "contracting to the centre"),
    },
    "time": {
        "day": ("by day", "in daylight", "during the day"),
        "evening": ("in the evening", "at sunset", "at dusk"),
        "night": ("at night", "in the dark"),
    },
    "density": {"few": ("sparse",), "some": (), "many": ("dense", "densely packed")},
    "size": {"small": ("small",), "medium": (), "large": ("large", "big")},
}
CHINESE = {
    "speed": {
        "slow": ("缓慢", "慢慢地", "慢速", "慢动作", "舒缓"),
        "medium": ("中速", "匀速", "速度适中"),
        "fast": ("快速", "很快", "飞快", "高速运动"),
    },
    "direction": {
        "left": ("向左移动", "从右到左", "向左飘"),
        "right": ("向右移动", "从左到右", "向右飘"),
        "up": ("向上移动", "上升", "从下往上"),
        "down": ("向下移动", "落下", "从上往下"),
        "down left": ("向左下方飘落", "被风吹向左边"),
        "down right": ("向右下方飘落", "被风吹向右边"),
        "wind left": ("风向左吹", "被风吹向左边"),
        "wind right": ("风向右吹", "被风吹向右边"),
        "towards": ("迎面而来", "飞向镜头", "镜头推进"),
        "away": ("向后退去", "远离镜头", "镜头拉远"),
        "clockwise": ("顺时针旋转",),
        "counterclockwise": ("逆时针旋转",),
        "outwards": ("向外扩散",),
        "inwards": ("向内收缩",),
    },
    "time": {
        "day": ("白天", "阳光下"),
        "evening": ("傍晚", "黄昏", "夕阳下"),
        "night": ("夜晚", "晚上", "夜里"),
    },
    "density": {"few": ("稀疏",), "some": (), "many": ("密集",)},
    "size": {"small": ("小",), "medium": (), "large": ("大",)},
}
SLOTS_EN = {
    "d": {
        "few": ("a few ", "sparse ", "few "),
        "some": ("", "some "),
        "many": ("many ", "lots of ", "dense "),
    },
    "s": {
        "small": ("small ", "tiny ", "little "),
        "medium": ("",),
        "large": ("large ", "big ", "huge "),
    },
    "sky": {
        "blue": ("a blue sky", "the blue sky"),
        "sunset": ("a sunset sky", "an evening sky", "the sky at sunset"),
        "grey": ("a grey sky", "an overcast sky"),
        "night": ("a night sky", "the dark night sky"),
    },
    "ring": {True: ("with rings", "with a ring"), False: ("",)},
    "place": {
        "left": ("the upper left", "the left"),
        "top": ("above", "the top"),
        "right": ("the upper right", "the right"),
    },
}
SLOTS_ZH = {
    "d": {
        "few": ("几个", "稀疏的", "少量"),
        "some": ("", "一些"),
        "many": ("许多", "密集的", "大量"),
    },
    "s": {"small": ("小", "细小的"), "medium": ("",), "large": ("大", "巨大的")},
    "sky": {
        "blue": ("蓝天", "蓝色天空"),
        "sunset": ("日落的天空", "晚霞天空", "黄昏的天空"),
        "grey": ("灰色天空", "阴天"),
        "night": ("夜空", "黑夜的天空"),
    },
    "ring": {True: ("带光环的", "有环的"), False: ("",)},
    "place": {"left": ("左上方", "左边"), "top": ("上方", "顶部"), "right": ("右上方", "右边")},
}
COLOURFUL_EN = ("colourful", "colorful", "multicoloured", "rainbow")
COLOURFUL_ZH = ("彩色", "五颜六色的", "多彩", "彩虹色")
FRAMES_EN = (
    "{}", "{}", "{}", "{}", "{}", "a video of {}", "video background with {}", "an animation of {}",
    "{}, abstract background", "create a video of {}", "show me {}", "I want {}", "please make {}",
    "a clip that shows {}", "motion graphics: {}", "generate {}", "{}, looping background", "we see {}",
)  # fmt: skip
FRAMES_ZH = (
    "{}", "{}", "{}", "{}", "{}", "{}的视频", "生成{}", "请生成{}的画面", "我想要{}", "画面中是{}",
    "{}，动态背景", "一段{}的视频", "制作{}的动画", "视频背景：{}",
)  # fmt: skip
APART_EN = ("{}", "in {}", "{} coloured", "the colour is {}", "in {} tones")
APART_ZH = ("{}", "颜色是{}", "{}调", "{}为主")
BACK_EN = (
    "on a {} background",
    "on {}",
    "against a {} background",
    "over {}",
    "with a {} background",
    "{} background",
)
BACK_ZH = ("{}背景", "背景是{}", "在{}背景上", "以{}为背景")


def all_names(language="en"):
    """kind -> the nouns that captions use for it, slots left empty."""
    return {
        kind: [re.sub(r"\{\w+\}", "", n).strip() for n in _nouns(module, language)]
        for kind, module in KINDS.items()
    }


def synonyms(language="en"):
    """Colour and background names -> the words that captions use for them."""
    field = "english" if language == "en" else "chinese"
    tables = {**BACKGROUNDS, **COLOURS}
    result = {name: getattr(entry, field) for name, entry in tables.items()}
    result["colourful"] = COLOURFUL_EN if language == "en" else COLOURFUL_ZH
    return result


def caption(facts, rng, language="en"):
    """One caption: the kind, nearly always the colour and what is unusual, some of what is usual."""
    return _english(facts, rng) if language == "en" else _chinese(facts, rng)


def _english(facts, rng):
    parts = _parts(facts, rng, "en")
    if rng.random() < 0.12:  # "There are blue waves. Moving left. On black."
        verb = "There is" if re.match(r"(an?|the) ", parts[0]) else "We see"
        text = " ".join([f"{verb} {parts[0]}."] + [p[0].upper() + p[1:] + "." for p in parts[1:]])
        return articles(text)
    joint = ", " if rng.random() < 0.65 else " "
    return _case(articles(_pick(rng, FRAMES_EN).format(joint.join(parts))), rng)


def articles(text):
    return re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)


def _chinese(facts, rng):
    parts = _parts(facts, rng, "zh")
    if len(parts) > 1 and rng.random() < 0.3:  # what describes may also stand first
        parts = parts[1:] + parts[:1]
    text = _pick(rng, FRAMES_ZH).format(_pick(rng, ("，", "，", ",", " ", "、")).join(parts))
    return (
        (text + "。" if rng.random() < 0.3 else text)
        .replace("的的", "的")
        .replace("的为主", "为主")
    )


def _parts(facts, rng, language):
    """The noun with what its slots say, then phrases for other facts in any order."""
    english = language == "en"
    detail = rng.choice([0.0, 0.35, 0.7, 1.0], p=[0.15, 0.3, 0.35, 0.2])
    noun = _noun(facts, rng, language)
    colour = _colour_words(facts, rng, language)
    phrases = []
    if colour and rng.random() < 0.12:  # "waves, blue" instead of "blue waves"
        phrases.append(_pick(rng, APART_EN if english else APART_ZH).format(colour))
        colour = ""
    said, slots = set(), {"c": colour + " " if colour and english else colour}
    noun = _fill(noun, facts, rng, SLOTS_EN if english else SLOTS_ZH, slots, said, detail)
    phrases += _phrases(facts, rng, ENGLISH if english else CHINESE, said, detail)
    if _tell_background(facts, rng, detail):
        background = BACKGROUNDS[facts["background"]]
        words = _pick(rng, background.english if english else background.chinese)
        phrases.append(_pick(rng, BACK_EN if english else BACK_ZH).format(words))
    rng.shuffle(phrases)
    return [re.sub(r" +", " ", noun).strip().lstrip("的")] + phrases


def _noun(facts, rng, language):
    """One that has a slot for an unusual fact which only slots can say, if there is any."""
    nouns = _nouns(KINDS[facts["kind"]], language)
    for key in ("sky", "ring", "place"):
        if key in facts and not usual(facts, key):
            nouns = [n for n in nouns if f"{{{key}}}" in n] or nouns
    return _pick(rng, nouns)


def _told(facts, key, rng, chance):
    return rng.random() < (chance if usual(facts, key) else UNUSUAL)


def _nouns(module, language):
    return module.EN if language == "en" else module.ZH


def _pick(rng, choices):
    return choices[rng.integers(len(choices))] if len(choices) else ""


def _colour_words(facts, rng, language):
    if not facts.get("colour") or not _told(facts, "colour", rng, 0.85):
        return ""
    table = synonyms(language)
    words = [_name(rng, table[facts["colour"]])]
    if facts.get("colour2") and rng.random() < UNUSUAL:
        words.append(_name(rng, table[facts["colour2"]]))
    if language == "en":
        return _pick(rng, (" and ", " and ", " & ")).join(words)
    return _pick(rng, ("和", "与", "、")).join(words)


def _name(rng, words):
    """The plain name half of the time, else any of its synonyms."""
    return words[0] if rng.random() < 0.5 else _pick(rng, words)


def _fill(noun, facts, rng, tables, slots, said, detail):
    """Fill a noun's slots; what it says is remembered in `said`."""
    keys = {"d": "density", "s": "size"}
    for slot in re.findall(r"\{(\w+)\}", noun):
        if slot == "c":
            continue
        key = keys.get(slot, slot)
        optional = slot in keys
        value = facts.get(key)
        tell = value is not None and (not optional or _told(facts, key, rng, detail))
        slots[slot] = _pick(rng, tables[slot].get(value, ())) if tell else ""
        if tell:
            said.add(key)
    return noun.format(**slots)


def _phrases(facts, rng, table, said, detail):
    phrases = []
    for key, values in table.items():
        if key in facts and key not in said and _told(facts, key, rng, detail):
            phrase = _pick(rng, values.get(facts[key], ()))
            if phrase:
                phrases.append(phrase)
    return phrases


def _tell_background(facts, rng, detail):
    known = facts.get("background") in BACKGROUNDS
    return known and _told(facts, "background", rng, 0.3 + 0.6 * detail)


def _case(text, rng):
    draw = rng.random()
    if draw < 0.3:
        text = text[0].upper() + text[1:]
        return text + _pick(rng, (".", ".", "", "!"))
    if draw < 0.34:
        return text.upper()
    if draw < 0.4:
        return text.title()
    return text
