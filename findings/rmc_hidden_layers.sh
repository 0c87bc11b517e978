#!/usr/bin/env bash
# rmc 0.3.0, rmscene 0.6.1: what stands on a hidden layer of a reMarkable page is drawn as all else is.
#
# A page of version 6 says of each layer whether it is shown, and rmscene reads that into Group.visible. But rmc's SVG
# and PDF don't look at it, nor does SceneTree.walk(): what somebody has hidden on the tablet, such as a first attempt or
# the answers, comes out on paper, and a reader of handwriting finds two layers written over each other. Walk the tree
# yourself and leave out a group whose `visible.value` is false, with all that is in it.
#
# Seen: "layers shown: [True, False], strokes that walk() gives: 2, lines of the SVG: 2".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check rmc==0.3.0 rmscene==0.6.1 2>/dev/null
"$folder/env/bin/python" - <<'PYTHON'
import io
from importlib.metadata import version

from rmc.exporters.svg import tree_to_svg
from rmscene import CrdtId, LwwValue, read_tree, scene_items, write_blocks
from rmscene.crdt_sequence import CrdtSequenceItem
from rmscene.scene_stream import SceneGroupItemBlock, SceneLineItemBlock, SceneTreeBlock, TreeNodeBlock

assert version("rmc") == "0.3.0" and version("rmscene") == "0.6.1"
ROOT, NONE = CrdtId(0, 1), CrdtId(0, 0)


def layer(number: int, shown: bool) -> list:
    """The blocks of a layer with a stroke on it, as the tablet writes them."""
    name, of = CrdtId(0, number), CrdtId(0, number + 1)
    places = [
        scene_items.Point(x=x, y=10.0 * number, speed=0, direction=0, width=8, pressure=100)
        for x in (10.0, 200.0)
    ]
    stroke = scene_items.Line(scene_items.PenColor.BLACK, scene_items.Pen.FINELINER_2, places, 2.0, 0.0)
    group = scene_items.Group(name, label=LwwValue(of, f"Layer {number}"), visible=LwwValue(of, shown))
    return [
        SceneTreeBlock(name, NONE, True, ROOT),
        TreeNodeBlock(group),
        SceneGroupItemBlock(ROOT, CrdtSequenceItem(CrdtId(0, number + 2), NONE, NONE, 0, name)),
        SceneLineItemBlock(name, CrdtSequenceItem(CrdtId(1, number + 3), NONE, NONE, 0, stroke)),
    ]


page = io.BytesIO()
write_blocks(page, [TreeNodeBlock(scene_items.Group(ROOT)), *layer(11, True), *layer(21, False)])
page.seek(0)
tree = read_tree(page)
shown = [group.visible.value for group in tree.root.children.values()]
drawn = io.StringIO()
tree_to_svg(tree, drawn)
walked, lines = len(list(tree.walk())), drawn.getvalue().count("<polyline")
print(f"layers shown: {shown}, strokes that walk() gives: {walked}, lines of the SVG: {lines}")
assert shown == [True, False]
assert walked == lines == 2, "it behaves otherwise now"
PYTHON
