"""Glyphs that show no digit, drawn by program inside jit: what the network learns not to be sure
about.

    images = draw_outliers(key, digits)  # (n, 28, 28) uint8, each of a random kind

Trained with a uniform target (outlier exposure: Hendrycks, Mazeika and Dietterich, 2019), the
network spreads its probability over all classes on them, and the reader can abstain. Kinds:

- letters, signs and small drawings, each in several ways, those that look like a digit left out;
- characters of no script: a few strokes, straight, bent or hooked, most of which begin on the one
  before, as those of letters do all over the world;
- scribbles: one long line, or a few strokes at random;
- loops: a smooth curve that winds and crosses itself;
- half digits and pairs of digits that touch, as one glyph: what wrong cuts between digits leave;
- solids: bullets and boxes, filled;
- textures: uneven grounds without a digit, and blots.

The shares of these kinds and the ranges in which they vary are judgement: docs/results.md measures
what came of them, with drawings of other kinds, and no measurement of other shares is kept.
"""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
from jax import random

from train.augment import CENTRE, GRID, SIZE, bend, chance, sample, uniform
from train.synthetic import Shapes, Way, as_shapes, render, write

# of each kind; they add up to 1
SHARES = {
    "sign": 0.28,
    "character": 0.3,
    "scribble": 0.08,
    "loop": 0.08,
    "half": 0.08,
    "pair": 0.1,
    "solid": 0.04,
    "texture": 0.04,
}
SEGMENTS = 12  # straight pieces of a scribble, at most
LOOP_SEGMENTS = 40  # straight pieces of a smooth curve
PAIR_INK, PAIR_GAP = 0.4, (-2.5, 2.0)  # ink of a pair's digits, and pixels of white between them
STROKES, PIECES = 4, 8  # of a character, at most, and the straight pieces of each

# Ways to write each, as train/synthetic.py has those of digits. Letters that are written as a digit
# is are left out.
SIGNS: dict[str, list[Way]] = {
    "A": [["19505089", "3676"], ["1930507189", "2575"], ["295089", "2686"]],
    "B": [["2029", "20608264242474866929"]],
    "C": [["8260301316396987"]],
    "E": [["902020292999", "2575"], ["81502123545425285988"], ["1019", "1090", "1484", "1989"]],
    "F": [["90202029", "2575"], ["3039", "2080", "3474"]],
    "G": [["8260301316396987858555"]],
    "H": [["2029", "8089", "2585"], ["3019", "8069", "2575"], ["2029", "7079", "2676"]],
    "J": [["7077593917"], ["3090", "6067492917"]],
    "K": [["2029", "80242489"], ["3019", "802555", "4479"]],
    "M": [["19202056568080", "8089"], ["19305656", "5680", "8089"]],
    "N": [["292020898980"], ["193030696980"]],
    "P": [["2029", "206082736525"]],
    "Q": [["502013163969868350", "6699"]],
    "R": [["2029", "206082745525", "5589"], ["2920206082745525", "4589"]],
    "T": [["1090", "5059"], ["0080", "4049"], ["1191", "6149"]],
    "U": [["202649698680"], ["303648586660"]],
    "V": [["20595980"]],
    "W": [["0029295252797990"], ["010629485368899691"]],
    "X": [["2089", "8029"], ["3079", "7039"], ["12425888", "8129"]],
    "Y": [["2054", "80545459"]],
    "a": [["73421528497673737899"], ["22517379", "7545274977"], ["734215284976", "7379"]],
    "d": [["754426396875", "7079"], ["754426396870707899"]],
    "e": [["158583512215285988"], ["165573614124274987"], ["0675624013274987"]],
    "f": [["81604249", "2464"], ["8050323639", "1565"]],
    "h": [["2029", "26455669"], ["20292926547679"], ["3019", "1754657888"]],
    "i": [["4449", "4041"], ["5459", "5051"], ["34545879", "5051"], ["6449", "7071"]],
    "j": [["63684928", "6061"]],
    "k": [["2029", "73262679"]],
    "m": [["0309", "05234449", "45638489"], ["1419", "14444549", "45747579"]],
    "n": [["2329", "25437479"], ["142329293463757899"], ["2329292453647579"]],
    "p": [["2129", "2352745626"], ["3219", "2454745626"]],
    "r": [["3339", "355384"], ["333939355383"]],
    "t": [["40486988", "1373"], ["5059", "2383"], ["60374868", "2373"]],
    "u": [["23274976", "7379"], ["2327497673737899"]],
    "w": [["0337374343777783"], ["0316385466788693"]],
    "x": [["2379", "7329"], ["12425888", "8228"]],
    "+": [["5159", "1595"]],
    "=": [["1383", "1686"]],
    "#": [["3019", "7059", "1383", "0676"]],
    "*": [["5159", "1387", "8317"]],
    "?": [["2240608273555556", "5859"]],
    "%": [["8019", "2011224020", "7768789777"]],
    "&": [["89302140541739599686"]],
    "€": [["8260301316396987", "0464", "0666"]],
    "<": [["81252589"]],
    ">": [["21858529"]],
    "~": [["0523446693"]],
    "√": [["06264949606090"]],
    "tick": [["15494990"], ["2638384990"]],
    "π": [["1191", "3139", "7179"]],
    "triangle": [["5050999919195050"]],
    "square": [["111181818989191911"]],
    "cross": [["1189", "8119"]],
    "star": [["40191983830303797940"]],
    "arrow": [["0484", "52848456"]],
    "zigzag": [["051232364464749595"]],
    "heart": [["595904123052527083945959"]],
    "smile": [["2122", "6162", "06385886"]],
}


