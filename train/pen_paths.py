"""Paths of pens, drawn by program: digits as people write them, and what is none.

    paths, labels = draw_digits(rng, 1000)  # (1000, PLACES, 3) float32 and (1000,) int
    paths = draw_strangers(rng, 1000)

What a pen network learns from: the ways to write a digit that train/synthetic.py draws, more that
differ in where the pen begins and where it goes next, and pairs of digits, letters, signs and
characters of no script, on which it learns not to be sure. No person's pen is among them.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import random
from numpy.typing import NDArray

from model.pen.path import as_path, distances_along
from train.outliers import PIECES, SIGNS, sign_shapes, write_character
from train.synthetic import SHAPES, Shapes, Way, as_shapes, pen_positions

# Ways to write each digit, as in train/synthetic.py, in other orders: there, what counts is how
# they look.
ORDERS: dict[int, list[Way]] = {
    0: [
        ["5020111739798882513023"],
        ["602012183969888260403244"],
        ["50111739798872402125"],
        ["3011174988877240305070"],
        ["90602012284979887350"],
        ["6021122639597754523025", "6247"],
        ["602113285979866041", "8228"],
        ["50211328597986604124", "9108"],
        ["40211328597986604026"],
        ["502011274969787350", "3575"],
        ["70201016397988733234"],
        ["403011164979885131"],
        ["301017397987651314"],
    ],
    1: [
        ["5059", "5023"],
        ["5059", "5023", "2989"],
        ["5059", "2989", "5023"],
        ["6059", "2360"],
        ["503250505959", "3989"],
        ["5024505059", "2989"],
        ["1450505959191999"],
        ["2350505959292989"],
        ["502450505959393989"],
        ["24505058585929"],
        ["13505058584828"],
        ["503150505959191989"],
        ["5059", "1450"],
        ["604160605959"],
        ["5059", "5032"],
        ["35505059"],
        ["13306049"],
        ["1240605049"],
        ["251333605049"],
        ["244160605949"],
        ["2440506058", "1979"],
        ["12506059", "2989"],
        ["2350505859", "1979"],
        ["344352615949"],
        ["1322416049"],
        ["22416059493999"],
    ],
    2: [
        ["4332206071643719489887"],
        ["42534220607163381958"],
        ["334253406071552918285888"],
        ["53433220407163462818386876"],
        ["30406072634818295978"],
        ["203041525538192998"],
        ["11206062453617284779"],
        ["102052643517283869"],
        ["1150807355281948776899"],
        ["1150817426281737577888"],
        ["0240806534182738688797"],
        ["2140717344281747587787"],
        ["233241617345192898"],
        ["243140717354291989"],
        ["422335506172442928786696"],
        ["335352407173451847788595"],
        ["10607182746337182848788897"],
        ["103050715334283747678797"],
        ["142050725527081828577798"],
    ],
    3: [
        ["403020507163444464775829"],
        ["50101050607134446478693918"],
        ["10708054445486785919"],
        ["10905444658779491918"],
        ["104080604464757869381806"],
        ["21317180634455656778382807"],
        ["105071624344657758381729"],
        ["104080535577684939"],
        ["107170434354656858282726"],
        ["11609065447476795929"],
    ],
    4: [
        ["3015246471707079"],
        ["2013255573707089"],
        ["302515557371707059"],
        ["60151675626069"],
        ["7040152575737079"],
        ["2024255572707279"],
        ["3014346563717059"],
        ["50142565746069"],
        ["6025152656736069"],
        ["40256570", "7079"],
        ["1014246464", "8059"],
        ["7015158585", "7079"],
        ["2015264656565869"],
        ["3026375655586979"],
        ["2025364546475859"],
        ["3015264645545959"],
        ["4035263555456879"],
        ["20142534545558"],
        ["30252635455469"],
        ["4024263666", "7059"],
        ["5033265363", "6059"],
        ["501505558585", "7089"],
        ["2014155575", "7069"],
        ["1213245464", "6059"],
        ["1016267677", "7589"],
        ["503314347462715049"],
        ["602414547360504849"],
        ["5033132474", "5158"],
        ["2016354574716859"],
        ["30163656716859"],
    ],
    5: [
        ["8020", "20246487794918"],
        ["2024647788691918", "2080"],
        ["7030", "30346577784918"],
        ["9030335475765728"],
        ["803032526376582918"],
        ["103022345566584939", "3080"],
        ["32344666583818", "2272"],
        ["4030245675583817", "4090"],
        ["807030336466583817"],
        ["1040", "2023357678593919"],
        ["2070", "2025446678491918"],
        ["202434556778591909", "2080"],
        ["303435556768492918", "3090"],
        ["90402034657578492918"],
        ["80402035557788591908"],
    ],
    6: [
        ["2014275989867556577889"],
        ["3015285879867544477879"],
        ["70402719485868575646"],
        ["80502718394857463626"],
        ["602718395968574736"],
        ["90401719497867563647"],
        ["40171949797664364658"],
        ["2025395977654425395767"],
        ["40151829698675443638"],
        ["302419496877663639488797"],
        ["201527496765643646498777"],
        ["10142869847255476989"],
        ["6031152749697866453637"],
        ["70401417395988775727"],
        ["503027394969777555372839"],
        ["50342829386866462839"],
    ],
    7: [
        ["109090494966"],
        ["108080484867"],
        ["129080393958"],
        ["1090", "9049"],
        ["10909049", "2575"],
        ["2575", "10909049"],
        ["22808059"],
        ["121090907549"],
        ["2111608081645449"],
        ["2220808059"],
        ["23212080807459"],
        ["131080725549"],
        ["22318090715449"],
        ["80201180715449"],
        ["9030218090655749"],
        ["1232119071645459"],
        ["32121180715549"],
        ["3320907159"],
        ["2080", "7059", "2575"],
        ["20805348", "2686"],
        ["2080705549", "1595"],
        ["1080506859", "2696"],
        ["109050484967"],
        ["10705039485756"],
        ["202150806049"],
    ],
    8: [
        ["704031325466775839274553627170"],
        ["304060503142556759492846546270"],
        ["70503032436566583927446271"],
        ["40303244667759382745536150"],
        ["603031536678593826456271"],
        ["505030334363715050", "5433365969776554"],
        ["80502031445677583938465370"],
        ["8050203346657869392817446172"],
        ["50202233656859282644627260"],
        ["4455666849292644627150302244"],
        ["263858686644223050627145261738"],
        ["34557678593827466461504021"],
        ["80402132557769492735638090"],
        ["70301023557788593817355480"],
        ["90403022436678593927446380"],
        ["405073451828586845334050"],
        ["4332305061534547385876554332"],
        ["603021345678593726456280"],
    ],
    9: [
        ["345464725030233455665849"],
        ["44658070402033556566583929"],
        ["4464726040324355665748"],
        ["84542412306071736659"],
        ["9434131140708172655549"],
        ["73433221416071635649"],
        ["83532211406172736658"],
        ["31234473715030224463717559"],
        ["40223454726040213352717669"],
        ["513123346371503022346270757919"],
        ["412234447260402133436271757958"],
        ["6130223354637150302244637559"],
        ["715030223454637171", "708089"],
        ["60302234547270", "7279"],
        ["704022345473", "8049"],
        ["72402033547271", "7079492919"],
        ["50223454737250", "7069"],
        ["60302133537160", "7157"],
        ["7140203244637175693919"],
        ["83604020233555848188"],
        ["0939586470402032446271"],
        ["49576570503022446471"],
        ["1959687572604022335271"],
        ["50403142525140616577694919"],
        ["605142526160516475785919"],
        ["403132425140616577592908"],
        ["514041526260407173664919"],
        ["6040425261506174765929"],
        ["503021324251405164776939"],
        ["70402122436270717566492919"],
        ["80502031425362717477591908"],
        ["7040222434547170675919"],
        ["804010124363717659391918"],
        ["70403133536361756649"],
        ["90502022447272656749"],
        ["8060302244646160796959"],
        ["7079", "7050202353627060"],
        ["8069", "80502022345472"],
        ["5049", "60301022335262"],
        ["6069", "604020235463"],
        ["2959787250302234546270"],
        ["72402023546370"],
        ["804031323572637181766949"],
    ],
}
TURNED_ROUND = 0.2  # of the strokes, which are written from their end
OTHER_ORDER = 0.4  # of what has several strokes: the last is written first
# Of the digits that are loops, those whose loop begins anywhere.
LOOPS, ANYWHERE = (0, 8), 0.3
CUT, LOST = 0.5, 0.1  # of what is drawn, and of a first stroke: what its beginning may lack
BROKEN, RETOUCHED = 0.1, 0.2  # of what is drawn: the pen was lifted once more, or came back
BACK = 0.1, 0.5  # of a stroke: as much is gone over again
GAP = -0.5, 0.5  # between the digits of a pair, of half their height
WARP, GRAIN = 0.03, 0.01  # of the longer side: how far a smooth warp, and chance, move places


def draw_digits(rng: np.random.Generator, n: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """n > 0 digits, each as likely as another: (n, PLACES, 3) float32, as model/pen/path.py has
    paths, and (n,) labels."""
    labels = rng.integers(10, size=n)
    paths = [as_path(_reorder(rng, _write(rng, int(label)))) for label in labels]
    return np.stack(paths), labels


def draw_strangers(rng: np.random.Generator, n: int) -> NDArray[np.float32]:
    """n things that are no digit, n >= 3, (n, PLACES, 3) float32: a third of them pairs of digits,
    a third letters and signs, a third characters of no script, as train/outliers.py draws them."""
    shapes = sign_shapes()
    every = [
        _pair(rng, *(_write(rng, int(digit)) for digit in rng.integers(10, size=2)))
        for _ in range(n // 3)
    ]
    every += [
        _as_strokes(*pen_positions(shapes, int(sign), rng))
        for sign in rng.integers(len(SIGNS), size=n // 3)
    ]
    keys = random.split(random.key(int(rng.integers(2**31))), n - len(every))
    segments, there = (np.asarray(part) for part in jax.jit(jax.vmap(write_character))(keys))
    for pieces, drawn in zip(segments, there, strict=True):
        every.append(
            [
                np.concatenate([stroke[:1, :2], stroke[:, 2:]])[:, ::-1]
                for stroke in pieces[drawn].reshape(-1, PIECES, 4)
            ]
        )
    return np.stack([as_path(_reorder(rng, strokes)) for strokes in every])


def bend(key: jax.Array, paths: jax.Array) -> jax.Array:
    """(n, PLACES, 3) paths, each turned, slanted, narrowed and warped a little, and its places
    moved by chance; inside jit."""
    keys = random.split(key, 5)
    n = len(paths)
    x, y = paths[..., 0], paths[..., 1]
    # sines and cosines of about a digit's size
    waves_x, waves_y = (
        jnp.stack([jnp.ones_like(v), jnp.sin(jnp.pi * v), jnp.cos(2 * jnp.pi * v)], -1)
        for v in (x, y)
    )
    sizes = WARP * random.normal(keys[0], (n, 2, 3, 3))
    moved = jnp.einsum("ncab,npa,npb->npc", sizes, waves_x, waves_y)
    angle, slant, narrow = jnp.array([0.12, 0.15, 0.1])[:, None, None] * random.normal(
        keys[1], (3, n, 1)
    )
    x, y = x + moved[..., 0], y + moved[..., 1]
    x = jnp.exp(narrow) * x + slant * y
    x, y = x * jnp.cos(angle) - y * jnp.sin(angle), x * jnp.sin(angle) + y * jnp.cos(angle)
    places = jnp.stack([x, y], -1) + GRAIN * random.normal(keys[2], (*x.shape, 2))
    low, high = places.min(1, keepdims=True), places.max(1, keepdims=True)
    places = (places - (low + high) / 2) / (high - low).max(-1, keepdims=True)
    return jnp.concatenate([places, paths[..., 2:]], -1)


@functools.cache
def _shapes() -> Shapes:
    """All ways to write each digit."""
    return as_shapes([SHAPES[digit] + ORDERS[digit] for digit in range(10)])


def _write(rng: np.random.Generator, digit: int) -> list[NDArray[np.float32]]:
    """A digit's strokes, (n, 2) x, y each."""
    strokes = _as_strokes(*pen_positions(_shapes(), digit, rng))
    if digit in LOOPS and rng.random() < ANYWHERE:
        loop, begin = strokes[0], rng.integers(len(strokes[0]))
        strokes[0] = np.concatenate([loop[begin:], loop[1 : begin + 1]])
    return strokes


