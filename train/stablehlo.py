"""A network as StableHLO in the form of jax.export: JAX runs it without the network's code.

It takes any number n ≥ 1 of pictures, and is compiled for each n when that first comes up. Of a
DigitCNN and of an Ensemble it makes of (n, 28, 28) uint8 glyphs (n, classes) float32 calibrated
probabilities; of a PageNetwork what `find` says. Needs the package flatbuffers.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import export

from model.card import Card
from model.glyph import GLYPH_SIZE
from model.network import DigitCNN, Ensemble
from model.page_format import ALIGNED, STRIDE, UNIT
from model.page_network import PageNetwork
from model.peaks import LEAST_REACH

PLATFORMS = "cpu", "cuda", "tpu"  # one file is for all of them
# How many lines of the code each operation names. With any, the file tells in which folders of this
# machine they lie, and is another one each time.
FRAMES = "jax_traceback_in_locations_limit"


def to_stablehlo(network: DigitCNN | Ensemble | PageNetwork, card: Card) -> bytes:
    """The file of a network and its temperature. The format has no place for the card.

    Raises:
        ImportError: flatbuffers is not installed.
    """
    program: Callable[[jax.Array], Any]
    if isinstance(network, PageNetwork):
        shape = export.symbolic_shape(f"n, {ALIGNED}*h, {ALIGNED}*w")

        def program(grey: jax.Array) -> dict[str, jax.Array]:
            return find(network, grey)

    else:
        shape = export.symbolic_shape(f"n, {GLYPH_SIZE}, {GLYPH_SIZE}")

        def program(glyphs: jax.Array) -> jax.Array:
            return jax.nn.softmax(network(glyphs) / card.temperature)

    frames = getattr(jax.config, FRAMES)
    jax.config.update(FRAMES, 0)
    try:
        exported = export.export(jax.jit(program), platforms=PLATFORMS)(
            jax.ShapeDtypeStruct(shape, np.uint8)
        )
    finally:
        jax.config.update(FRAMES, frames)
    return bytes(exported.serialize())


def find(network: PageNetwork, grey: jax.Array) -> dict[str, jax.Array]:
    """What a PageNetwork says of each place, as probabilities and pixels.

    `model.peaks` makes the same of it, of the peaks alone.

    Args:
        network: the page network.
        grey: (n, h, w) uint8, h and w multiples of ALIGNED.

    Returns:
        heat: (n, h/4, w/4) float32 in [0, 1], how sure it is that the middle of something is there.
        probabilities: (n, h/4, w/4, CLASSES) float32, which class it is.
        boxes: (n, h/4, w/4, 4) float32, left, top, right and bottom of it, in pixels.
    """
    heat, logits, reach = network(grey)
    y, x = (STRIDE * (jnp.arange(count) + 0.5) for count in heat.shape[1:])
    middles = jnp.stack(jnp.broadcast_arrays(x, y[:, None]), -1)
    reach = UNIT * jnp.maximum(reach, LEAST_REACH)
    boxes = jnp.concatenate([middles - reach[..., :2], middles + reach[..., 2:]], -1)
    return {
        "heat": jax.nn.sigmoid(heat),
        "probabilities": jax.nn.softmax(logits),
        "boxes": boxes,
    }
