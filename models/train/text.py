"""The tokenizer: a SentencePiece unigram model for English and Chinese captions.

    python -m models.train.text --work DIR             # writes DIR/spiece.model

It is trained once, on captions of all kinds drawn so far and on words of many more, so that kinds
added later need no new tokenizer (the text encoder's embeddings would have to start again).
"""

import re

import sentencepiece
import torch

from . import common

PIECES = 4096
BORDER = "\t"
LONGEST = 48                                  # pieces of a training caption; the pipeline pads 256
WORDS = """
red orange yellow green blue cyan teal turquoise purple violet magenta pink brown black white gray
grey gold golden silver beige cream crimson scarlet navy lime olive maroon coral salmon indigo
lavender emerald ruby amber azure pastel neon dark light bright pale deep vivid warm cold soft muted
slow slowly fast quickly gently calm wild steady smooth left right up down upward downward leftward
rightward inward outward clockwise counterclockwise forward backward rising falling drifting moving
spinning rotating turning flowing rolling pulsing flickering glowing shining sparkling blinking
bouncing waving scrolling zooming growing shrinking expanding orbiting swirling twisting morphing
background scene video animation loop abstract seamless close-up wide horizon centre center corner
ocean sea waves water ripples rain raindrops drops window snow snowflakes storm lightning thunder fog
mist smoke steam clouds sky sunset sunrise sun moon stars starfield galaxy nebula space planet earth
comet meteor aurora northern lights fire flames embers sparks lava volcano candle fireworks confetti
bubbles balloons balls circles rings squares cubes triangles hexagons polygons stripes lines grid dots
checkerboard mosaic tiles pixels bokeh lens flare gradient noise plasma tunnel vortex spiral fractal
kaleidoscope mandala particles dust pollen fireflies leaves petals flowers grass field meadow wheat
trees forest bamboo palm mountains hills desert sand dunes island beach river waterfall lake pond fish
jellyfish birds butterflies city skyline buildings night traffic road highway train tunnel rails
bridge lights lanterns lamp neon signs disco laser beams spotlights stage curtain equalizer bars
spectrum waveform sound music oscilloscope radar clock gears pendulum metronome hourglass matrix code
binary circuit network nodes globe map hologram wireframe terrain ribbon silk cloth flag paper ink
paint watercolor oil marble wood metal glass crystal diamond ice gem liquid honey milk smoke portal
rain on glass, city lights at night, seen from above, from the side, through a window, in the dark
a an the of in on at with and or over under across through from to into by two three four five several
many few some lots small large big tiny huge thin thick dense sparse shape shapes colours colors
"""
CHINESE = """
红色 橙色 黄色 绿色 蓝色 青色 紫色 品红 粉色 粉红色 棕色 褐色 黑色 白色 灰色 金色 银色 米色 深红 天蓝 海军蓝 翠绿 琥珀色 淡蓝
暗 亮 明亮 柔和 鲜艳 温暖 寒冷 淡 深 浅 缓慢 慢慢 快速 飞快 轻轻 平静 狂野 平稳 向左 向右 向上 向下 往左 往右 顺时针 逆时针
向前 向后 上升 下落 飘动 移动 旋转 转动 流动 滚动 脉动 闪烁 发光 闪耀 弹跳 摆动 摇曳 缩放 生长 扩散 环绕 漩涡 扭曲 变形
背景 场景 视频 动画 循环 抽象 无缝 特写 地平线 中央 角落 大海 海洋 海浪 波浪 水面 涟漪 雨 雨滴 下雨 窗户 玻璃 雪 雪花 下雪
暴风雨 闪电 雷电 雾 薄雾 烟 烟雾 蒸汽 云 云朵 白云 天空 日落 日出 太阳 月亮 星星 星空 银河 星系 星云 太空 行星 地球 彗星 流星
极光 火 火焰 余烬 火花 熔岩 火山 蜡烛 烟花 彩纸 气泡 泡泡 气球 小球 圆圈 圆环 方块 立方体 三角形 六边形 多边形 条纹 线条
网格 圆点 棋盘 马赛克 瓷砖 像素 光斑 散景 光晕 渐变 噪声 等离子 隧道 螺旋 分形 万花筒 曼陀罗 粒子 灰尘 花粉 萤火虫 落叶
树叶 花瓣 花朵 草地 田野 麦田 树木 森林 竹林 棕榈 山脉 山丘 沙漠 沙丘 岛屿 海滩 河流 瀑布 湖泊 池塘 鱼 水母 鸟 蝴蝶 城市
天际线 建筑 夜晚 夜空 交通 公路 高速公路 火车 铁轨 桥 灯光 灯笼 霓虹灯 迪斯科 激光 光束 聚光灯 舞台 幕布 均衡器 频谱 波形
声音 音乐 示波器 雷达 时钟 齿轮 钟摆 节拍器 沙漏 代码 二进制 电路 网络 节点 地球仪 地图 全息 线框 地形 丝带 丝绸 布料 旗帜
纸 墨水 颜料 水彩 油画 大理石 木头 金属 水晶 钻石 冰 宝石 液体 蜂蜜 牛奶 传送门 一个 两个 三个 几个 许多 很多 一些 小 大
巨大 细 粗 密集 稀疏 形状 颜色 的 在 上 下 中 里 着 地 和 与 从 到 穿过 越过 之间 正在 缓缓 静静 远处 近处 前方 后方 左边 右边
一片 一条 一只 一团 一群 一束 一朵 一颗 阳光 月光 黄昏 清晨 傍晚 春天 夏天 秋天 冬天 风 微风 大风 飞舞 飞行 游动 燃烧 爆炸 绽放
"""
# Single characters that a caption may need though no word above holds them.
CHARACTERS = """
的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得
经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事
平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题
党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被
干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单
风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉
林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称
太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严龙飞
蓝紫绿黄橙粉黑灰银棕暗亮闪烁旋旋漂浮落升沉滴溅涌荡漾摇晃摆跳跃弹奔跑游泳翻滚滑绕环抱叶草树木森丛竹梅兰菊荷莲桃樱柳松枫枝根芽苗
鸟鱼虫蝶蜂鹰鹤猫狗马牛羊虎狮象蛇龟鲸鲨水母珊瑚贝壳沙滩岸礁岛屿湖泊溪瀑布冰雪霜露雾霾雷雨虹霞晨昏夜晚黎曙暮星辰宇宙银河轨
"""


