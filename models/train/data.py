"""Draw training clips and keep their codes, a crop of their pixels, and the facts for captions.

    python -m models.train.data --work DIR --size 512x288 --clips 40    # per kind; resumes
    python -m models.train.data --work DIR --clips 30 --openings        # of scenes that begin
    python -m models.train.data --work DIR --clips 300 --pictures       # and their first pictures alone
    python -m models.train.data --work DIR --clips 10 --changes         # of scenes that change

One file a clip: DIR/clips/WxH/KIND/NNNNN.npz with
  start [m+1, 128, h, w]   codes of frames 0, 8, 16 … as the first frame of a video
  block [m, 128, h, w]     codes of frames 1–8, 9–16 …
  crop  [1+8m, 128, 128, 3] uint8, a window of the pixels whose corner is a multiple of 32
  facts, rate, kind, width, height as JSON in `about`
With --openings DIR/clips/WxH-openings: scenes as a prompt begins them, of one take (TAKES).
With --pictures DIR/clips/WxH-pictures: their first pictures, without blocks.
With --changes DIR/clips/WxH-changes/KIND/NNNNN.npz: KIND is what the scene turns into, and the facts
are that one's. Its first frames, as many as Change.FIRST, show another scene.
"""

import ctypes
import json
import multiprocessing
import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")   # NumPy's; each core has a process of its own

import numpy as np                                # noqa: E402
import torch                                      # noqa: E402

from . import common, transform                   # noqa: E402

BLOCKS = 5                                        # 41 frames
OPENING = 4                                       # blocks of an opening
RATES = (12, 15, 20, 24, 24, 24, 24, 25, 30, 30, 30, 48, 60)


