"""Digits drawn by program inside jit, as people draw them with a mouse or a finger, in more shapes
than MNIST has.

    images, labels = draw_digits(key, 8)  # (8, 28, 28) uint8 and (8,) int32

MNIST was written in pencil by Americans. With a mouse the stroke is even and its corners are round;
elsewhere a 7 is crossed, a 1 has a flag as long as itself, a 4 is open or lightning, a 0 slashed,
and 9s are all tail. SHAPES lists such ways to write each digit; each drawing moves the shape's
points a little, so that no two are the same.
"""

import functools
import itertools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import random
from numpy.typing import NDArray

from train.augment import CENTRE, GRID, SIZE, uniform

Way = list[str]  # strokes, each a row of points x, y on a grid of 0 to 9, y downwards

# Ways to write each digit. A stroke is rounded as it passes a point, but for one that is there
# twice, which is a corner. Networks were trained on them as they are.
SHAPES: dict[int, list[Way]] = {
    0: [
        ["502011030649797989938050"],
        ["6020010517496979948160"],
        ["70301115295979958270"],
        ["402011040838697985926140"],
        ["502011030649797989938050", "8119"],
        ["502011030649797989938050", "9009"],
        ["502011030649797989938050", "0595"],
        ["502011030649797989938050", "5059"],
        ["522232243527476776745352", "5059"],
        ["522232243527476776745352", "8019"],
        ["522232243527476776745352", "6039"],
        ["522232243527476776745352", "0594"],
        ["21100104084979969481602011"],
    ],
    1: [
        ["5059"],
        ["6039"],
        ["4069"],
        ["23505059"],
        ["32606049"],
        ["15606059"],
        ["24505059", "2989"],
        ["14606069", "3999"],
        ["5059", "2989"],
        ["3050505059", "2989"],
        ["1560606049"],
        ["0670707059"],
        ["1470706659"],
        ["055060606049"],
        ["2570606039"],
        ["1660605958"],
        ["17606069"],
        ["18606069"],
        ["07505059"],
        ["26606049"],
        ["0360606049"],
        ["0240606049"],
        ["0450505059"],
        ["44606049"],
        ["45606039"],
        ["4350505059"],
        ["2450505828298989"],
        ["14606057291989"],
        ["36606049"],
        ["603938"],
        ["405958"],
        ["23707049"],
        ["0480805049"],
        ["0370704049"],
        ["1470707059"],
        ["13505059", "1989"],
        ["33606059", "3979"],
        ["3150505059", "2989"],
        ["24505059", "3080", "2989"],
        ["50485967"],
        ["70394857"],
        ["0560605059"],
        ["31505059"],
        ["41606059"],
        ["3150504849"],
        ["30505059"],
        ["0260606049"],
        ["1370606049"],
    ],
    2: [
        ["12408183541919498999"],
        ["13214091845528192919394989"],
        ["0220609085562919193999"],
        ["1240707356391827395989"],
        ["132160828437181938372949798897"],
        ["112191938329191999"],
        ["1130608285582919496999"],
        ["2250718365392828698988"],
    ],
    3: [
        ["1140708264444484977949181817"],
        ["1090909054545487874918"],
        ["215080836444344485775918"],
        ["10908054748687594918"],
        ["1250816444648688492919"],
        ["02418184444686883809"],
        ["10808044447486774918"],
        ["0080804343437477894919"],
        ["11306072444576785929"],
        ["103070724454646476584929"],
        ["1070804343656849"],
        ["1140708273545466785919"],
        ["1260726354547577492918"],
        ["2130607172545476685939"],
        ["208070445576674828"],
        ["1090905464775839"],
        ["1180805455667758294919"],
    ],
    4: [
        ["4017171797", "7379"],
        ["2026269696", "7079"],
        ["7979707016169696"],
        ["6016169696", "6269"],
        ["111515658585", "8089"],
        ["30151575", "803969"],
        ["6979707005059595"],
        ["4040363696", "7478"],
        ["402427252575", "6359"],
        ["3014155555", "5249"],
        ["60353464645958"],
        ["5023266464", "6159"],
        ["401524246464", "6459"],
        ["60263666", "5459"],
        ["5014147449"],
        ["602525856549"],
        ["30151575", "604959"],
        ["40171756", "4449"],
        ["5016176656", "5349"],
        ["3015151676", "6369"],
        ["20161676", "5249"],
        ["5024165676", "6259"],
        ["4025265675", "6149"],
        ["20153575", "5348"],
        ["4024265766", "6459"],
        ["5014166575", "6459"],
        ["4013156474", "6359"],
        ["6025153575", "5449"],
        ["3025364655", "5348"],
        ["7033254575", "6349"],
        ["6022144576", "7248"],
        ["8032245577", "6239"],
        ["2014155575", "5146"],
    ],
    5: [
        ["90202014148487793919"],
        ["10141464878779492918", "1090"],
        ["2024244475877849291817", "219091"],
        ["8020201313539497895918"],
        ["2025255484886919", "3181"],
        ["707020201515759589591919"],
        ["913020141454848759391807"],
        ["3024244464868859291817", "5080"],
        ["90403033346576673818"],
        ["303033446576674919", "3090"],
        ["803023235575674919"],
        ["202424647577684919", "2090"],
        ["3024246475773918", "3191"],
        ["303444546576684919", "5090"],
        ["403243546677592919", "2090"],
        ["2025244566784918", "1090"],
        ["3133546678694919", "118090"],
        ["2134334465574819", "1090"],
        ["0090802023234566784918"],
        ["403233466878593918", "2090"],
        ["2123446667583918", "1090"],
        ["3134456667574828", "2091"],
        ["2023355668593919", "2090"],
        ["3033446677684929", "1090"],
    ],
    6: [
        ["803012070949898574441618"],
        ["6020151948899675452518"],
        ["50221528496987754416"],
        ["9060331529498988654426"],
        ["404017394989867554352617"],
        ["30161848796774543527"],
        ["2011162929697764534447"],
        ["302228487976655557"],
        ["40162849799765553737"],
        ["50201127496977653536"],
        ["3014182959788674635558"],
        ["20051848688583635357"],
        ["703012262959788674643426"],
    ],
    7: [
        ["1090905349"],
        ["1190907639"],
        ["10909039"],
        ["10909049", "3575"],
        ["0090906449", "2484"],
        ["1210108080745949", "3575"],
        ["12108049"],
        ["121090905549"],
        ["20808075597959"],
        ["1210409090654839", "4484"],
        ["122030606050473828", "2575"],
        ["1210308080544839", "2575"],
        ["131180805459", "3585"],
        ["1310909049", "3575"],
        ["1231304263809049"],
        ["12109080544959", "2686"],
        ["10909049", "3686"],
        ["1210909049", "2676"],
        ["00808059", "478757"],
        ["1321406173544829", "2585"],
        ["122240607254563919", "1484"],
        ["11208080654938", "2675"],
        ["1220806049482827", "2686"],
        ["0210708064483938", "2585"],
        ["1180805449", "2676"],
        ["123170606344373848", "2575"],
        ["2241807254362848", "2474"],
        ["1231607163453738", "2676"],
        ["1120406172544738", "1575"],
        ["2130517263453828", "1676"],
        ["0220516172544637", "2585"],
        ["1231517062443829", "2585"],
    ],
    8: [
        ["815020123354758779391725548281"],
        ["502012345481706050", "542619597986745454"],
        ["60201133558799491724648370"],
        ["70301134668859391634728070"],
        ["50211234547281503050", "54362738496877665454"],
        ["81401224487989591826729081"],
        ["70301022556879593918245570"],
        ["602011235567784928174580"],
        ["11335580604426284988664411"],
        ["4020113365787959391825546240"],
        ["6130123354767859291726456391"],
        ["7120113354768759291827456382"],
        ["8140214365755949466290"],
        ["702012335567785948577590"],
        ["81513133557787794928476382"],
    ],
    9: [
        ["8240101335668282828589"],
        ["72503022345575838281868949"],
        ["82502013355672828284877929"],
        ["814012245474818181796959"],
        ["81301135758181818079"],
        ["715020233554737171736749"],
        ["9150102336566482839169"],
        ["73602024568382828888"],
        ["8040122365828082867839"],
        ["90503123446371755929"],
        ["804021225272806071745929"],
        ["7030113363726070717638"],
        ["80412243637170784918"],
        ["90502233526271606275874919"],
        ["70402031446462607066583918"],
        ["7240213354727265785928"],
        ["8351223464828477491726"],
        ["725030225474727478694918"],
        ["6230214365626577582817"],
        ["8250201335567282828478491918"],
        ["71502133547271553919"],
        ["81603032547281643709"],
        ["7131123363727173754918"],
        ["804021326272635577685838"],
        ["8150314263726656675849"],
        ["7040213353627163675848"],
        ["7140213353725475775928"],
        ["8050223463816476684918"],
        ["61311234536255776938"],
        ["7030122442615265675838"],
    ],
}
PLACES = 44  # of the pen along a shape, at most; a rounded stroke has two for each of its points
POINTS = 24  # of a shape, at most
JITTER = 0.03, 0.13  # how far points move, from one drawing to another, of half its height


