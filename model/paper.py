"""What paper is behind a picture's ink, and whether there is enough of it around.

The paper is what is left when everything narrow is filled with what lies around it (a morphological
closing). A picture that is cut close to its digits gets more paper around before that.

The constants were set on pictures of one sheet in many lights (tests/test_ink.py) and kept where
benchmarks/real_pages.py read the team's photographed pages best.
"""

import numpy as np
from PIL import Image
from scipy import ndimage

PAPER_SIDE = 256  # pixels of the longer side at which the borders of shadows are followed
WINDOW = 0.25  # of the longer side: strokes are narrower, shadows are not
# Pixels: the longer side of a picture that is likely to show one digit, and may be cut close to it.
SMALL = 512
CLOSE = 0.06  # of the longer side: nearer to the border, a stroke lacks paper around it
# Times as long as it is high: the length of a longer strip says nothing of how large its strokes
# are.
STRIP = 4
MARGIN = 0.25  # of the longer side: so much paper is laid around a picture that is cut close
STROKE = 60  # of 255: a stroke in the border differs from the paper by more
PLAIN = 12  # of 255: the paper differs from itself by less
PLAIN_SHARE = 0.3  # of the border: strokes may take up the rest


def estimate_paper(rgb: np.ndarray, where: np.ndarray | None = None) -> np.ndarray:
    """(h, w, 3) uint8 → (h, w, 3) float32: the colour that each place would have without ink, going
    by pixels `where`.

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
    small = _reduce(rgb, size, where)
    window = 2 * round(WINDOW * max(size) / 2) + 1
    close = ndimage.grey_closing if _is_dark(mean_channel(small)) else ndimage.grey_opening
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
        largest_difference((side[:depth] - paper).reshape(-1, 3))
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


def largest_difference(difference: np.ndarray) -> np.ndarray:
    """(n, 3) → (n,): the largest difference of a channel. NumPy's own max over so short an axis is
    slow."""
    red, green, blue = np.abs(difference).T
    return np.maximum(np.maximum(red, green), blue)


def mean_channel(values: np.ndarray) -> np.ndarray:
    """(h, w, 3) float32 → (h, w) float32. NumPy's own mean over so short an axis is slow."""
    return (values[..., 0] + values[..., 1] + values[..., 2]) / 3


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
        if (
            largest_difference(across - most).max()
            <= STROKE
            < largest_difference(paper - across).max()
        ):
            paper[:] = across
    return papers


def _reduce(rgb: np.ndarray, size: tuple[int, int], where: np.ndarray | None) -> np.ndarray:
    """(h, w, 3) uint8 → (height, width, 3) float32 means, for a size of (width, height), of the
    pixels `where`."""
    if where is None:
        return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX), np.float32)
    sums = np.asarray(
        Image.fromarray(rgb * where[..., None]).resize(size, Image.Resampling.BOX), np.float32
    )
    share = np.asarray(Image.fromarray(where.astype(np.float32)).resize(size, Image.Resampling.BOX))
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
