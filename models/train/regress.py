"""Set the autoencoder's convolutions at the latents by least squares, from the transform they are.

    python -m models.train.regress --work DIR      # writes DIR/decoder.pt, DIR/encoder.pt

The decoder's first convolution should give the components of the true picture's blocks. Solved for
codes as noisy as a sampler leaves them, it mends each cell from its neighbours and from the moment
before. The encoder's last one should give the codes, at a picture's edges too. `codec` goes on from
what this writes.
"""

import torch
import torch.nn.functional as F

from . import codec, common, transform

EDGE = .25                         # weight of cells at a crop's border, where pictures have few
RIDGE = 1e-3                       # pull towards the starting weights, relative to the features


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


@torch.no_grad()
def solve(conv, rows: int, lessons, times: int, edge: float) -> str:
    """Fit the first outputs of a convolution to lessons (input, wanted [B, rows, T, h, w])."""
    start = conv.weight[:rows, :, 3 - times:].permute(2, 3, 4, 1, 0).flatten(0, 3)
    gram, cross, before, total = 0., 0., 0., 0.
    for x, wanted in lessons:
        seen = taps(x, times)
        error = wanted.permute(0, 2, 3, 4, 1).flatten(0, 3) - conv.bias[:rows] - seen @ start
        weight = cell_weight(*x.shape[-2:], edge)
        weight = weight.repeat(len(seen) // len(weight))[:, None]
        gram, cross = gram + seen.T @ (weight * seen), cross + seen.T @ (weight * error)
        before, total = before + (weight * error * error).sum(), total + weight.sum()
    gram, cross = gram.double(), cross.double()
    pull = RIDGE * gram.diagonal().mean() * torch.eye(len(gram), dtype=torch.double)
    change = torch.linalg.solve(gram + pull, cross)
    after = before - 2 * (change * cross).sum() + (change * (gram @ change)).sum()
    change = change.float().view(times, 3, 3, conv.in_channels, rows)
    conv.weight[:rows, :, 3 - times:] += change.permute(4, 3, 0, 1, 2)
    return f"error {(before / total).item():.4f} -> {(after / total).item():.4f}"


def block_components(clips: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """Components of all blocks of clips [B, 3, 1 + 8m, H, W], as a grid [B, C, 1 + m, h, w]."""
    full = torch.cat([clips[:, :, :1].expand(-1, -1, 7, -1, -1), clips], 2)
    return torch.stack([transform.project(clip, basis) for clip in full])


def decoder_lessons(basis, crops, count: int, noise: float):
    norm = codec.decoder_bases(basis)[1][0].view(-1, 1, 1, 1)
    for _ in range(count):
        clips = crops.batch(1, 128, 5)
        yield codec.noisy_codes(clips, basis, noise), block_components(clips, basis["spread"]) / norm


def encoder_lessons(net, basis, crops, count: int):
    seen = []
    hook = net.conv_out.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    for _ in range(count):
        clips = crops.batch(1, 128, 5)
        net(clips)
        yield seen.pop(), codec.codes(clips, basis)
    hook.remove()


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
            lessons = decoder_lessons(basis, crops, args.crops, args.noise)
            print(solve(net.conv_in.conv, transform.SPREAD, lessons, 2, EDGE), flush=True)
        else:
            lessons = encoder_lessons(net, basis, crops, args.crops // 3)
            print(solve(net.conv_out.conv, transform.CHANNELS, lessons, 1, 1), flush=True)
        print(f"{part}: {codec.measure(vae, basis, check, part)}", flush=True)
        common.save({"net": net.state_dict(), "ema": net.state_dict(), "step": 0},
                    args.work / f"{part}.pt")


if __name__ == "__main__":
    main()
