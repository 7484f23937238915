"""Take what is constant out of a transformer's hidden states, and solve anew what reads them.

    python -m models.train.center --work DIR --louder 3    # the newest checkpoint, to dit.pt

Training piles up values that are the same for all tokens and captions (Sun et al., "Massive Activations in
Large Language Models", 2024). The norms divide by their width too, so what tells cells and captions apart
gets small behind them, and its weights learn slowly. Here the mean of the hidden states behind the third
block, where cells know their places, is taken from its bias, and the cosines of these places become louder.
Then each layer that reads the hidden states is fitted to what it gave before, one after the other, by least
squares: the transformer says nearly the same as before, and learns faster.
"""

import random

import torch

from . import common, dit, flow, places

BEHIND = 3                                    # blocks; the next ones and the output read what they leave
RIDGE = 1e-5                                  # of the readers' fits, beside the mean square of what they read
LOUD = .2                                     # gates below this let nothing through


def samples(work, captions, count, mix):
    """Windows, noisy latents behind what is given, and noise levels."""
    clips = dit.Clips(work, common.load(work / "basis.pt"), 0)
    mixture = dit.Mixture(clips, mix, 3000, captions, random.Random(0))
    for _ in range(count):
        windows = mixture.next()
        lesson = flow.lesson(windows)
        yield windows, flow.behind_given(windows, lesson.x, lesson.sigma), lesson.sigma


def stages(net):
    """The layers that read what is left behind the block, by what they read."""
    for block in net.transformer_blocks[BEHIND:]:
        yield block.attn1.to_q, block.attn1.to_k, block.attn1.to_v
        yield block.attn2.to_q,
        yield block.ff.net[0].proj,
    yield net.proj_out,


@torch.no_grad()
def seen(net, text, batches, modules, output=False) -> list:
    """What modules get (or give) in all batches: [tokens, width] each."""
    got = [[] for _ in modules]
    hooks = [module.register_forward_hook(
        lambda _, i, o, rows=rows: rows.append((o if output else i[0]).flatten(0, -2)))
        for module, rows in zip(modules, got)]
    for windows, x, sigma in batches:
        flow.velocity(net, text, windows, x, sigma)
    for hook in hooks:
        hook.remove()
    return [torch.cat(rows) for rows in got]


def fit(layer, x, wanted) -> float:
    """Weights and bias by least squares; returns the share of the outputs' variance that is left."""
    x, y = x.double(), wanted.double()
    middle, mean = x.mean(0), y.mean(0)
    x, y = x - middle, y - mean
    normal = x.T @ x
    normal.diagonal().add_(RIDGE * normal.diagonal().mean())
    weight = torch.linalg.solve(normal, x.T @ y)
    layer.weight.copy_(weight.T), layer.bias.copy_(mean - middle @ weight)
    return ((y - x @ weight).pow(2).sum() / y.pow(2).sum()).item()


def gate(net, sigma=.99):
    """Of what the block's feed-forward layer writes: [width]."""
    block = net.transformer_blocks[BEHIND - 1]
    modulation, _ = net.time_embed(torch.tensor([1000 * sigma]), batch_size=1, hidden_dtype=torch.float32)
    return block.scale_shift_table[5] + modulation.view(6, -1)[5]


@torch.no_grad()
def center(net, text, batches, louder: float) -> list:
    """Changes the transformer; returns what each reader's fit leaves."""
    readers = [layer for layers in stages(net) for layer in layers]
    states, *gave = seen(net, text, batches, [net.transformer_blocks[BEHIND - 1], *readers], output=True)
    wanted = dict(zip(readers, gave))
    taken, through = states.mean(0), gate(net)
    taken[through.abs() < LOUD] = 0
    own = slice(-places.BUS, -places.NAMED)   # the cosines
    taken[own] = 0
    down = net.transformer_blocks[BEHIND - 1].ff.net[2]
    down.bias -= taken / through
    down.weight[own] *= louder
    down.bias[own] *= louder
    left = []
    for layers in stages(net):                # those of one stage read the same: one pass for all
        read = seen(net, text, batches, layers[:1])[0]
        left += [fit(layer, read, wanted[layer]) for layer in layers]
    return left


def main() -> None:
    p = common.parser(__doc__)
    p.add_argument("--louder", type=float, default=1., help="the cosines of places, so many times")
    p.add_argument("--batches", type=int, default=12)
    p.add_argument("--mix", default=dit.MIX, help="as of dit")
    args = p.parse_args()
    common.start(args)
    captions = dit.Captions(args.work)
    state = common.newest(args.work, dit.CHECKPOINTS)
    net, text = dit.build(captions.tokenizer.sp.get_piece_size())
    net.load_state_dict(state["ema"][0]), text.load_state_dict(state["ema"][1])
    left = center(net, text, list(samples(args.work, captions, args.batches, args.mix)), args.louder)
    print("left of what readers gave:", " ".join(f"{share:.3f}" for share in left))
    common.save(common.begun(net.state_dict(), text.state_dict(), state["step"]),
                args.work / dit.CHECKPOINTS[0])


if __name__ == "__main__":
    main()
