"""Where in the picture is a cell? Attention that learns to tell, from the first step on.

Rotary positions say how far apart two cells are, never where they are. At the highest noise level,
where a picture's layout is chosen, a cell can only find its place by what is missing around it. The
heads made here average fine noise over all cells to one side. The mean of n cells is 1/sqrt(n) as
wide as one, so its norm tells how many there are: feed-forward units measure it and write it into
a direction of its own. Left alone, training takes thousands of steps to find the edges by itself.
"""

import torch

SIDES = ((0, 0, 2, 1), (0, 1, 1, 1), (1, 0, 2, -1), (1, 1, 1, -1))   # block, head, axis, sign
REACH = {1: 8, 2: 15}                         # of cells, by axis: rows, columns
SHARP = 3.                                    # logits between this side and the other
GAIN = 8.                                     # of the units, so that they see a norm, not a square
WRITE, USUAL = .012, 520.                     # what they write is for one unit, and what they add up to


def frequencies(width: int) -> torch.Tensor:
    """Radians for each 32 pixels, by rotary pair of an axis."""
    return 10000. ** torch.linspace(0, 1, width // 6) * torch.pi * 32 / 2048


def one_sided(width: int, heads: int, head: int, axis: int, sign: int) -> tuple:
    """Constant query and key [size] whose product is a step: high for cells on one side."""
    pad, size = width % 6 // 2, width // heads
    rows = slice(head * size // 2, (head + 1) * size // 2)
    pairs = torch.arange(width // 2)[rows]
    pairs = pairs[(pairs >= pad) & ((pairs - pad) % 3 == axis)]
    distance = torch.arange(-REACH[axis], REACH[axis] + 1.)
    turn = frequencies(width)[(pairs - pad) // 3] * distance[:, None]
    waves = torch.cat([turn.cos(), turn.sin()], 1)
    step = torch.tanh(1.5 * distance * sign + .7)             # a cell is on its own side
    ridge = .05 * torch.eye(2 * len(pairs))
    even, odd = torch.linalg.solve(waves.T @ waves + ridge, waves.T @ step).chunk(2)
    length = (torch.hypot(even, odd) * SHARP * size ** .5).sqrt()
    angle = torch.atan2(-odd, even)
    query, key = torch.zeros(width // 2, 2), torch.zeros(width // 2, 2)
    query[pairs] = torch.stack([length * angle.cos(), length * angle.sin()], 1)
    key[pairs, 0] = length
    return query[rows].flatten(), key[rows].flatten()


def rms(linear) -> torch.Tensor:
    """Of a layer's outputs for inputs of unit variance."""
    return (linear.bias.pow(2) + linear.weight.pow(2).sum(1)).mean().sqrt()


def look(attn, sides: list) -> None:
    """Let heads attend to their sides, whatever the cells hold; sides: (rows, query, key)."""
    for rows, *constants in sides:
        for linear, constant in zip((attn.to_q, attn.to_k), constants):
            linear.weight[rows], linear.bias[rows] = 0, constant / constant.pow(2).mean().sqrt()
    for rows, *constants in sides:            # the norm is over all heads: these are known now
        for linear, norm, constant in zip((attn.to_q, attn.to_k), (attn.norm_q, attn.norm_k),
                                          constants):
            norm.weight[rows] = constant.pow(2).mean().sqrt() * rms(linear)


def measure(ff, head: int, own, place, generator: torch.Generator) -> None:
    """128 units that add up |x| over random directions of `own` and write it along `place`."""
    count = 64
    units = slice(head * 2 * count, (head + 1) * 2 * count)
    along = torch.randn(count, own.shape[1], generator=generator)
    along = along / along.norm(dim=1, keepdim=True) @ own.T * GAIN
    ff.net[0].proj.weight[units], ff.net[0].proj.bias[units] = torch.cat([along, -along]), 0
    ff.net[2].weight[:, units] = place[:, None] * WRITE
    ff.net[2].bias -= place * WRITE * USUAL


@torch.no_grad()
def know_places(dit, generator: torch.Generator) -> None:
    width, channels = dit.proj_in.weight.shape
    size = dit.config.attention_head_dim
    dit.proj_in.bias.zero_()
    free = torch.linalg.svd(dit.proj_in.weight)[0][:, channels:]       # what no latent reaches
    each = free.shape[1] // len(SIDES) - 1
    fine = torch.linalg.pinv(dit.proj_in.weight)[-size:]      # reads the finest channels
    sides = {}
    for number, (block, head, axis, sign) in enumerate(SIDES):
        attn, rows = dit.transformer_blocks[block].attn1, slice(head * size, (head + 1) * size)
        own, place = free[:, number * each:(number + 1) * each], free[:, len(SIDES) * each + number]
        mixing = torch.nn.init.orthogonal_(torch.empty(each, size), generator=generator)
        attn.to_v.weight[rows], attn.to_v.bias[rows] = fine, 0
        attn.to_out[0].weight[:, rows] = own @ mixing
        measure(dit.transformer_blocks[block].ff, head, own, place, generator)
        sides.setdefault(block, []).append((rows, *one_sided(width, width // size, head, axis, sign)))
    for block, several in sides.items():
        look(dit.transformer_blocks[block].attn1, several)
