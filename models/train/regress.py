"""Set the decoder's first convolution by least squares, from the inverse transform that it is.

    python -m models.train.regress --work DIR      # writes DIR/decoder.pt; codec.py goes on from it

What it should give is known: the components of the true picture's blocks. Solved for codes as noisy
as a sampler leaves them, it mends each cell from its neighbours and from the moment before.
"""

import torch
import torch.nn.functional as F

from . import codec, common

EDGE = .25                         # weight of cells at a crop's border, where pictures have few
RIDGE = 1e-3                       # pull towards the starting weights, relative to the features
TIMES = 2                          # moments that it looks at: the one before, and its own


def taps(x: torch.Tensor) -> torch.Tensor:
    """What a causal 3×3×3 convolution sees of the last TIMES moments: [cells, TIMES·9·C]."""
    b, c, t, h, w = x.shape
    x = F.pad(x, (1, 1, 1, 1))
    before = torch.cat([x[:, :, :1], x[:, :, :-1]], 2)
    views = [m[..., dy:dy + h, dx:dx + w] for m in (before, x)
             for dy in range(3) for dx in range(3)]
    return torch.stack(views, 1).permute(0, 3, 4, 5, 1, 2).reshape(b * t * h * w, -1)


def cell_weight(h: int, w: int) -> torch.Tensor:
    weight = torch.full((h, w), EDGE)
    weight[1:-1, 1:-1] = 1
    return weight.flatten()


def wanted(clips: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """Components of all blocks of clips [B, 3, 1 + 8m, H, W], as a grid [B, C, 1 + m, h, w]."""
    full = torch.cat([clips[:, :, :1].expand(-1, -1, 7, -1, -1), clips], 2)
    return F.conv3d(full, basis / basis[0, 0].numel() ** .5, stride=basis.shape[2:])


@torch.no_grad()
def solve(net, basis, crops, count: int, noise: float) -> str:
    conv, codes = net.conv_in.conv, slice(0, len(basis["spread"]))
    norm = codec.decoder_bases(basis)[1][0].view(-1, 1, 1, 1)
    start = conv.weight[codes, :, 3 - TIMES:].permute(2, 3, 4, 1, 0).flatten(0, 3)
    gram, cross, before, total = 0., 0., 0., 0.
    for _ in range(count):
        clips = crops.batch(1, 128, 5)
        seen = taps(codec.noisy_codes(clips, basis, noise))
        error = wanted(clips, basis["spread"]) / norm
        error = error.permute(0, 2, 3, 4, 1).flatten(0, 3) - seen @ start
        weight = cell_weight(4, 4).repeat(len(seen) // 16)[:, None]
        gram, cross = gram + seen.T @ (weight * seen), cross + seen.T @ (weight * error)
        before, total = before + (weight * error * error).sum(), total + weight.sum()
    gram, cross = gram.double(), cross.double()
    pull = RIDGE * gram.diagonal().mean() * torch.eye(len(gram), dtype=torch.double)
    change = torch.linalg.solve(gram + pull, cross)
    after = before - 2 * (change * cross).sum() + (change * (gram @ change)).sum()
    change = change.float().view(TIMES, 3, 3, conv.in_channels, -1)
    conv.weight[codes, :, 3 - TIMES:] += change.permute(4, 3, 0, 1, 2)
    return f"error {(before / total).item():.4f} -> {(after / total).item():.4f}"


def main() -> None:
    p = common.parser(__doc__)
    p.add_argument("--crops", type=int, default=600)
    p.add_argument("--noise", type=float, default=.4, help="on the codes, at most")
    args = p.parse_args()
    common.start(args)
    torch.manual_seed(0)
    basis = common.load(args.work / "basis.pt")
    net = codec.build(basis).decoder
    check = codec.Crops(args.work, seed=12345).batch(24, 96, 2)
    print(codec.measure_decoder(net, basis, check), flush=True)
    print(solve(net, basis, codec.Crops(args.work, seed=0), args.crops, args.noise), flush=True)
    print(codec.measure_decoder(net, basis, check), flush=True)
    common.save({"net": net.state_dict(), "ema": net.state_dict(), "step": 0},
                args.work / "decoder.pt")


if __name__ == "__main__":
    main()
