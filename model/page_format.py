"""What a page network is shown and what it answers: the units and classes that all share who deal
with one (model/page_network.py)."""

STRIDE = 4  # pixels from one place of the heat map to the next
ALIGNED = 16  # pixels: the sides of what the network is shown are multiples
REACH = 24  # pixels: nearer to the border of a tile, the network lacks what it would see beyond
SMALLEST, LARGEST = 11.0, 40.0  # pixels: the longer sides of the digits that it is to find
UNIT = 24.0  # pixels: boxes are told as distances in this unit
# of grey, from 0 to 1: the spread of what is around counts as this much more; and how many such
# spreads a pixel may differ from it
LEAST_SPREAD, MOST_SPREADS = 0.02, 5.0
# classes beside the ten digits: a dash, a decimal point or comma, any other mark
MINUS, POINT, MARK = 10, 11, 12
NAMES = (*"0123456789", "−", ".", "?")
CLASSES = len(NAMES)
