"""Glyphs that show no digit, drawn by program inside jit: what the network learns not to be sure
about.

    images = draw_outliers(key, digits)  # (n, 28, 28) uint8, each of a random kind

Trained with a uniform target (outlier exposure: Hendrycks, Mazeika and Dietterich, 2019), the
network spreads its probability over all classes on them, and the reader can abstain. Kinds:

- letters and signs, of a small vector font of straight strokes, those that look like a digit left
  out;
- characters of no script: a few strokes, straight, bent or hooked, most of which begin on the one
  before, as those of letters do all over the world;
- scribbles: one long line, or a few strokes at random;
- loops: a smooth curve that winds and crosses itself;
- half digits and pairs of digits squeezed into one glyph, which is what a wrong cut between digits
  leaves;
- textures: uneven grounds without a digit, and blots.

The shares of these kinds and the ranges in which they vary are judgement: docs/results.md measures
what came of them, with drawings of other kinds, and no measurement of other shares is kept.
"""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
from jax import random
from numpy.typing import NDArray

from train.augment import CENTRE, GRID, SIZE, bend, chance, sample, uniform
from train.synthetic import render

# of each kind; they add up to 1
SHARES = {
    "sign": 0.2,
    "character": 0.35,
    "scribble": 0.1,
    "loop": 0.1,
    "half": 0.1,
    "pair": 0.1,
    "texture": 0.05,
}
SEGMENTS = 12  # straight pieces of a sign or a scribble, at most
LOOP_SEGMENTS = 40  # straight pieces of a smooth curve
STROKES, PIECES = 4, 8  # of a character, at most, and the straight pieces of each

# A sign is a list of polylines; a polyline is x, y, x, y, … on a grid of 0 to 4 (x) by 0 to 6 (y),
# y downwards.
SIGNS = {
    "A": ["062046", "1434"],
    "E": ["40000646", "0333"],
    "F": ["400006", "0333"],
    "G": ["4130100105163645432343"],
    "H": ["0006", "4046", "0343"],
    "J": ["3035261605"],
    "K": ["0006", "400346"],
    "M": ["0600234046"],
    "N": ["06004640"],
    "P": ["060030413303"],
    "Q": ["103041453616050110", "2446"],
    "R": ["060030413303", "2346"],
    "T": ["0040", "2026"],
    "U": ["00051636454540"],
    "V": ["002640"],
    "W": ["0016233640"],
    "X": ["0046", "4006"],
    "Y": ["002340", "2326"],
    "a": ["4232120305163644", "4246"],
    "d": ["4434231405163645", "4046"],
    "e": ["044432120305163645"],
    "f": ["302026", "0232"],
    "h": ["0006", "0422324346"],
    "i": ["2226", "2021"],
    "j": ["32361605", "3031"],
    "k": ["0006", "0432", "1446"],
    "m": ["0206", "03122226", "23324246"],
    "n": ["0206", "0312324346"],
    "p": ["0206", "021232434435150404"],
    "r": ["0206", "041242"],
    "t": ["20253645", "0242"],
    "u": ["0205163645", "4246"],
    "v": ["022642"],
    "w": ["0216233642"],
    "x": ["0246", "4206"],
    "+": ["0343", "2125"],
    "=": ["0242", "0444"],
    "#": ["1016", "3036", "0242", "0444"],
    "*": ["2125", "0244", "4204"],
    "?": ["011030413324", "2526"],
    "%": ["4006", "0011", "3546"],
    "triangle": ["20064620"],
    "square": ["0141450501"],
    "cross": ["0145", "4105"],
    "star": ["203602421620"],
    "arrow": ["0343", "214325"],
    "zigzag": ["0312243244"],
    "heart": ["260301112231414326"],
    "smile": ["1112", "3132", "04153544"],
}


