#!/usr/bin/env bash
# universal-ink-library 2.1.2: an InkML channel's resolution is divided by as a bare number, its units are not looked at.
#
# 100 steps a millimetre are 1000 steps a centimetre. Written the one way or the other, the same trace comes out ten
# times as small: the values are divided by 100 or 1000, and what is left is taken in the channel's own units,
# millimetres. So a pen's width, or a filter by a stroke's length, is wrong by ten for half of the files that devices
# write, with no error. Bring resolution and channel to one unit before handing a file over, or scale by the ink itself.
#
# Seen: a line of 1000 steps is 10.0 mm by "100 1/mm" and 1.0 mm by "1000 1/cm".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check "universal-ink-library==2.1.2" 2>/dev/null
cd "$folder"
"$folder/env/bin/python" 2>/dev/null <<'PYTHON'
import pathlib

from uim.codec.parser.inkml import InkMLParser

FILE = """<?xml version="1.0" encoding="UTF-8"?>
<ink xmlns="http://www.w3.org/2003/InkML">
  <definitions>
    <context xml:id="page">
      <inkSource xml:id="tablet" manufacturer="somebody" model="some">
        <traceFormat>
          <channel name="X" type="integer" units="mm"/>
          <channel name="Y" type="integer" units="mm"/>
        </traceFormat>
        <sampleRate uniform="true" value="100"/>
        <channelProperties>
          <channelProperty channel="X" name="resolution" value="{value}" units="{units}"/>
          <channelProperty channel="Y" name="resolution" value="{value}" units="{units}"/>
        </channelProperties>
      </inkSource>
    </context>
  </definitions>
  <trace contextRef="#page">0 0, 500 0, 1000 0</trace>
</ink>"""
PIXEL = 25.4 / 96  # millimetres of a device-independent pixel, which splines are in


def length(value: int, units: str) -> float:
    path = pathlib.Path("line.inkml")
    path.write_text(FILE.format(value=value, units=units))
    (stroke,) = InkMLParser().parse(str(path)).strokes
    return round((max(stroke.splines_x) - min(stroke.splines_x)) * PIXEL, 3)


fine, coarse = length(100, "1/mm"), length(1000, "1/cm")
print(f'a line of 1000 steps is {fine} mm by "100 1/mm" and {coarse} mm by "1000 1/cm"')
assert (fine, coarse) == (10, 1), "it behaves otherwise now"
PYTHON