def captions(per_kind: int = 400):
    import numpy as np
    from models.captions import caption
    from models.scenes import KINDS
    for kind in sorted(KINDS):
        rng = np.random.default_rng([7, sum(map(ord, kind))])
        for n in range(per_kind):
            yield caption(KINDS[kind].facts(rng), rng, language=("en", "zh")[n % 2])


def cut(text: str, words: list) -> str:
    """Mark the borders of Chinese words, so that no piece holds half a sentence."""
    known = re.compile("|".join(map(re.escape, words)) + "|[\u3000-\u9fff\uff00-\uffef]")
    return known.sub(lambda m: BORDER + m[0] + BORDER, text)


def train(work) -> None:
    corpus = work / "corpus.txt"
    words = sorted(CHINESE.split(), key=len, reverse=True)
    with open(corpus, "w", encoding="utf-8") as f:
        for line in captions():
            f.write(cut(line, words) + "\n")
        for character in sorted(set("".join(CHARACTERS.split()))):
            f.write((character + "\n") * 5)
        for text in (WORDS, CHINESE):
            words = text.split()
            for n in range(40):                         # enough that each word is worth a piece
                step = n % 7 + 1
                for i in range(0, len(words), 12):
                    f.write(" ".join(words[(i + j * step) % len(words)] for j in range(12)) + "\n")
            for word in words:
                f.write((word + "\n") * 10)
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(work / "spiece"), vocab_size=PIECES,
        model_type="unigram", character_coverage=1.0, byte_fallback=False, hard_vocab_limit=False,
        normalization_rule_name="nmt_nfkc_cf",
        pretokenization_delimiter=BORDER, pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
        pad_piece="<pad>", eos_piece="</s>", unk_piece="<unk>", minloglevel=1)


class Tokenizer:
    """Captions to padded ids and mask, as the pipeline's tokenizer gives them, but shorter."""

    def __init__(self, work):
        self.sp = sentencepiece.SentencePieceProcessor(model_file=str(work / "spiece.model"))

    def __call__(self, texts):
        rows = [self.sp.encode(t)[:LONGEST - 1] + [1] for t in texts]
        ids = torch.zeros(len(rows), LONGEST, dtype=torch.long)      # one shape: compiled once
        mask = torch.zeros(len(rows), LONGEST)
        for i, row in enumerate(rows):
            ids[i, :len(row)], mask[i, :len(row)] = torch.tensor(row), 1
        return ids, mask


def main() -> None:
    args = common.parser(__doc__).parse_args()
    common.start(args)
    train(args.work)
    sp = Tokenizer(args.work).sp
    print(f"{sp.get_piece_size()} pieces")
    for line in list(captions(6))[::5]:
        print(line, "→", " ".join(sp.encode(line, out_type=str)))


if __name__ == "__main__":
    main()