class Shapes(NamedTuple):
    """Shapes as arrays of one length each, for jit.

    Attributes:
        labels: (n,) the number of what each shows, in the order of its ways.
        points: (n, POINTS, 2) y, x in [-1, 1].
        twins: (n, POINTS) of each point, the one that it moves with: itself, but for a corner's
            second.
        weights: (n, PLACES, POINTS) of the points, which add up to each place of the pen.
        down: (n, PLACES - 1) whether the pen draws from a place to the next.
    """

    labels: NDArray[np.int32]
    points: NDArray[np.float32]
    twins: NDArray[np.int32]
    weights: NDArray[np.float32]
    down: NDArray[np.bool_]


def _weights_along(points: int) -> NDArray[np.float64]:
    """(places, points): the weights that each of a stroke's points has at places along its rounded
    line.

    A quadratic B-spline from its first to its last point, which is how the canvas rounds the way of
    a brush.
    """
    from scipy.interpolate import BSpline  # a training without drawn digits needn't wait for it

    if points == 2:
        return np.eye(2)
    knots = np.concatenate([[0, 0], np.arange(points - 1), [points - 2, points - 2]])
    places = np.linspace(0, points - 2, 2 * points)
    weights: NDArray[np.float64] = BSpline.design_matrix(places, knots, 2).toarray()
    return weights