def _font() -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(signs, SEGMENTS, 4) float32 segments (y, x, y, x) in [-1, 1], and (signs, SEGMENTS) which of
    them there are."""
    segments = np.zeros((len(SIGNS), SEGMENTS, 4), np.float32)
    there = np.zeros((len(SIGNS), SEGMENTS), bool)
    for sign, polylines in enumerate(SIGNS.values()):
        pieces = []
        for line in polylines:
            points = [
                (int(y) / 3 - 1, (int(x) - 2) / 3)
                for x, y in zip(line[::2], line[1::2], strict=True)
            ]
            pieces += [(*start, *end) for start, end in itertools.pairwise(points)]
        pieces = pieces[:SEGMENTS]
        segments[sign, : len(pieces)] = pieces
        there[sign, : len(pieces)] = True
    return segments, there


FONT, FONT_THERE = _font()


def draw_sign(key: jax.Array) -> jax.Array:
    """A letter, sign or small drawing."""
    choice, pen = random.split(key)
    index = random.randint(choice, (), 0, len(FONT))
    return render(pen, jnp.asarray(FONT)[index], jnp.asarray(FONT_THERE)[index])


def draw_character(key: jax.Array) -> jax.Array:
    """A character of no script: two to four strokes, of which most begin where, or on what, one was
    drawn before."""
    keys = random.split(key, 12)
    count = random.choice(keys[0], jnp.array([2, 3, 4]), p=jnp.array([0.25, 0.4, 0.35]))
    # The first begins upright, level or between the two; each other turns off from the one before.
    first = jnp.pi / 4 * random.randint(keys[1], (1,), 0, 8)
    aside = jnp.where(random.bernoulli(keys[2], 0.5, (STROKES - 1,)), 1, -1)
    aside *= uniform(keys[10], 0.3 * jnp.pi, 0.8 * jnp.pi, (STROKES - 1,))
    heading = jnp.cumsum(jnp.concatenate([first, aside]))
    bent = random.bernoulli(keys[3], 0.55, (STROKES,))
    turn = bent * uniform(keys[4], -1.6 * jnp.pi, 1.6 * jnp.pi, (STROKES,))
    hook = bent * uniform(keys[5], -2, 2, (STROKES,))  # turns more, or back, towards the end
    t = (np.arange(PIECES) + 0.5) / PIECES
    angle = heading[:, None] + turn[:, None] * t + hook[:, None] * (2 * t - 1) ** 2
    pace = uniform(keys[6], 0.4, 1.6, (STROKES, 1)) / PIECES
    steps = pace[..., None] * jnp.stack([jnp.sin(angle), jnp.cos(angle)], -1)
    ways = jnp.cumsum(jnp.concatenate([jnp.zeros((STROKES, 1, 2)), steps], 1), 1)
    place = random.choice(  # of the stroke before: its beginning, anywhere on it, its end
        keys[7],
        jnp.arange(PIECES + 1),
        (STROKES,),
        p=np.array([0.25, *[0.35 / (PIECES - 1)] * (PIECES - 1), 0.4]),
    )
    apart = random.bernoulli(keys[8], 0.2, (STROKES,))
    gap = uniform(keys[9], -0.7, 0.7, (STROKES, 2))
    strokes, before = [], jnp.zeros((PIECES + 1, 2))
    for number in range(STROKES):
        start = before[place[number]] + apart[number] * gap[number]
        before = start + ways[number]
        strokes.append(jnp.concatenate([before[:-1], before[1:]], 1))
    there = jnp.repeat(jnp.arange(STROKES) < count, PIECES)
    return render(keys[11], jnp.concatenate(strokes), there)


def draw_scribble(key: jax.Array) -> jax.Array:
    """One long random curve, or strokes at random."""
    keys = random.split(key, 6)
    corners = random.randint(keys[0], (), 5, SEGMENTS)
    steps = random.normal(keys[1], (SEGMENTS + 1, 2))
    joined = jnp.clip(0.8 * steps, -1, 1)
    joined = jnp.concatenate([joined[:-1], joined[1:]], 1)
    starts = uniform(keys[2], -1, 1, (SEGMENTS, 2))
    loose = jnp.concatenate([starts, starts + 0.5 * random.normal(keys[3], (SEGMENTS, 2))], 1)
    segments = jnp.where(random.bernoulli(keys[4], 0.6), joined, loose)
    return render(keys[5], segments, jnp.arange(SEGMENTS) < corners)


def draw_loop(key: jax.Array) -> jax.Array:
    """A drifting Lissajous curve of two to six turns; ratios of 1 and 2 would draw 0 and 8."""
    keys = random.split(key, 5)
    t = jnp.linspace(0, 1, LOOP_SEGMENTS + 1)[:, None] * 2 * jnp.pi
    turns = uniform(keys[0], 2, 4) * jnp.stack(
        [1.0, random.choice(keys[1], jnp.array([2 / 3, 3 / 4, 4 / 3, 3 / 2]))]
    )
    drift = uniform(keys[2], -1, 1, (2,)) * t / jnp.pi
    points = jnp.sin(turns * t + uniform(keys[3], 0, 2 * jnp.pi, (2,))) + drift
    segments = jnp.concatenate([points[:-1], points[1:]], 1)
    return render(keys[4], segments, jnp.ones(LOOP_SEGMENTS, bool))


def cut_half(key: jax.Array, digit: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Part of a digit, enlarged to a glyph, and how slim it is: cut upright or level through the
    middle third."""
    keys = random.split(key, 3)
    cut = uniform(keys[0], 0.38, 0.62) * 20 + 4
    upright = random.bernoulli(keys[1], 0.7)
    first = random.bernoulli(keys[2], 0.5)
    place = jnp.where(upright, GRID[None, :], GRID[:, None])
    rest = jnp.where(jnp.where(first, place < cut, place >= cut), digit, 0)
    rows, columns = rest.max(1) > 0.2, rest.max(0) > 0.2

    def span(marks: jax.Array) -> tuple[jax.Array, jax.Array]:
        low = jnp.argmax(marks)
        return low, SIZE - 1 - jnp.argmax(marks[::-1])

    (top, bottom), (left, right) = span(rows), span(columns)
    scale = (jnp.maximum(bottom - top, right - left) + 1) / 20
    y, x = jnp.meshgrid(
        (GRID - CENTRE) * scale + (top + bottom) / 2,
        (GRID - CENTRE) * scale + (left + right) / 2,
        indexing="ij",
    )
    slimness = jnp.minimum(bottom - top, right - left) / jnp.maximum(bottom - top, right - left)
    return sample(rest, y, x), slimness