@functools.cache
def sign_shapes() -> Shapes:
    """All of SIGNS."""
    return as_shapes(list(SIGNS.values()))


def draw_sign(key: jax.Array) -> jax.Array:
    """A letter, sign or small drawing."""
    choice, way, pen = random.split(key, 3)
    shapes = sign_shapes()
    return render(pen, *write(way, shapes, random.randint(choice, (), 0, len(shapes.labels))))


def draw_character(key: jax.Array) -> jax.Array:
    """A character of no script."""
    return render(random.split(key, 12)[11], *write_character(key))


def write_character(key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """STROKES of a character of no script, of PIECES each, as `synthetic.render` takes them: two to
    four are there, of which most begin where, or on what, one was drawn before."""
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
    return jnp.concatenate(strokes), there


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


def _span(marks: jax.Array) -> tuple[jax.Array, jax.Array]:
    """(SIZE,) bool → the number of the first and of the last that is set."""
    return jnp.argmax(marks), SIZE - 1 - jnp.argmax(marks[::-1])


def _fill_glyph(
    top: jax.Array, bottom: jax.Array, left: jax.Array, right: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Where each pixel, (28, 28) y and x, is taken from, so that what lies between these has 20
    pixels the longer way, in the middle."""
    scale = (jnp.maximum(bottom - top, right - left) + 1) / 20
    y, x = jnp.meshgrid(
        (GRID - CENTRE) * scale + (top + bottom) / 2,
        (GRID - CENTRE) * scale + (left + right) / 2,
        indexing="ij",
    )
    return y, x


def cut_half(key: jax.Array, digit: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Part of a digit, enlarged to a glyph, and how slim it is: cut upright or level through the
    middle third."""
    keys = random.split(key, 3)
    cut = uniform(keys[0], 0.38, 0.62) * 20 + 4
    upright = random.bernoulli(keys[1], 0.7)
    first = random.bernoulli(keys[2], 0.5)
    place = jnp.where(upright, GRID[None, :], GRID[:, None])
    rest = jnp.where(jnp.where(first, place < cut, place >= cut), digit, 0)
    (top, bottom), (left, right) = _span(rest.max(1) > 0.2), _span(rest.max(0) > 0.2)
    y, x = _fill_glyph(top, bottom, left, right)
    slimness = jnp.minimum(bottom - top, right - left) / jnp.maximum(bottom - top, right - left)
    return sample(rest, y, x), slimness


def join_pair(key: jax.Array, digit: jax.Array, other: jax.Array) -> jax.Array:
    """Two digits that touch or nearly do, however they lean, as one glyph: what a missed cut
    leaves."""
    keys = random.split(key, 2)
    other = jnp.roll(other, random.randint(keys[0], (), -3, 4), 0)  # higher or lower
    ink, other_ink = digit > PAIR_INK, other > PAIR_INK
    # How far the first reaches in each row, or in those next to it; and where the other begins.
    reach = jnp.where(ink, GRID[None], -jnp.inf).max(1)
    reach = jax.lax.reduce_window(reach, -jnp.inf, jax.lax.max, (3,), (1,), "SAME")
    begin = jnp.where(other_ink, GRID[None], jnp.inf).min(1)
    shift = jnp.clip((reach - begin).max(), 0, SIZE) + uniform(keys[1], *PAIR_GAP)
    top, bottom = _span(ink.any(1) | other_ink.any(1))
    (left, _), (_, right) = _span(ink.any(0)), _span(other_ink.any(0))
    y, x = _fill_glyph(top, bottom, left, shift + right)
    return jnp.maximum(sample(digit, y, x), sample(other, y, x - shift))


def cut_or_join(key: jax.Array, digit: jax.Array, other: jax.Array) -> jax.Array:
    """Part of a digit; but a slim part looks like a 1, and rightly: then a pair."""
    piece, slimness = cut_half(key, digit)
    return jnp.where(slimness < 0.45, join_pair(key, digit, other), piece)


def draw_solid(key: jax.Array) -> jax.Array:
    """A bullet, a box or a thing between the two, filled."""
    keys = random.split(key, 3)
    sides = jnp.stack([1.0, uniform(keys[0], 0.6, 1)])
    turn = uniform(keys[1], 0, jnp.pi)
    power = uniform(keys[2], 1.8, 6)  # a superellipse's: 2 is round, with more it has corners
    along, across = (
        jnp.stack([jnp.sin(turn), jnp.cos(turn)]),
        jnp.stack([jnp.cos(turn), -jnp.sin(turn)]),
    )
    # half its height and width, by the dual norm
    dual = power / (power - 1)
    reach = (jnp.abs(along * sides[0]) ** dual + jnp.abs(across * sides[1]) ** dual) ** (1 / dual)
    sides *= 10 / reach.max()
    y, x = GRID[:, None] - CENTRE, GRID[None, :] - CENTRE
    far_along = jnp.abs(y * along[0] + x * along[1]) / sides[0]
    far_across = jnp.abs(y * across[0] + x * across[1]) / sides[1]
    far = (far_along**power + far_across**power) ** (1 / power)
    return jnp.clip(sides[1] * (1 - far) + 0.5, 0, 1)


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
            jax.vmap(cut_or_join)(keys[own["half"]], digit[own["half"]], other[own["half"]]),
            jax.vmap(join_pair)(keys[own["pair"]], digit[own["pair"]], other[own["pair"]]),
            jax.vmap(draw_solid)(keys[own["solid"]]),
            jax.vmap(draw_texture)(keys[own["texture"]]),
        ]
    )
    return jnp.round(jnp.clip(images, 0, 1) * 255).astype(jnp.uint8)
