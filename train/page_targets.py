"""What the page network is to say of a scene, and how far it is from that."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from model.page_format import LARGEST, SMALLEST, STRIDE, UNIT
from model.page_network import PageNetwork
from train.compose import SIDE
from train.page_scenes import BORDER


class Targets(NamedTuple):
    """What a network is to say of a scene; of several, with a first axis for them.

    Attributes:
        heat: (h, w) float, 1 at the place of each middle, falling off as a Gaussian of a sixth of
            the box.
        mask: (h, w) bool, False where the loss ignores what the network says.
        weight: (h, w) float of a place for classes and boxes; 0 where nothing lies.
        kind: (h, w) int, the class there.
        reach: (h, w, 4) float, from the place's middle to the box' sides, in UNITs.
    """

    heat: jax.Array
    mask: jax.Array
    weight: jax.Array
    kind: jax.Array
    reach: jax.Array


def targets(boxes: jax.Array, sizes: jax.Array, classes: jax.Array) -> Targets:
    """What a network is to say of one scene, of h × w places of STRIDE pixels.

    Args:
        boxes: (m, 4) float32 left, top, right, bottom in pixels; of no size where there is nothing.
        sizes: (m,) float32 pixels.
        classes: (m,) int8.
    """
    places = STRIDE * (jnp.arange(SIDE // STRIDE) + 0.5)
    wide, high = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    there = wide > 0
    fits = there & (sizes >= SMALLEST) & (sizes <= LARGEST)
    near = there & (sizes >= SMALLEST / BORDER) & (sizes <= LARGEST * BORDER)
    active, ignored = fits & (classes >= 0), near & ~(fits & (classes >= 0))
    x, y = ((boxes[:, side] + boxes[:, side + 2]) / 2 for side in (0, 1))
    # The middle of the place in which the middle lies, so that each digit has a place of full heat.
    x0, y0 = (STRIDE * (jnp.floor(middle / STRIDE) + 0.5) for middle in (x, y))
    spread_x, spread_y = (jnp.maximum(side / 6, 0.55 * STRIDE) for side in (wide, high))
    along_x = jnp.exp(-(((places[None] - x0[:, None]) / spread_x[:, None]) ** 2) / 2)  # (m, w)
    along_y = jnp.exp(-(((places[None] - y0[:, None]) / spread_y[:, None]) ** 2) / 2)  # (m, h)
    each = along_y[:, :, None] * along_x[:, None, :] * active[:, None, None]
    heat, owner = each.max(0), each.argmax(0)
    inside_x = (places[None] >= boxes[:, :1]) & (places[None] <= boxes[:, 2:3])
    inside_y = (places[None] >= boxes[:, 1:2]) & (places[None] <= boxes[:, 3:])
    covered = jnp.einsum(
        "my,mx->yx", (inside_y & ignored[:, None]).astype(jnp.float32), inside_x.astype(jnp.float32)
    )
    mask = (covered == 0) | (heat > 0.5)
    box = boxes[owner]  # (h, w, 4)
    xs, ys = (
        jnp.broadcast_to(places[None], heat.shape),
        jnp.broadcast_to(places[:, None], heat.shape),
    )
    reach = (
        jnp.stack([xs - box[..., 0], ys - box[..., 1], box[..., 2] - xs, box[..., 3] - ys], -1)
        / UNIT
    )
    weight = jnp.where(heat > 0.4, heat, 0.0)
    return Targets(heat, mask, weight, classes[owner].astype(jnp.int32), reach)


@jax.jit
def batch_targets(boxes: jax.Array, sizes: jax.Array, classes: jax.Array) -> Targets:
    """`targets` of many scenes, in types that take little memory."""
    heat, mask, weight, kind, reach = jax.vmap(targets)(boxes, sizes, classes)
    return Targets(
        heat.astype(jnp.float16),
        mask,
        weight.astype(jnp.float16),
        kind.astype(jnp.int8),
        reach.astype(jnp.float16),
    )


def loss_fn(
    model: PageNetwork, pictures: jax.Array, wanted: Targets
) -> tuple[jax.Array, jax.Array]:
    """Heat by CenterNet's focal loss, classes by cross-entropy, boxes by their absolute error:
    their sum, and (3,) the three."""
    logits, kinds, reaches = model(pictures)
    heat, weight, reach = (
        values.astype(jnp.float32) for values in (wanted.heat, wanted.weight, wanted.reach)
    )
    # Zhou et al., 2019, equation 1: α = 2, β = 4, a sum over places, for each digit.
    log_yes, log_no = jax.nn.log_sigmoid(logits), jax.nn.log_sigmoid(-logits)
    middle = heat > 0.999
    focal = jnp.where(
        middle, jnp.exp(2 * log_no) * log_yes, (1 - heat) ** 4 * jnp.exp(2 * log_yes) * log_no
    )
    count = jnp.maximum(middle.sum(), 1)
    of_heat = -(focal * wanted.mask).sum() / count
    total = jnp.maximum(weight.sum(), 1e-3)
    of_class = (
        optax.softmax_cross_entropy_with_integer_labels(
            kinds, jnp.clip(wanted.kind, 0).astype(jnp.int32)
        )
        * weight
    ).sum() / total
    of_box = (jnp.abs(reaches - reach).sum(-1) * weight).sum() / total
    return of_heat + of_class + of_box, jnp.stack([of_heat, of_class, of_box])