def plain(value):
    """Facts as JSON: numpy numbers and arrays become Python ones."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "__dict__"):
        return vars(value)
    return str(value)


def scene(facts: dict, seed: int, times, rate: int, size: tuple) -> tuple:
    """Clip [frames, H, W, 3] and what is known about it."""
    from models.scenes import KINDS
    from models.scenes.view import View
    clip = KINDS[facts["kind"]].draw(facts, seed, times, View(*size, 0, 0, *size))
    return clip, {"kind": facts["kind"], "facts": facts, "rate": rate, "width": size[0],
                  "height": size[1]}


# A small model cannot choose among endlessly many places for a ball: it paints their mean, which is
# nothing. So a kind begins as one take; these are the seeds of those that show little with seed 0.
TAKES = {"aurora": 3, "caustics": 3, "clouds": 1, "equalizer": 3, "fire": 3, "fog": 4, "galaxy": 1,
         "ink": 4, "inkmountains": 6, "inkriver": 4, "mesh": 7, "moonlight": 2, "nebula": 4,
         "pendulum": 1, "planet": 2, "plasma": 1, "silk": 3, "smoke": 1, "torus": 1, "waves": 4}
OTHER = 500_000                                   # between the numbers of different sorts of clips
GOING_ON = .5                                     # of the other clips are of that take too, but later


def draw(kind: str, number: int, size: tuple, rate: int = 0) -> tuple:
    """Clip [1+8m, H, W, 3] and what is known about it; the same number gives the same clip."""
    from models.scenes import KINDS, usual
    rng = np.random.default_rng([number, size[0], size[1], sum(map(ord, kind))])
    taken = rng.random() < GOING_ON
    facts = usual.facts(kind, rng) if taken else KINDS[kind].facts(rng)
    seed = TAKES.get(kind, 0) if taken else int(rng.integers(1 << 30))
    rate = rate or int(rng.choice(RATES))
    times = rng.uniform(0, 20) + np.arange(1 + 8 * BLOCKS) / rate
    return *scene(facts, seed, times, rate, size), rng


def draw_opening(kind: str, number: int, size: tuple, blocks=OPENING) -> tuple:
    """As draw: a clip from the beginning of a take, of facts that are often the usual ones."""
    from models.scenes import usual
    rng = np.random.default_rng([number, size[0], size[1], sum(map(ord, kind)), 1])
    facts = usual.facts(kind, rng)
    rate = 24 if rng.random() < .5 else int(rng.choice(RATES))
    times = np.arange(1 + 8 * blocks) / rate
    return *scene(facts, TAKES.get(kind, 0), times, rate, size), rng


def draw_picture(kind: str, number: int, size: tuple) -> tuple:
    """As draw: the first picture of another opening."""
    return draw_opening(kind, number + OTHER, size, 0)


class Change:
    """How a scene gives way to another: place by place, along a front that winds over the picture.

    A viewer takes this for a movement, where all places at once would be a dissolve.
    """

    FIRST = 9                                     # frames of the first scene alone
    SOFT = .1                                     # of the time: how long a place takes
    SAME = .2                                     # are of one kind: colours or speed change

    def __init__(self, rng, size, rate):
        from models.scenes.noise import Noise
        self.length = float(np.clip(rng.uniform(.4, .9) * rate, 6, 28))
        (w, h), bumps, angle = size, rng.uniform(.7, 2), rng.uniform(0, 2 * np.pi)
        x, y = np.arange(w) / h, np.arange(h)[:, None] / h
        front = Noise(int(rng.integers(1 << 30))).fbm(bumps * x, bumps * y, octaves=2)
        front = front + rng.uniform(0, 3) * (np.cos(angle) * x + np.sin(angle) * y)
        self.front = (front - front.min()) / np.ptp(front)    # when it comes to a place, 0 to 1

    def new(self, frame):
        """How much of a frame shows the second scene: [h, w, 1]."""
        time = (1 + self.SOFT) * (frame - self.FIRST + 1) / self.length
        share = ((time - self.front) / self.SOFT).clip(0, 1)
        return (share * share * (3 - 2 * share)).astype(np.float32)[..., None]


def draw_change(kind: str, number: int, size: tuple) -> tuple:
    """As draw: a clip that becomes one of `kind`."""
    from models.scenes import KINDS
    clip, about, rng = draw(kind, number + OTHER, size)
    before = kind if rng.random() < Change.SAME else str(rng.choice(sorted(KINDS)))
    old, _, _ = draw(before, number + 2 * OTHER, size, about["rate"])
    change = Change(rng, size, about["rate"])
    for i, frame in enumerate(old):
        clip[i] = frame + change.new(i) * (clip[i] - frame)
    return clip, about, rng


def make(job) -> float:
    kind, number, size, path, basis, drawn = job
    began = time.time()
    clip, about, rng = drawn(kind, number, size)
    clip = np.ascontiguousarray(clip, dtype=np.float32)
    x0, y0 = (32 * int(rng.integers(0, max(1, s // 32 - 3))) for s in size)
    crop = (clip[:, y0:y0 + 128, x0:x0 + 128] * 255 + .5).clip(0, 255).astype(np.uint8)
    x = torch.from_numpy(clip).permute(3, 0, 1, 2) * 2 - 1
    start = torch.stack([transform.encode_frame(f, basis)[:, 0] for f in x[:, ::8].unbind(1)])
    block = start[:0] if len(clip) == 1 else transform.encode(x[:, 1:], basis).permute(1, 0, 2, 3)
    tmp = f"{path}.{os.getpid()}.tmp.npz"
    np.savez(tmp, start=start.half().numpy(), block=block.half().numpy(), crop=crop,
             about=json.dumps(about, default=plain))
    os.replace(tmp, path)
    return time.time() - began


def attempt(job):
    """A kind that fails on one set of facts costs that clip, not the night."""
    try:
        return job[0], make(job), None
    except Exception as error:                    # noqa: BLE001
        return job[0], 0, f"{job[0]} {job[1]}: {error!r}"


M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4             # of glibc's mallopt


def begin_process():
    """One thread, which keeps its memory: by default glibc gives large arrays back to the system at
    once, and two fifths of the time would go into clearing the pages of the next ones."""
    torch.set_num_threads(1)
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, 2 ** 31 - 1)


def main() -> None:
    p = common.parser(__doc__)
    p.add_argument("--size", default="512x288")
    p.add_argument("--clips", type=int, default=40, help="clips of each kind")
    p.add_argument("--kinds", nargs="*")
    which = p.add_mutually_exclusive_group()
    which.add_argument("--openings", dest="which", action="store_const",
                       const=(common.OPENINGS, draw_opening), help="of scenes as a prompt begins them")
    which.add_argument("--pictures", dest="which", action="store_const",
                       const=(common.PICTURES, draw_picture), help="of how they begin, one picture each")
    which.add_argument("--changes", dest="which", action="store_const",
                       const=(common.CHANGES, draw_change), help="of scenes that turn into these kinds")
    args = p.parse_args()
    common.start(args)
    from models.scenes import KINDS
    size = tuple(map(int, args.size.split("x")))
    suffix, drawn = args.which or ("", draw)
    basis = common.load(args.work / "basis.pt")["top"]
    torch.set_num_threads(1)
    jobs = []
    for number in range(args.clips):              # kinds in turn: useful when stopped early
        for kind in args.kinds or sorted(KINDS):
            path = args.work / "clips" / (args.size + suffix) / kind / f"{number:05}.npz"
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                jobs.append((kind, number, size, str(path), basis, drawn))
    clock, spent = common.Clock(0, len(jobs)), {}
    with multiprocessing.get_context("fork").Pool(args.threads, begin_process) as pool:
        for n, (kind, took, error) in enumerate(pool.imap_unordered(attempt, jobs), 1):
            spent.setdefault(kind, []).append(took)
            if error:
                print(error, flush=True)
            if n % 50 == 0 or n == len(jobs):
                print(clock.line(n), flush=True)
    for kind, took in sorted(spent.items()):
        print(f"{kind}: {np.mean(took):.2f} s a clip", flush=True)


if __name__ == "__main__":
    main()