def as_shapes(ways: Sequence[list[Way]]) -> Shapes:
    """All ways to write each digit, or each of other signs, in their order."""
    labels = np.repeat(np.arange(len(ways)), list(map(len, ways)))
    count = len(labels)
    points = np.zeros((count, POINTS, 2), np.float32)
    twins = np.zeros((count, POINTS), np.int32)
    weights = np.zeros((count, PLACES, POINTS), np.float32)
    down = np.zeros((count, PLACES - 1), bool)
    for shape, strokes in enumerate(itertools.chain(*ways)):
        first = place = 0
        for stroke in strokes:
            corners = [
                (int(y) / 4.5 - 1, int(x) / 4.5 - 1)
                for x, y in zip(stroke[::2], stroke[1::2], strict=True)
            ]
            last, along = first + len(corners), _weights_along(len(corners))
            points[shape, first:last] = corners
            twins[shape, first:last] = [
                first + i - (i > 0 and point == corners[i - 1]) for i, point in enumerate(corners)
            ]
            weights[shape, place : place + len(along), first:last] = along
            down[shape, place : place + len(along) - 1] = True
            first, place = last, place + len(along)
    return Shapes(labels.astype(np.int32), points, twins, weights, down)


@functools.cache
def digit_shapes() -> Shapes:
    """All of SHAPES."""
    return as_shapes(list(SHAPES.values()))


# Each digit is as likely as another, however many ways there are to write it.
CHANCES = np.concatenate([np.full(len(ways), 0.1 / len(ways)) for ways in SHAPES.values()]).astype(
    np.float32
)


