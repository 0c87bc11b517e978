"""RGB → ink map: how much ink lies on each pixel, whatever the light, the paper and the pen.

The paper is what is left when everything narrow is filled with what lies around it (a morphological
closing). Ink is what differs from it along the one direction in colour space in which this
picture's ink differs: so dark on light, light on dark and coloured pens are one case. SciPy does
the rest; JAX brings it, so it costs no further install.
"""

import numpy as np
from PIL import Image
from scipy import ndimage

PAPER_SIDE = 256  # pixels of the longer side at which shadows' borders are followed
WINDOW = 0.25  # of the longer side: strokes are narrower, shadows are not
BORDER = 0.06  # of each side: where a table's edge may show
SHADOWS = 0.6, 3.0  # how much the ink of brighter and darker places is evened out
DIRECTION_SIDE = 100  # pixels a side that are enough to tell the ink's colour
RULING = 1 / 14  # of the page: a ruling runs straight and level for longer
RULING_INK = 0.15  # of full ink: a ruling is seldom paler
FLATTER = 0.8  # of the mean difference from the paper: then another paper is the better one
THROUGH = 0.9  # of the page: a line by itself is a ruling if it runs for longer,
ONES = 5  # and so are so many uprights, where no line runs across
RULED_PAGE = 400  # pixels: a smaller picture has no room for writing on lines
RULING_WIDTH = 1 / 120  # of the page: a ruling is thinner, a large digit's stroke is not
# pixels: the longer side of a picture that is likely to show one digit, and may be cut close to it
SMALL = 512
CLOSE = 0.06  # of the longer side: nearer to the border, a stroke lacks paper around it
# times as long as it is high: beyond, its length says nothing of how large its strokes are
STRIP = 4
MARGIN = 0.25  # of the longer side: so much paper is laid around a picture that is cut close
# of 255: what a stroke in the border differs from the paper, and the paper from itself
STROKE, PLAIN = 60, 12
PLAIN_SHARE = 0.3  # of the border: strokes may take up the rest
MIN_CONTRAST = 14  # of 255: less than this from the paper, and the eye sees nothing written
# pixels: larger than grains of paper, so that neighbours so far apart have nothing in common
GRAIN = 5
NOISE_FACTOR = 3.0  # ink differs from the paper by more than so many σ of the paper's noise


