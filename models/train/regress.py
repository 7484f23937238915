"""Set the autoencoder's convolutions by least squares, from the transform they are.

    python -m models.train.regress --work DIR      # writes DIR/decoder.pt, DIR/encoder.pt

The decoder's first convolution should give the codes of halves of the true picture's blocks, its
first upsampling the components of blocks half as large, its last convolution the pixels. Solved for
codes as noisy as a sampler leaves them, each mends a cell from its neighbours and from the moment
before, also what the one before it has cut off. Cells that guess by themselves show where they
meet: the latter two are solved for the changes across their borders as well. The encoder's last
convolution should give the codes, at a picture's edges too. `codec` goes on from what this writes.
"""

import torch
import torch.nn.functional as F

from . import codec, common, transform

EDGE = .12                         # weight of cells at a crop's border, where pictures have few
RIDGE = 1e-3                       # pull towards the starting weights, relative to the features
CLEAR = 1e-4                       # error of a clip, at which its weight stops to grow
CHANGE = (48., 96., 96.)           # weight of a change across a border of parts in time, rows and
                                   # columns, relative to a value's
SMALL = 1 / 16                     # of that for pixels' patches, which have more borders
STEPS = 80                         # of conjugate gradients


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


class Seamless:
    """Least squares for what a convolution gives and for its changes where parts of cells meet.

    shows, reads: what its amounts show of a part [3, t, s, s], and what reads them from one
    unit:         what pixels are divided by to be read;  norm: what the amounts are divided by
    grid:         parts of a cell in time, rows and columns, 1 or 2 each
    change:       how much changes count, in time, rows and columns
    """

    def __init__(self, conv, shows, reads, unit: float, norm, grid: tuple, change: tuple):
        self.conv, self.grid, self.unit, self.reads = conv, grid, unit, reads.flatten(1)
        self.norm, self.count, self.inputs = norm, len(shows), conv.in_channels
        self.level = (transform.BLOCK[1] // shows.shape[-1]).bit_length() - 1
        weight = self.weight()[:, :, :, 1:] * norm.view(-1, 1, 1, 1, 1, 1)
        # [parts in time, rows, columns, amounts, taps]
        self.start = weight.permute(1, 0, 3, 4, 5, 2).flatten(2).unflatten(0, grid)
        self.change = [c ** .5 for c in change]
        self.sides = [[c * shows.select(axis + 2, end).flatten(1)        # to the next part, the last
                       for end in (-1, 0)] for axis, c in enumerate(self.change)]
        n = self.start.shape[-1]
        self.gram = torch.zeros(n, n)
        self.meet = torch.zeros(3, 3, n, n)    # axis; first with first, last with last, first with last
        self.cross = torch.zeros_like(self.start)
        self.before = 0.

    def weight(self) -> torch.Tensor:
        """[amounts, parts, in, 3, 3, 3]"""
        parts = self.grid[0] * self.grid[1] * self.grid[2]
        return self.conv.weight[:self.count * parts].unflatten(0, (self.count, parts))

    def to_parts(self, cells: torch.Tensor) -> torch.Tensor:
        """[T, h, w, *grid, C] → [parts in time, rows, columns, C]"""
        x = cells.permute(0, 3, 1, 4, 2, 5, 6)
        return x.flatten(0, 1).flatten(1, 2).flatten(2, 3)

    def to_cells(self, parts: torch.Tensor) -> torch.Tensor:
        t, y, x = self.grid
        return parts.unflatten(0, (-1, t)).unflatten(2, (-1, y)).unflatten(4, (-1, x)).permute(
            0, 2, 4, 1, 3, 5, 6)

    def add(self, x, clip, importance=1.) -> None:
        """x: what the convolution sees, [1, C, T, h, w]; clip: of as many cells."""
        moments, h, w = x.shape[2:]
        seen = taps(x, 2).unflatten(0, (moments, h, w))
        parts = transform.blocks(clip, self.level) / self.unit
        weight = importance * cell_weight(h, w, EDGE).view(1, h, w, 1).expand(moments, -1, -1, -1)
        self.cross += torch.einsum("thwabco,thwn->abcon",
                                   self.to_cells(self.wrong(seen, parts, weight)), seen)
        self.gram.addmm_((seen * weight).flatten(0, 2).T, seen.flatten(0, 2))
        for axis, meet in enumerate(self.meet):
            first, last = ends(seen, axis)
            shared = border_of(weight, axis)
            first, last, shared = (v.flatten(0, 2) for v in (first, last, shared))
            meet[0].addmm_((first * shared).T, first)
            meet[1].addmm_((last * shared).T, last)
            meet[2].addmm_((first * shared).T, last)

    def wrong(self, seen, parts, weight) -> torch.Tensor:
        """How the amounts of parts ought to change: minus half of the error's slope."""
        given = self.to_parts(torch.einsum("thwn,abcon->thwabco", seen, self.start))
        weight = self.to_parts(weight[..., None, None, None].expand(-1, -1, -1, -1, *self.grid)
                               .movedim(3, -1))
        error = parts.flatten(3) @ self.reads.T - given
        self.before += (weight * error * error).sum()
        out = weight * error
        for axis, (forth, back) in enumerate(self.sides):
            first, last = ends(parts, axis)
            true = first.select(axis + 4, -1) - last.select(axis + 4, 0)
            first, last = ends(given, axis)
            error = self.change[axis] * true.flatten(3) - first @ forth + last @ back
            shared = border_of(weight, axis)
            self.before += (shared * error * error).sum()
            length = out.shape[axis] - 1
            out.narrow(axis, 0, length).add_(shared * error @ forth.T)
            out.narrow(axis, 1, length).sub_(shared * error @ back.T)
        return out

    def slope(self, v: torch.Tensor, ridge: float) -> torch.Tensor:
        """Half of the slope of the squares' quadratic part."""
        same, out = v.clone(), ridge * v
        for axis, (forth, back) in enumerate(self.sides):
            ff, bb, fb = forth @ forth.T, back @ back.T, forth @ back.T
            first, last = v.select(axis, -1), v.select(axis, 0)     # on either side of two cells' border
            mm, nn, mn = self.meet[axis]
            out.select(axis, -1).add_(ff @ first @ mm - fb @ last @ mn.T)
            out.select(axis, 0).add_(bb @ last @ nn - fb.T @ first @ mn)
            if self.grid[axis] == 2:                                # and inside of a cell
                same.select(axis, 0).add_(ff @ last - fb @ first)
                same.select(axis, 1).add_(bb @ first - fb.T @ last)
        return out + same @ self.gram

    def solve(self) -> str:
        """Moves the convolution's weights by conjugate gradients; says what error there was and is."""
        ridge = RIDGE * self.gram.diagonal().mean()
        scale = 1 / (self.gram.diagonal() + ridge)
        change, rest = torch.zeros_like(self.cross), self.cross.clone()
        way = rest * scale
        square = (rest * way).sum()
        for _ in range(STEPS):
            slope = self.slope(way, ridge)
            length = square / (way * slope).sum()
            change += length * way
            rest -= length * slope
            before, square = square, (rest * rest * scale).sum()
            way = rest * scale + square / before * way
        after = self.before - (change * (self.cross + rest)).sum()
        taken = change.flatten(0, 2).unflatten(2, (2, 3, 3, self.inputs)).permute(1, 0, 5, 2, 3, 4)
        self.weight()[:, :, :, 1:] += taken / self.norm.view(-1, 1, 1, 1, 1, 1)
        return f"to {after / self.before:.3f} of what it was"


def ends(x: torch.Tensor, axis: int) -> tuple:
    """Those with a next one along an axis, and those next ones."""
    length = x.shape[axis] - 1
    return x.narrow(axis, 0, length), x.narrow(axis, 1, length)


def border_of(weight: torch.Tensor, axis: int) -> torch.Tensor:
    """The weight of a border: the geometric mean of its sides'."""
    first, last = ends(weight, axis)
    return (first * last).sqrt()


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


def from_start(clip: torch.Tensor, frames: int) -> torch.Tensor:
    """In front of it stand as many copies of the first frame as its first block lacks."""
    return torch.cat([clip[:, :1].expand(-1, frames - 1, -1, -1), clip], 1)


def each_crop(net, layer, basis, crops, count: int, noise: float):
    """Clips [3, 1 + 8m, H, W], what a layer of the decoder sees of them, and their importance."""
    tap = Tap(net, layer)
    for _ in range(count):
        clip = crops.batch(1, 128, 5)
        z = codec.noisy_codes(clip, basis, noise)
        error = (transform.decode(z[0], basis["top"]) - clip[0]).pow(2).mean()
        yield clip[0], tap.input(z), 1 / (error + CLEAR)
    tap.hook.remove()


@torch.no_grad()
def fit_decoder(net, basis, crops, count: int, noise: float) -> None:
    norms, frames = codec.norms(basis), transform.BLOCK[0]
    first, conv = net.conv_in, net.conv_in.conv
    squares = Squares(conv, conv.in_channels, conv.out_channels, 2, EDGE)
    for clip, seen, importance in each_crop(net, first, basis, crops, count, noise):
        halves = transform.half_codes(from_start(clip, frames), basis["half"])
        squares.add(seen, (halves / norms[0].view(-1, 1, 1, 1))[None], importance)
    print(f"codes of halves: error {squares.solve()}", flush=True)

    parts = net.up_blocks[0].upsamplers[0].conv
    shows, reads = codec.part_basis(basis, 0)
    seamless = Seamless(parts.conv, shows, reads, (transform.PIXELS / 8) ** .5, norms[1], (2, 2, 2),
                        CHANGE)
    for clip, seen, importance in each_crop(net, parts, basis, crops, count, noise):
        seamless.add(seen, from_start(clip, frames), importance)
    print(f"parts: error {seamless.solve()}", flush=True)

    pixels = codec.pixel_patches()
    seamless = Seamless(net.conv_out.conv, pixels, pixels, 1., torch.ones(len(pixels)), (1, 1, 1),
                        [SMALL * c for c in CHANGE])
    for clip, seen, importance in each_crop(net, net.conv_out, basis, crops, count // 40, noise):
        seamless.add(seen, clip, importance)
    print(f"pixels: error {seamless.solve()}", flush=True)


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
    p.add_argument("--crops", type=int, default=1000)
    p.add_argument("--noise", type=float, default=.3, help="on the decoder's codes, at most")
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