def squeeze_pair(key: jax.Array, digit: jax.Array, other: jax.Array) -> jax.Array:
    """Two digits, touching or nearly, squeezed into one glyph."""
    keys = random.split(key, 3)
    gap = uniform(keys[0], 5.2, 7.5)
    scale = uniform(keys[1], 1.5, 2.0)
    drop = uniform(keys[2], -2, 2)
    y, x = jnp.meshgrid(
        (GRID - CENTRE) * scale + CENTRE, (GRID - CENTRE) * scale + CENTRE, indexing="ij"
    )
    left = sample(digit, y + drop, x + gap * scale)
    right = sample(other, y - drop, x - gap * scale)
    return jnp.maximum(left, right)


def cut_or_squeeze(key: jax.Array, digit: jax.Array, other: jax.Array) -> jax.Array:
    """Part of a digit; but a slim part looks like a 1, and rightly: then a pair."""
    piece, slimness = cut_half(key, digit)
    return jnp.where(slimness < 0.45, squeeze_pair(key, digit, other), piece)


def draw_texture(key: jax.Array) -> jax.Array:
    """Nothing but an uneven ground, or a blot: its darker part, filled."""
    keys = random.split(key, 3)
    ground = jnp.clip(0.5 * bend(keys[0]) + uniform(keys[1], -0.4, 0.8), 0, 1)
    return chance(keys[2], 0.5, jnp.clip(12 * (ground - 0.4), 0, 1), ground)


def draw_outliers(key: jax.Array, digits: jax.Array) -> jax.Array:
    """(n, 28, 28) uint8 digits → (n, 28, 28) uint8 glyphs that show none, of each kind its SHARES.

    They are as neat as the digits: whoever distorts the ones distorts the others too.
    """
    n = len(digits)
    if not n:  # and nothing to compile
        return digits
    digits, keys = digits.astype(jnp.float32) / 255, random.split(key, n)
    bounds = np.round(np.cumsum([0, *SHARES.values()]) * n).astype(int)
    own = {
        kind: slice(*ends) for kind, ends in zip(SHARES, itertools.pairwise(bounds), strict=True)
    }
    digit, other = digits, jnp.roll(digits, 1, axis=0)
    images = jnp.concatenate(
        [
            jax.vmap(draw_sign)(keys[own["sign"]]),
            jax.vmap(draw_character)(keys[own["character"]]),
            jax.vmap(draw_scribble)(keys[own["scribble"]]),
            jax.vmap(draw_loop)(keys[own["loop"]]),
            jax.vmap(cut_or_squeeze)(keys[own["half"]], digit[own["half"]], other[own["half"]]),
            jax.vmap(squeeze_pair)(keys[own["pair"]], digit[own["pair"]], other[own["pair"]]),
            jax.vmap(draw_texture)(keys[own["texture"]]),
        ]
    )
    return jnp.round(jnp.clip(images, 0, 1) * 255).astype(jnp.uint8)