def ink_map(rgb: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 → (h, w) float32 in [0, 1]: 1 full ink, 0 paper and rulings; all 0 where
    nothing is written."""
    if is_cut_close(rgb):
        # Ink that is cut off by the border can't be told from a shadow or a table there: with paper
        # around, it can.
        around, inside = add_margin(rgb)
        return ink_map(around)[inside]
    ground = estimate_paper(rgb)
    ink = _ink(ground - rgb, ground)
    if max(ink.shape) >= RULED_PAGE and (lines := find_rulings(ink)).any():
        # Once more without them: there may be more ruling than writing, and of another colour.
        kept = ~ndimage.binary_dilation(lines, np.ones((3, 3)))
        # Lines lighter than the paper may have been taken for it; the better paper is the nearer to
        # the picture.
        anew = estimate_paper(rgb, kept)
        if _mean_size(anew - rgb, kept) < FLATTER * _mean_size(ground - rgb, kept):
            ground = anew
        ink = _ink(ground - rgb, ground, kept)
        # Where a stroke crosses a ruling, the line is darker than around there, or thicker than
        # rulings are.
        line, window = np.where(lines, ink, 0), round(RULING * max(ink.shape))
        level = ndimage.uniform_filter(line**2, window) / np.maximum(
            ndimage.uniform_filter(line, window), 1e-3
        )
        lines &= ink < 1.5 * level
        ink[lines] = 0
    return ink


def local_ink_map(rgb: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8, a digit and a little around it → (h, w) float32 ink; there, the paper is of
    one colour."""
    ground = np.broadcast_to(np.median(rgb, axis=(0, 1)).astype(np.float32), rgb.shape)
    return _ink(ground - rgb, ground)


def is_cut_close(rgb: np.ndarray) -> bool:
    """Whether strokes reach a picture's border, or nearly, which is plain paper otherwise.

    In a large picture, it is seldom a digit that reaches the border, but a table's edge, a shadow
    or another line: there all sides must be reached, as by one digit cut out, and corners be paper.
    """
    every = -(-max(rgb.shape) // SMALL)  # large strokes need not be looked at closely
    rgb = rgb[::every, ::every]
    depth = max(1, round(CLOSE * _length(rgb)))
    turned = [np.rot90(rgb, quarter) for quarter in range(4)]
    papers = _border_paper(rgb)
    differences = [
        _largest((side[:depth] - paper).reshape(-1, 3))
        for side, paper in zip(turned, papers, strict=True)
    ]
    outermost = [
        difference[: len(paper)] for difference, paper in zip(differences, papers, strict=True)
    ]
    reached = [difference.max() > STROKE for difference in differences]
    if not any(reached) or (np.concatenate(outermost) <= PLAIN).mean() < PLAIN_SHARE:
        return False
    if every == 1:
        return True
    corners = np.array([np.median(side[:depth, :depth], axis=(0, 1)) for side in turned])
    plain = np.abs(corners - np.median(rgb[::4, ::4], axis=(0, 1))).max(1) <= STROKE
    return all(reached) and plain.sum() >= 3  # a 7 begins in a corner


def add_margin(rgb: np.ndarray) -> tuple[np.ndarray, tuple[slice, slice]]:
    """(h, w, 3) uint8 → the same with paper around it, going on as it is at the border; and where
    the picture is."""
    margin = round(MARGIN * _length(rgb))
    paper = rgb.copy()
    for quarter, line in enumerate(_border_paper(rgb)):
        np.rot90(paper, quarter)[0] = line.round()  # a view
    around = np.pad(paper, ((margin, margin), (margin, margin), (0, 0)), "edge")
    inside = np.s_[margin : margin + len(rgb), margin : margin + rgb.shape[1]]
    around[inside] = rgb
    return around, inside


def _length(rgb: np.ndarray) -> int:
    """The longer side of an (h, w, 3) picture; of a strip, so much of it that paper around makes it
    no square."""
    return min(max(rgb.shape[:2]), STRIP * min(rgb.shape[:2]))


def _border_paper(rgb: np.ndarray) -> list[np.ndarray]:
    """(h, w, 3) → the four sides of its border, (n, 3) float32 each, as np.rot90 turns them up,
    without the strokes."""
    papers = []
    for quarter in range(4):
        side = np.rot90(rgb, quarter)[0].astype(np.float32)
        coarse = side[:: max(1, len(side) // 32)]
        # wider than strokes
        coarse = ndimage.median_filter(coarse, (len(coarse) // 2 | 1, 1), mode="nearest")
        places = np.linspace(0, len(coarse) - 1, len(side))
        channels = [np.interp(places, np.arange(len(coarse)), channel) for channel in coarse.T]
        papers.append(np.stack(channels, 1, dtype=np.float32, casting="same_kind"))
    # One side that is unlike all the others is a stroke along it; in uneven light, two opposite
    # sides differ.
    means = np.array([paper.mean(0) for paper in papers])
    typical = np.median(means, axis=0)
    unlike = np.flatnonzero(np.abs(means - typical).max(1) > STROKE)
    if len(unlike) == 1:
        papers[unlike[0]][:] = typical
    # So is what lies between ends that are as most of the border, as a 5 has it above and below.
    most = np.median(np.concatenate(papers), axis=0)
    for paper in papers:
        share = np.linspace(0, 1, len(paper), dtype=np.float32)[:, None]
        across = paper[0] * (1 - share) + paper[-1] * share
        if _largest(across - most).max() <= STROKE < _largest(paper - across).max():
            paper[:] = across
    return papers


def _ink(difference: np.ndarray, ground: np.ndarray, where: np.ndarray | None = None) -> np.ndarray:
    """Differences from the paper (h, w, 3), and the paper → ink (h, w) in [0, 1], going by the
    pixels `where`."""
    direction = _ink_direction(difference, where)
    if direction is None:
        return np.zeros(difference.shape[:2], np.float32)
    ink = difference @ direction  # (h, w), in grey levels of 255
    if np.ptp(ground[::8, ::8]) > 1:
        # Dark ink takes a share of the light: in a shadow the same ink differs by less; light ink,
        # on a lighter ground.
        brightness = ground.mean(2)
        room = brightness if direction.sum() > 0 else 255 - brightness
        ink *= np.clip(room.mean() / np.maximum(room, 1), *SHADOWS)
    noise = _noise(ink)
    if noise > 2:
        ink = ndimage.gaussian_filter(ink, 0.8)  # grain would break thin strokes
        noise = _noise(ink)
    floor = NOISE_FACTOR * noise
    least = max(floor, MIN_CONTRAST)
    # What lies along the border, a table's edge, is darker than any ink: it must not say how dark
    # ink is.
    rows, columns = (round(BORDER * side) for side in ink.shape)
    inner = slice(rows, len(ink) - rows), slice(columns, ink.shape[1] - columns)
    strong = ink > least
    written = ink[inner][strong[inner] if where is None else strong[inner] & where[inner]]
    if len(written) < 3:
        written = ink[strong]
    if len(written) < 3:
        return np.zeros(ink.shape, np.float32)
    full = _typical(written)
    low = min(floor, full / 2)
    return np.clip((ink - low) / (full - low), 0, 1).astype(np.float32)


def _mean_size(difference: np.ndarray, where: np.ndarray) -> float:
    """The mean absolute difference of pixels `where`, from a sixteenth of them."""
    return float(np.abs(difference[::4, ::4][where[::4, ::4]]).mean())


def as_glyph(rgb: np.ndarray, size: int) -> np.ndarray:
    """(h, w, 3) uint8 → (size, size) uint8: the whole picture in grey, ink high and nothing taken
    away.

    For a picture that shows a single digit, so damaged that its ink can't be told from the rest:
    the network has seen such ones. All 0 where nothing is written.
    """
    direction = _ink_direction(estimate_paper(rgb) - rgb)
    if direction is None:
        return np.zeros((size, size), np.uint8)
    grey = Image.fromarray(rgb).convert("L").resize((size, size), Image.Resampling.BOX)
    return 255 - np.asarray(grey) if direction.sum() > 0 else np.asarray(grey)


def estimate_paper(rgb: np.ndarray, kept: np.ndarray | None = None) -> np.ndarray:
    """(h, w, 3) uint8 → (h, w, 3) float32: the colour that each place would have without ink, going
    by pixels `kept`.

    A morphological closing (an opening, where ink is light): it fills what is narrower than its
    window, as strokes are, and follows light, the border of a shadow and the edge of a table.
    """
    height, width = rgb.shape[:2]
    # drawn by a program: the same colour all over
    if (rgb[::4, ::4] == rgb[0, 0]).all(2).mean() > 0.5:
        # by rows, as NumPy is slow along an axis of three
        row = np.tile(rgb[0, 0].astype(np.float32), width)
        return np.broadcast_to(row, (height, 3 * width)).reshape(rgb.shape)
    scale = min(1, PAPER_SIDE / max(height, width))
    size = max(2, round(width * scale)), max(2, round(height * scale))
    small = _reduced(rgb, size, kept)
    window = 2 * round(WINDOW * max(size) / 2) + 1
    close = ndimage.grey_closing if _is_dark(small.mean(2)) else ndimage.grey_opening
    # Light that falls off towards a border goes on falling beyond it.
    padded = np.pad(small, ((window, window), (window, window), (0, 0)), "edge")
    ground = close(padded, (window, window, 1))[window:-window, window:-window]
    # the brightest of noisy pixels is brighter than the paper
    ground -= np.median(ground - small, axis=(0, 1))
    ground = ndimage.gaussian_filter(ground, (1, 1, 0))
    channels = [Image.fromarray(ground[..., c]) for c in range(3)]
    return np.dstack(
        [np.asarray(c.resize((width, height), Image.Resampling.BILINEAR)) for c in channels]
    )


def _reduced(rgb: np.ndarray, size: tuple[int, int], kept: np.ndarray | None) -> np.ndarray:
    """(h, w, 3) uint8 → (height, width, 3) float32 means, for a size of (width, height), of the
    pixels `kept`."""
    if kept is None:
        return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX), np.float32)
    sums = np.asarray(
        Image.fromarray(rgb * kept[..., None]).resize(size, Image.Resampling.BOX), np.float32
    )
    share = np.asarray(Image.fromarray(kept.astype(np.float32)).resize(size, Image.Resampling.BOX))
    around = [ndimage.uniform_filter(a, (9, 9, 1)[: a.ndim]) for a in (sums, share)]
    means = [s / np.maximum(n, 1e-3)[..., None] for s, n in ((sums, share), around)]
    return np.where((share > 0.3)[..., None], *means)


def _is_dark(grey: np.ndarray) -> bool:
    """(h, w) grey → whether ink is darker than paper: it differs from the median around it, which
    follows the borders of shadows, and is the smaller part."""
    step = max(1, round(max(grey.shape) / 64))
    coarse = grey[::step, ::step]
    difference = coarse - ndimage.median_filter(coarse, 15, mode="nearest")
    return float((difference * np.abs(difference)).sum()) <= 0


def _typical(written: np.ndarray) -> float:
    """The ink level below which half of all ink energy lies: grain is many pixels, but little
    energy."""
    values = np.sort(written)
    energy = np.cumsum(values.astype(np.float64) ** 2)
    return float(values[np.searchsorted(energy, energy[-1] / 2)])


def _ink_direction(difference: np.ndarray, where: np.ndarray | None = None) -> np.ndarray | None:
    """(h, w, 3) → the unit vector (3,) along which ink differs from paper, towards ink; None where
    nothing does."""
    if where is not None:
        difference = np.where(where[..., None], difference, 0)
    if not difference.any():  # an empty sheet of a program
        return None
    every = [max(1, round(side / DIRECTION_SIDE)) for side in difference.shape[:2]]
    sampled = difference[:: every[0], :: every[1]].reshape(-1, 3)
    size = _largest(sampled)
    noise = 1.4826 * np.median(size)
    if (size > max(MIN_CONTRAST, NOISE_FACTOR * noise)).sum() < 3:
        # Strokes that the sampling missed, or none: look at every pixel before saying so.
        sampled = difference.reshape(-1, 3)
        size = _largest(sampled)
    strong = sampled[size > max(MIN_CONTRAST, NOISE_FACTOR * noise)]
    if len(strong) < 3:
        return None
    _, vectors = np.linalg.eigh(strong.T @ strong)
    along = strong @ vectors[:, -1]
    # The side with more energy is ink: light between strokes is never as far from the paper as the
    # strokes.
    sign = np.sign((along * np.abs(along)).sum())
    return (vectors[:, -1] * (sign or 1)).astype(np.float32)


def _largest(difference: np.ndarray) -> np.ndarray:
    """(n, 3) → (n,): the largest difference of a channel. NumPy's own max over so short an axis is
    slow."""
    red, green, blue = np.abs(difference).T
    return np.maximum(np.maximum(red, green), blue)


def _noise(ink: np.ndarray) -> float:
    """σ of the paper's noise, from the median difference of places GRAIN pixels apart, which ink
    hardly touches."""
    rows = ink[:: max(1, len(ink) // 100)]
    steps = np.abs(rows[:, GRAIN:] - rows[:, :-GRAIN]) if ink.shape[1] > GRAIN else np.zeros(1)
    return float(np.median(steps)) * 1.4826 / np.sqrt(2)


def find_rulings(ink: np.ndarray) -> np.ndarray:
    """(h, w) ink → (h, w) bool: the lines of ruled or squared paper, less the strokes across
    them."""
    mask = ink >= RULING_INK
    level, upright = _level(mask), _level(mask.T).T
    if upright.any() and not level.any():
        upright = _level(mask.T, ONES).T  # without lines across, a few may be as many 1s
    if not (level.any() and upright.any()):
        return level | upright
    # Where two lines cross, each is as thick as the other is long.
    gap = 2 * round(RULING_WIDTH * max(ink.shape)) + 1
    return level | upright | _closed(level, gap, axis=1) & _closed(upright, gap, axis=0) & mask


def _closed(marked: np.ndarray, gap: int, axis: int) -> np.ndarray:
    """Marks, and gaps between them along an axis that are narrower than so many pixels."""
    wide = ndimage.maximum_filter1d(marked.view(np.uint8), gap, axis)
    return ndimage.minimum_filter1d(wide, gap, axis) > 0


def _level(mask: np.ndarray, few: int = 1) -> np.ndarray:
    """(h, w) bool → (h, w) bool: pixels of lines that run level through half of the page, less
    strokes across them.

    So few lines, none of which runs through all of the page, are no rulings, but 1s or strokes
    under numbers.
    """
    width, found = mask.shape[1], np.zeros_like(mask)
    # odd: an even window lies beside the pixel that it is of
    long = round(RULING * max(mask.shape)) | 1
    if width < 4 * long:
        return found
    rows = np.flatnonzero(mask.sum(1) >= long)
    if not len(rows):
        return found
    band = slice(rows[0], rows[-1] + 1)
    marked = mask[band]
    runs = (
        ndimage.maximum_filter1d(
            ndimage.minimum_filter1d(marked.view(np.uint8), long, axis=1), long, axis=1
        )
        > 0
    )
    if not runs.any():
        return found
    # Thicker than any line: a shadow's border or a stroke, which would link all lines that it
    # meets.
    thick, widest = _run_lengths(marked), max(2, RULING_WIDTH * max(mask.shape))
    runs &= thick <= widest
    linked, count = ndimage.label(ndimage.maximum_filter(runs, (3, long)), np.ones((3, 3)))
    areas = np.bincount(linked[runs], minlength=count + 1)
    spans = [columns.stop - columns.start for _, columns in ndimage.find_objects(linked)]
    lengths = np.array([0, *spans]) - long + 1  # linking made them longer
    thin = areas <= lengths * widest
    runs &= thin[linked]
    # A line is there from side to side; or, where writing stands on it, before and after that. Not
    # the sum over rows: a stroke five pixels thick and a tenth of the page long would pass for half
    # of it.
    in_row = ndimage.maximum_filter1d(runs.sum(1), 5)
    runs &= (lengths > 0.5 * width)[linked] | (in_row > 0.5 * width)[:, None]
    if not runs.any():
        return found
    rows, columns = runs.any(1), np.flatnonzero(runs.any(0))
    count = ndimage.label(ndimage.maximum_filter1d(rows.view(np.uint8), 5))[1]
    if count <= few and np.ptp(columns) < THROUGH * width:
        return found
    # As thick as its line, or a stroke stands on it there.
    line = np.median(thick[runs])
    found[band] = ndimage.maximum_filter1d(runs, 3, axis=0) & marked & (thick <= line + 2)
    return found


def _run_lengths(mask: np.ndarray) -> np.ndarray:
    """(h, w) bool → (h, w) int: of each marked pixel, how many marked ones lie above and below it
    without a gap."""
    above = np.zeros(mask.shape, np.int32)
    below = np.zeros(mask.shape, np.int32)
    for row in range(len(mask)):
        above[row] = (above[row - 1] + 1 if row else 1) * mask[row]
    for row in range(len(mask) - 1, -1, -1):
        below[row] = (below[row + 1] + 1 if row < len(mask) - 1 else 1) * mask[row]
    return above + below - mask
