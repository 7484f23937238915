"""Set the autoencoder's convolutions by least squares, from the transform they are.

    python -m models.train.regress --work DIR      # writes DIR/decoder.pt, DIR/encoder.pt

Each convolution of the decoder in turn, from the latents to the pixels, should give the components
of the true picture's parts. Solved for codes as noisy as a sampler leaves them, it mends each cell
from its neighbours and from the moment before, also what the one before it has cut off. The
encoder's last convolution should give the codes, at a picture's edges too. `codec` goes on from what
this writes.
"""

import torch
import torch.nn.functional as F

from . import codec, common, transform

EDGE = .25                         # weight of cells at a crop's border, where pictures have few
RIDGE = 1e-3                       # pull towards the starting weights, relative to the features
CLEAR = 1e-4                       # error of a clip, at which its weight stops to grow
SHARE = (100, 50, 20, 10)          # of the crops for a level, in percent: each has more cells


def taps(x: torch.Tensor, times: int) -> torch.Tensor:
    """What a causal 3×3×3 convolution sees of its last moments, 1 or 2: [cells, times·9·C]."""
    b, c, t, h, w = x.shape
    x = F.pad(x, (1, 1, 1, 1))
    before = torch.cat([x[:, :, :1], x[:, :, :-1]], 2)
    views = [m[..., dy:dy + h, dx:dx + w] for m in (before, x)[2 - times:]
             for dy in range(3) for dx in range(3)]
    return torch.stack(views, 1).permute(0, 3, 4, 5, 1, 2).reshape(b * t * h * w, -1)


def cell_weight(h: int, w: int, edge: float) -> torch.Tensor:
    weight = torch.full((h, w), edge)
    weight[1:-1, 1:-1] = 1
    return weight.flatten()