def render(key: jax.Array, segments: jax.Array, down: jax.Array) -> jax.Array:
    """Straight pieces of a pen's way → (28, 28) in [0, 1]: even strokes of random width, as MNIST
    lays out a digit.

    Args:
        segments: (pieces, 4) y, x, y, x of their ends, in any unit.
        down: (pieces,) which of them are drawn.
    """
    radius = uniform(key, 0.5, 1.8)
    ends = segments.reshape(-1, 2, 2)
    low = jnp.min(jnp.where(down[:, None], ends.min(1), jnp.inf), 0)
    high = jnp.max(jnp.where(down[:, None], ends.max(1), -jnp.inf), 0)
    ends = (ends - (low + high) / 2) * (20 - 2 * radius) / jnp.maximum((high - low).max(), 0.2)
    length = jnp.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) * down
    mass = (ends.mean(1) * length[:, None]).sum(0) / (length.sum() + 1e-3)
    ends = ends - jnp.clip(mass, -4, 4) + CENTRE
    start, along = ends[:, 0], ends[:, 1] - ends[:, 0]
    y, x = (
        GRID[None, :, None] - start[:, 0, None, None],
        GRID[None, None, :] - start[:, 1, None, None],
    )
    t = (y * along[:, 0, None, None] + x * along[:, 1, None, None]) / (
        length[:, None, None] ** 2 + 1e-3
    )
    t = jnp.clip(t, 0, 1)
    squared = (y - t * along[:, 0, None, None]) ** 2 + (x - t * along[:, 1, None, None]) ** 2
    nearest = jnp.where(down[:, None, None], squared, jnp.inf).min(0)
    return jnp.clip(radius + 0.5 - jnp.sqrt(nearest), 0, 1)


def write(key: jax.Array, shapes: Shapes, shape: jax.Array) -> tuple[jax.Array, jax.Array]:
    """One drawing of a shape: the pieces of the pen's way, and which of them are drawn, as `render`
    takes them."""
    keys = random.split(key, 3)
    moved = uniform(keys[0], *JITTER) * random.normal(keys[1], (POINTS, 2))
    points = jnp.asarray(shapes.points)[shape] + moved[jnp.asarray(shapes.twins)[shape]]
    # y, x: narrower or wider
    points *= jnp.stack([1.0, 0.8 * jnp.exp(0.22 * random.normal(keys[2]))])
    places = jnp.asarray(shapes.weights)[shape] @ points
    return jnp.concatenate([places[:-1], places[1:]], 1), jnp.asarray(shapes.down)[shape]


def draw_digit(key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """One digit, (28, 28) in [0, 1], and its label."""
    keys = random.split(key, 3)
    shape = random.choice(keys[0], len(CHANCES), p=jnp.asarray(CHANCES))
    image = render(keys[1], *write(keys[2], digit_shapes(), shape))
    return image, jnp.asarray(digit_shapes().labels)[shape]


def pen_positions(
    shapes: Shapes, label: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """One drawing outside of jit, as `write` makes it: where the pen passes, and where it is down.

    Args:
        shapes: of digits or signs.
        label: which of these.
        rng: source of chance.

    Returns:
        (PLACES, 2) float32 y, x, about -1 to 1, and (PLACES - 1,) bool, whether it draws from a
            place to the next.
    """
    shape = rng.choice(np.flatnonzero(shapes.labels == label))
    moved = rng.uniform(*JITTER) * rng.normal(size=(POINTS, 2))
    width = 0.8 * np.exp(0.22 * rng.normal())
    points = (shapes.points[shape] + moved[shapes.twins[shape]]) * [1.0, width]
    return shapes.weights[shape] @ points.astype(np.float32), shapes.down[shape]


def draw_digits(key: jax.Array, n: int) -> tuple[jax.Array, jax.Array]:
    """n digits, each in a random shape: (n, 28, 28) uint8 and their labels (n,) int32."""
    if not n:  # and nothing to compile
        return jnp.zeros((0, SIZE, SIZE), jnp.uint8), jnp.zeros(0, jnp.int32)
    images, labels = jax.vmap(draw_digit)(random.split(key, n))
    return jnp.round(255 * images).astype(jnp.uint8), labels