def _pair(
    rng: np.random.Generator, some: list[NDArray[np.float32]], others: list[NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    """The strokes of two digits beside each other, which may meet."""
    right = np.concatenate(some)[:, 0].max() - np.concatenate(others)[:, 0].min()
    aside = np.array([right + rng.uniform(*GAP), rng.uniform(-0.2, 0.2)], np.float32)
    return [*some, *(stroke + aside for stroke in others)]


def _as_strokes(places: NDArray[np.float32], down: NDArray[np.bool_]) -> list[NDArray[np.float32]]:
    """What `pen_positions` gives → strokes, (n, 2) x, y each."""
    strokes = np.split(places[:, ::-1], np.flatnonzero(~down) + 1)
    return [stroke for stroke in strokes if len(stroke) > 1]


def _reorder(
    rng: np.random.Generator, strokes: list[NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    """The same strokes as others write them: some from their end, in another order, a beginning
    lost, broken, or gone over again."""
    strokes = [stroke[::-1] if rng.random() < TURNED_ROUND else stroke for stroke in strokes]
    if rng.random() < OTHER_ORDER:
        strokes = strokes[::-1]
    if rng.random() < CUT:
        strokes[0] = _part(strokes[0], LOST * rng.random(), 1)
    longest = int(np.argmax([len(stroke) for stroke in strokes]))
    if rng.random() < BROKEN:
        at = rng.uniform(0.2, 0.8)
        parts = _part(strokes[longest], 0, at), _part(strokes[longest], at, 1)
        strokes = [*strokes[:longest], *parts, *strokes[longest + 1 :]]
    if rng.random() < RETOUCHED:
        stroke, length = strokes[rng.integers(len(strokes))], rng.uniform(*BACK)
        begin = rng.uniform(0, 1 - length)
        again = _part(stroke, begin, begin + length)
        off = 0.04 * rng.normal(size=2) * np.ptp(np.concatenate(strokes), axis=0).max()
        strokes = [*strokes, (again + off).astype(np.float32)]
    return strokes


def _part(stroke: NDArray[np.float32], begin: float, end: float) -> NDArray[np.float32]:
    """The part of a stroke between two shares of its length."""
    gone = distances_along(stroke)
    gone /= gone[-1]
    first, last = ([np.interp(at, gone, axis) for axis in stroke.T] for at in (begin, end))
    inner = stroke[(gone > begin) & (gone < end)]
    return np.vstack([first, inner, last]).astype(np.float32)