class Squares:
    """Least squares for what a convolution gives from its last moments, one crop after another."""

    def __init__(self, conv, inputs: int, rows: int, times: int, edge: float):
        self.conv, self.rows, self.times, self.edge = conv, rows, times, edge
        self.part = conv.weight[:rows, :inputs, 3 - times:]
        self.start = self.part.permute(2, 3, 4, 1, 0).flatten(0, 3)
        self.gram = torch.zeros(len(self.start), len(self.start))
        self.cross = torch.zeros(len(self.start), rows)
        self.before = self.total = 0.

    def add(self, x, wanted, importance=1.) -> None:
        """x, wanted: [1, C, T, h, w]"""
        seen = taps(x[:, :self.part.shape[1]], self.times)
        error = (wanted.permute(0, 2, 3, 4, 1).flatten(0, 3) - self.conv.bias[:self.rows]
                 - seen @ self.start)
        weight = importance * cell_weight(*x.shape[-2:], self.edge)
        weight = weight.repeat(len(seen) // len(weight))[:, None]
        self.gram.addmm_(seen.T, weight * seen)
        self.cross.addmm_(seen.T, weight * error)
        self.before += (weight * error * error).sum()
        self.total += weight.sum()

    def solve(self) -> str:
        """Moves the convolution's weights; says what error there was and is."""
        gram, cross = self.gram.double(), self.cross.double()
        pull = RIDGE * gram.diagonal().mean() * torch.eye(len(gram), dtype=torch.double)
        change = torch.linalg.solve(gram + pull, cross)
        after = self.before - 2 * (change * cross).sum() + (change * (gram @ change)).sum()
        taken = change.float().view(self.times, 3, 3, self.part.shape[1], self.rows)
        self.part += taken.permute(4, 3, 0, 1, 2)
        return f"{(self.before / self.total).item():.5f} -> {(after / self.total).item():.5f}"


class Enough(Exception):
    """Raised by a tap when the rest of a net need not run."""


class Tap:
    """What a layer gets to see."""

    def __init__(self, net, layer):
        self.net, self.hook = net, layer.register_forward_pre_hook(self.keep)

    def keep(self, _, args):
        raise Enough(args[0])

    def input(self, x: torch.Tensor) -> torch.Tensor:
        """Of the layer, when the net is called with x."""
        try:
            self.net(x)
        except Enough as seen:
            return seen.args[0]


def wanted_of(clip: torch.Tensor, basis, level: int) -> torch.Tensor:
    """What the decoder's convolution of a level, the last being 3, should give: [1, C, T, h, w].

    clip: [3, 1 + 8m, H, W]; in front of it stand as many copies of the first frame as the level's
    first block has.
    """
    before = (transform.BLOCK[0] >> level) - 1
    x = transform.blocks(torch.cat([clip[:, :1].expand(-1, before, -1, -1), clip], 1), level)
    grid = x.shape[:3]
    if level == 3:
        out = codec.patch_order(x.flatten(0, 2))
    else:
        small = basis["sub"][level][:codec.CARRIED] if level == 2 else basis["sub"][level]
        parts = transform.halves(x.flatten(0, 2)).flatten(2)
        out = parts @ small.flatten(1).T / small[0, 0].numel() ** .5              # [cells, 8, C]
        if level < 2:
            out = out / codec.decoder_bases(basis)[1][level + 1]
        else:
            out = torch.cat([out, -out[..., :codec.PAIRS]], -1)
        out = out.transpose(1, 2).flatten(1)
    return out.unflatten(0, grid).permute(3, 0, 1, 2)[None]


@torch.no_grad()
def fit_decoder(net, basis, crops, count: int, noise: float) -> None:
    for level in range(4):
        layer = net.up_blocks[level].upsamplers[0].conv if level < 3 else net.conv_out
        conv, tap, squares = layer.conv, Tap(net, layer), None
        used = transform.CHANNELS if level == 0 else conv.in_channels
        for _ in range(max(1, count * SHARE[level] // 100)):
            clip = crops.batch(1, 128, 5)
            z = codec.noisy_codes(clip, basis, noise)
            wrong = (transform.decode(z[0], basis["top"]) - clip[0]).pow(2).mean()
            wanted = wanted_of(clip[0], basis, level)
            squares = squares or Squares(conv, used, wanted.shape[1], 2, EDGE)
            squares.add(tap.input(z), wanted, 1 / (wrong + CLEAR))
        tap.hook.remove()
        print(f"level {level}: error {squares.solve()}", flush=True)


@torch.no_grad()
def fit_encoder(net, basis, crops, count: int) -> None:
    conv = net.conv_out.conv
    tap, squares = Tap(net, net.conv_out), Squares(conv, conv.in_channels, transform.CHANNELS, 1, 1)
    for _ in range(count):
        clip = crops.batch(1, 128, 5)
        squares.add(tap.input(clip), codec.codes(clip, basis))
    tap.hook.remove()
    print(f"error {squares.solve()}", flush=True)


def main() -> None:
    p = common.parser(__doc__)
    p.add_argument("--parts", nargs="*", default=["decoder", "encoder"])
    p.add_argument("--crops", type=int, default=600)
    p.add_argument("--noise", type=float, default=.4, help="on the decoder's codes, at most")
    args = p.parse_args()
    common.start(args)
    torch.manual_seed(0)
    basis = common.load(args.work / "basis.pt")
    vae, crops = codec.build(basis), codec.Crops(args.work, seed=0)
    check = codec.Crops(args.work, seed=12345).batch(24, 96, 2)
    for part in args.parts:
        net = getattr(vae, part)
        print(f"{part}: {codec.measure(vae, basis, check, part)}", flush=True)
        if part == "decoder":
            fit_decoder(net, basis, crops, args.crops, args.noise)
        else:
            fit_encoder(net, basis, crops, args.crops // 3)
        print(f"{part}: {codec.measure(vae, basis, check, part)}", flush=True)
        common.save({"net": net.state_dict(), "ema": net.state_dict(), "step": 0},
                    args.work / f"{part}.pt")


if __name__ == "__main__":
    main()
