"""Where in the picture is a cell, and when? Attention that tells, exactly and from the first step on.

Rotary positions say how far apart two cells are, never where they are. At the highest noise level,
where a picture's layout is chosen, a cell can find its place only by what is missing around it; left
alone, training learns that to within a few cells. So a few weights of the first three blocks are
computed instead of learned, and held:

1. One head looks at the cell itself; one at the cell above and to the left, as far as there is one; one at
   the same place earlier, if there is an earlier. What the second sees differs from what the first
   does everywhere but in the corner; what the third sees, everywhere but in the first latent frame.
   Feed-forward units measure by how much.
2. Units turn that into marks: of the corner, and of the first frame. What is given has none.
3. Two heads average the marks over all cells, less the more columns, rows and seconds they are away: so
   the means tell how far the corner is, and the beginning. Units compare them with constants, since only
   ratios come unchanged through the norm, and write cosines of column, row and frame: from these any
   line or spot is one sum.

The last channels of the hidden states carry this; nothing else of these blocks writes there.
"""

import torch
import torch.nn.functional as F

from . import flow

REACH = 15                                    # of cells: how far attention's kernels are fitted
SEEN = 24                                     # channels in which views are compared, half for each
MARGIN = 12.                                  # logits between a head's first choice and its next
WINDOW = (5, 9, 16)                           # frames, rows and columns for which cosines are exact
RATE = 24
# As multiples of a hidden state's rms. The mark is so wide that the norm makes it one everywhere.
VIEW, MARK, BEGIN, PLACE, COSINE = .1, 200., 3., 1., 1.
STEEP = 40.                                   # of the units that compare the views
HINGE, WAVES = 12., .7                        # steepness in a cell; waves in a picture, of its cells
LOUD = 4.                                     # constant queries and keys, beside others
CLEAR = 16.                                   # of the averaged marks, for processors that count in bytes
THRESHOLD = .08                               # of the usual difference: less is none
NAMED = 9                                     # channels, from the end:
DIFFERENCE, CHANGE, MARKED, BEGUN, REFERENCE, COLUMN, ROW, TIME, WHOLE = range(-NAMED, 0)
BUS = SEEN + NAMED                            # the views, then the cosines, and these
SELF, DIAGONAL, EARLIER = 3, 2, 1             # heads of the first block
# Heads of the third block: by axis, how much less the cells count so many cells away. The second has no waves long
# enough for more.
FALL = {0: ((2, 3., 15), (0, 5., 9)), 1: ((1, 3., 9),)}
AVERAGES = ((0, MARKED, COLUMN), (1, MARKED, ROW), (0, BEGUN, TIME), (0, REFERENCE, WHOLE))
# Time between latent frames, in cells: rotary positions count 20 seconds as 2048 pixels.
SECOND = 2048 / 20 / 32
RATES = (12, 15, 20, 24, 25, 30, 48, 60)
BEFORE = torch.tensor([-frames / rate * SECOND for rate in RATES for frames in (1, 8)])
TIMES = torch.tensor([f / rate * SECOND for rate in RATES for f in (1, 8, 9, 16, 17, 24, 25, 32)])
MIRRORED, BEYOND = 8, 2                       # places; see hinges
GIVEN = 10.                                   # what keeps a mark away from what is given


class Kernel:
    """A constant query and key of a head, whose product depends on the distance of two cells."""

    def __init__(self, width: int, heads: int, head: int):
        self.pad, self.size = width % 6 // 2, width // heads
        self.first, self.pairs = head * self.size // 2, self.size // 2
        self.even, self.odd = torch.zeros(self.pairs), torch.zeros(self.pairs)
        # radians for each cell, by rotary pair of an axis
        self.frequency = 10000. ** torch.linspace(0, 1, width // 6) * torch.pi * 32 / 2048

    def waves(self, axis: int, distance):
        """Which pairs belong to an axis (time, rows, columns), and their cosines and sines."""
        pair = torch.arange(self.first, self.first + self.pairs)
        of_axis = (pair >= self.pad) & ((pair - self.pad) % 3 == axis)
        turn = self.frequency[(pair[of_axis] - self.pad) // 3] * distance[:, None]
        return of_axis, torch.cat([turn.cos(), turn.sin()], 1)

    def fit(self, axis: int, distance, wanted, ridge=.05, weight=1.) -> None:
        """Logits by distance, as nearly as the waves allow."""
        own, waves = self.waves(axis, distance)
        weighed = waves.T * weight
        normal = weighed @ waves + ridge * torch.eye(waves.shape[1])
        self.even[own], self.odd[own] = torch.linalg.solve(normal, weighed @ wanted).chunk(2)

    def logits(self, axis: int, distance):
        own, waves = self.waves(axis, distance)
        return waves @ torch.cat([self.even[own], self.odd[own]])

    def prefer(self, axis: int, first: int, margin: float) -> None:
        """`first`, else no distance, far more than any other."""
        distance = torch.arange(-REACH, REACH + 1.)
        rank = (distance == 0) * 1. + (distance == first) * (2. if first else 0)
        self.fit(axis, distance, rank)
        got = self.logits(axis, distance)
        others = got[(distance != 0) & (distance != first)].max()
        gaps = [got[distance == 0].item() - others.item()]
        if first:
            gaps.append((got[distance == first] - got[distance == 0]).item())
        self.scale(axis, margin / min(gaps))

    def now(self, margin: float) -> None:
        """The same moment far more than any other."""
        own, _ = self.waves(0, torch.zeros(1))
        self.even[own], self.odd[own] = 1., 0.
        gap = self.logits(0, torch.zeros(1)) - self.logits(0, torch.cat([TIMES, -TIMES])).max()
        self.scale(0, margin / gap.item())

    def earlier(self, margin: float) -> None:
        """Any earlier moment, else the same, far more than a later one.

        At 60 frames a second the first latent frame is so near the next that no sum of these waves falls far
        between; least squares say how far, once what falls too little counts more and more.
        """
        distance = torch.cat([BEFORE, torch.zeros(1), TIMES, -TIMES])
        before, later = slice(len(BEFORE)), slice(len(BEFORE) + 1, len(BEFORE) + 1 + len(TIMES))
        wanted = 1 - distance.sign()
        weight = torch.ones_like(distance)
        weight[-len(TIMES):] = .3
        for _ in range(200):
            self.fit(0, distance, wanted, .001, weight)
            got = self.logits(0, distance)
            now = got[len(BEFORE)]
            weight[before] *= 1 + .3 * (now + .8 - got[before]).clamp(min=0)
            weight[later] *= 1 + .3 * (got[later] + .8 - now).clamp(min=0)
        self.scale(0, margin / min((got[before] - now).min(), (now - got[later]).min()).item())

    def scale(self, axis: int, factor: float) -> None:
        own, _ = self.waves(axis, torch.zeros(1))
        self.even[own], self.odd[own] = self.even[own] * factor, self.odd[own] * factor

    def query_and_key(self) -> tuple:
        length = (torch.hypot(self.even, self.odd) * self.size ** .5).sqrt()
        angle = torch.atan2(self.odd, self.even)
        query = torch.stack([length * angle.cos(), length * angle.sin()], 1).flatten()
        return query, torch.stack([length, torch.zeros_like(length)], 1).flatten()


class Places:
    """Writes the weights into a transformer, new or trained, and holds them while it trains."""

    def __init__(self, dit):
        self.dit, self.masks = dit, {}
        self.width, self.head = dit.proj_in.weight.shape[0], dit.config.attention_head_dim
        self.heads = self.width // self.head

    def put(self, parameter, *where_and_value) -> None:
        *where, value = where_and_value
        parameter[tuple(where)] = value
        mask = self.masks.setdefault(parameter, torch.zeros_like(parameter, dtype=torch.bool))
        mask[tuple(where)] = True

    def hold(self) -> None:
        """What the weights are now is what they stay (see keep), where they are those of this module."""
        known = not self.dit.proj_in.weight[-BUS:].any()
        self.held = [(p, mask.to(p.device), p.detach().clone())
                     for p, mask in self.masks.items()] if known else []

    @torch.no_grad()
    def keep(self) -> None:
        """After every step of an optimizer."""
        for parameter, mask, value in self.held:
            parameter.copy_(torch.where(mask, value, parameter))

    def rows(self, head: int, count=None) -> slice:
        return slice(head * self.head, head * self.head + (count or self.head))

    def seen_at_noise(self, module, output=False):
        """What a module gets (or gives) where all is noise."""
        seen = []
        hook = module.register_forward_hook(lambda _, i, o: seen.append(o if output else i[0]))
        coords = flow.coordinates(*WINDOW, [RATE] * 2, middle=False)
        batch, _, tokens = coords.shape
        words = torch.zeros(batch, 8, self.dit.config.caption_channels)
        noise = torch.randn(batch, tokens, self.dit.config.in_channels,
                            generator=torch.Generator().manual_seed(0))
        self.dit(noise, words, torch.full((batch, tokens), 1000.), torch.ones(batch, 8),
                 video_coords=coords)
        hook.remove()
        return seen[0]

    def clear(self) -> None:
        """The channels are taken from whatever used them."""
        bus = slice(self.width - BUS, self.width)
        for number, block in enumerate(self.dit.transformer_blocks):
            own = self.put if number < 3 else self.set
            readers = (block.attn1.to_q, block.attn1.to_k, block.attn1.to_v, block.attn2.to_q,
                       block.ff.net[0].proj)
            for layer in readers:
                layer.weight[:, bus] = 0
            for layer in (block.attn1.to_out[0], block.attn2.to_out[0], block.ff.net[2]):
                own(layer.weight, bus, 0), own(layer.bias, bus, 0)
            gates = torch.tensor([0, 0, 1, 0, 0, 1.])[:, None]
            own(block.scale_shift_table, slice(None), bus, gates)
        self.put(self.dit.proj_in.weight, bus, 0), self.put(self.dit.proj_in.bias, bus, 0)
        self.dit.proj_out.weight[:, bus] = 0
        for m in range(1, 7):
            at = slice(m * self.width - BUS, m * self.width)
            self.put(self.dit.time_embed.linear.weight, at, 0)
            self.put(self.dit.time_embed.linear.bias, at, 0)

    @staticmethod
    def set(parameter, *where_and_value) -> None:
        parameter[where_and_value[:-1]] = where_and_value[-1]

    def look(self, attn, kernels: dict) -> None:
        """Heads whose query and key are constant.

        The norm is over all heads: these are so loud that what the others hold hardly changes it.
        """
        for head in kernels:
            attn.to_out[0].weight[:, self.rows(head)] = 0
        for which, linear, norm in ((0, attn.to_q, attn.norm_q), (1, attn.to_k, attn.norm_k)):
            before = self.seen_at_noise(linear, output=True).pow(2).mean().sqrt()
            constants = {head: kernel.query_and_key()[which] for head, kernel in kernels.items()}
            widths = {head: c.pow(2).mean().sqrt() for head, c in constants.items()}
            for head, constant in constants.items():
                self.put(linear.weight, self.rows(head), 0)
                self.put(linear.bias, self.rows(head), LOUD * before * constant / widths[head])
            after = self.seen_at_noise(linear, output=True).pow(2).mean().sqrt()
            norm.weight *= after / before
            for head, width in widths.items():
                self.put(norm.weight, self.rows(head), width * after / (LOUD * before))

    def rms(self, block) -> float:
        return self.seen_at_noise(block.norm2).pow(2).mean().sqrt().item()

    def compare(self) -> None:
        """The first block: how much the views of heads differ."""
        block, w = self.dit.transformer_blocks[0], self.width
        kernels = {head: Kernel(w, self.heads, head) for head in (SELF, DIAGONAL, EARLIER)}
        for head, kernel in kernels.items():
            for axis in (1, 2):
                kernel.prefer(axis, -1 if head == DIAGONAL else 0, MARGIN)
            kernel.earlier(MARGIN / 2) if head == EARLIER else kernel.now(MARGIN)
        self.look(block.attn1, kernels)
        fine = torch.linalg.pinv(self.dit.proj_in.weight)[-self.head:]   # reads the finest channels
        mixing = torch.nn.init.orthogonal_(torch.empty(SEEN // 2, self.head),
                                           generator=torch.Generator().manual_seed(0))
        view = mixing @ fine
        view = view / (self.seen_at_noise(block.attn1.to_v) @ view.T).std()
        size, one = self.rms(block), torch.eye(SEEN // 2)
        for head in kernels:
            rows = self.rows(head, SEEN // 2)
            self.put(block.attn1.to_v.weight, rows, view), self.put(block.attn1.to_v.bias, rows, 0)
            self.put(block.attn1.to_out[0].weight, slice(None), rows, 0)
        for number, (other, channel) in enumerate(((DIAGONAL, DIFFERENCE), (EARLIER, CHANGE))):
            views = slice(w - BUS + number * SEEN // 2, w - BUS + (number + 1) * SEEN // 2)
            for head, sign in ((SELF, -1), (other, 1)):
                self.put(block.attn1.to_out[0].weight, views, self.rows(head, SEEN // 2),
                         sign * VIEW * size * one)
            reads = torch.zeros(SEEN, w)
            reads[:, views] = STEEP * torch.cat([one, -one])
            usual = SEEN // 2 * STEEP * VIEW               # of a difference about as wide as its parts
            self.units(block, number * SEEN, reads, 0, {channel: 3 * size / usual})

    def units(self, block, taken: int, reads, bias, writes: dict) -> int:
        """The last units of a block, behind those that are taken: what they read, and by channel what they
        write. Returns how many are taken now."""
        up, down = block.ff.net[0].proj, block.ff.net[2]
        end = up.weight.shape[0] - taken
        units = slice(end - len(reads), end)
        self.put(up.weight, units, reads), self.put(up.bias, units, bias)
        self.put(down.weight, slice(None), units, 0)
        for channel, weights in writes.items():
            self.put(down.weight, self.width + channel, units, weights)
        return taken + len(reads)

    def mark(self) -> None:
        """The second block: marks where there is no difference, and a constant."""
        block, w = self.dit.transformer_blocks[1], self.width
        usual = self.seen_at_noise(block.ff.net[0].proj).flatten(0, 1).median(0).values
        size, taken = self.rms(block), 0
        for channel, to, wide in ((DIFFERENCE, MARKED, MARK), (CHANGE, BEGUN, BEGIN)):
            reads = torch.zeros(1, w)
            reads[0, channel] = -4 / (THRESHOLD * usual[channel])        # 4 where there is none, −20 elsewhere
            taken = self.units(block, taken, reads, 4., {to: wide * size / 4})
        self.put(block.ff.net[2].bias, w + REFERENCE, PLACE * size)

    def spare_given(self) -> None:
        """No marks where the timestep is 0: there may be nothing to tell views apart by."""
        embed = self.dit.time_embed
        for parameter in embed.emb.parameters():
            self.put(parameter, slice(None), parameter.clone())
        steps = torch.cat([torch.zeros(1), torch.arange(100., 1001., 10)])
        states = embed.emb.timestep_embedder(embed.emb.time_proj(steps))
        states = F.pad(F.silu(states), (0, 1), value=1.).double()
        wanted = (steps == 0).double() * GIVEN
        normal = states.T @ states + 1e-6 * torch.eye(states.shape[1])
        reads = torch.linalg.solve(normal, states.T @ wanted).float()
        for channel in (DIFFERENCE, CHANGE):
            row = 4 * self.width + channel                 # of six modulators the fourth: the units' shift
            self.put(embed.linear.weight, row, reads[:-1]), self.put(embed.linear.bias, row, reads[-1])

    def average(self) -> None:
        """The third block: the share that marked cells have of those around."""
        block, w = self.dit.transformer_blocks[2], self.width
        kernels = {head: Kernel(w, self.heads, head) for head in FALL}
        for head, kernel in kernels.items():
            for axis, fall, reach in FALL[head]:
                distance = torch.arange(-reach, reach + 1.)
                kernel.fit(axis, distance, -fall * (distance / reach) ** 2, .001)
        self.look(block.attn1, kernels)
        size = self.rms(block)
        for number, (head, channel, to) in enumerate(AVERAGES):
            row, reads = head * self.head + number, torch.zeros(w)
            clear = CLEAR if channel == MARKED else 1.
            reads[channel] = clear
            self.put(block.attn1.to_v.weight, row, reads), self.put(block.attn1.to_v.bias, row, 0)
            self.put(block.attn1.to_out[0].weight, slice(None), row, 0)
            self.put(block.attn1.to_out[0].weight, w + to, row, PLACE * size / 4)

    def tell(self) -> None:
        """The third block's units: cosines, and no corner's mark any more."""
        block = self.dit.transformer_blocks[2]
        size, taken, to = self.rms(block), 0, -BUS
        states = self.seen_at_noise(block.norm2).mean(0).unflatten(0, WINDOW)
        later = (states[..., TIME] / states[..., WHOLE]).mean((1, 2)) * states[..., WHOLE].mean()
        # the first two latent frames are a frame apart: no hinge fits between
        later = torch.cat([later[:2].mean(0, keepdim=True), later[2:]])
        for line, channel, reference, mirrored in (
                (states[..., COLUMN].mean((0, 1)), COLUMN, REFERENCE, MIRRORED),
                (states[..., ROW].mean((0, 2)), ROW, REFERENCE, MIRRORED),
                (later, TIME, WHOLE, 0)):
            place, constant, sums = hinges(line, states[..., reference].mean(), size, mirrored)
            reads = torch.zeros(len(sums), self.width)
            reads[:, channel], reads[:, reference] = place, constant
            taken = self.units(block, taken, reads, 0,
                               {to + n: COSINE * size * sums[:, n] for n in range(sums.shape[1])})
            to += sums.shape[1]
        reads = torch.zeros(2, self.width)
        reads[:, MARKED] = torch.tensor([1., -1.])         # gelu(x) − gelu(−x) = x
        self.units(block, taken, reads, 0, {})             # to see what they will read
        seen = self.seen_at_noise(block.ff.net[0].proj).mean(0).unflatten(0, WINDOW)
        corner = states[0, 0, 0, MARKED] / seen[0, 0, 0, MARKED]
        self.units(block, taken, reads, 0, {MARKED: corner * torch.tensor([-1., 1.])})


def hinges(line, reference, size: float, mirrored: int) -> tuple:
    """Units that turn what falls along a line into cosines: a constant, and hinges at the places.

    Pictures of other sizes may have places beyond the first: so many are mirrored. What is farther is as the
    last of them. Returns the weight of the place, that of the reference, and the cosines [units, waves].
    """
    count, beyond = len(line), mirrored + BEYOND if mirrored else 0
    ratio = line[0] / line[1]
    line = torch.cat([line[0] * ratio ** torch.arange(beyond, 0, -1.), line,
                      line[-1] * .8 ** torch.arange(1., BEYOND + 1)])
    number, middle = torch.arange(len(line) - 1), beyond + (count - 1) // 2 if mirrored else 0
    at_place = torch.where(number < middle, line[1:], line[:-1])
    place = torch.where(number < middle, HINGE, -HINGE) * size / (line[:-1] - line[1:])
    place, constant = F.pad(place, (1, 0)), F.pad(-place * at_place, (1, 0)) / reference
    constant[0] = size / reference
    units = F.gelu((line[:, None] * place + reference * constant) / size, approximate="tanh")
    at = torch.arange(-beyond, count + BEYOND).clamp(-mirrored, count - 1)
    return place, constant, torch.linalg.lstsq(units, cosines(count, at)).solution


def cosines(count: int, at):
    """[place, wave]: of places numbered `at`, of so many in all."""
    return torch.cos(torch.outer(at + .5, torch.arange(1., WAVES * count)) * torch.pi / count)


@torch.no_grad()
def know_places(dit) -> Places:
    """Where the cells are: weights that are to be held."""
    places = Places(dit)
    places.clear(), places.compare(), places.spare_given()
    places.mark(), places.average(), places.tell()
    return places
