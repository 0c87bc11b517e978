"""What a server takes at most; each limit is an environment variable with a value of its own where
it isn't set."""

import os

from model.cores import cores

CORRECTIONS = "DIGITS_MOST_CORRECTIONS"
CLASSES = "DIGITS_MOST_CLASSES"
MEGABYTES = "DIGITS_MOST_MEGABYTES"  # of the collection's file, where it is one
TRAININGS = "DIGITS_TRAININGS_AN_HOUR"
NETWORKS = "DIGITS_MOST_NETWORKS"  # that visitors kept
READINGS = "DIGITS_MOST_READINGS"  # at once, one of them of a drawing
SECONDS = "DIGITS_MOST_SECONDS"  # of one reading
DEFAULTS = {
    CORRECTIONS: 20_000,
    CLASSES: 200,
    MEGABYTES: 200,
    TRAININGS: 20,
    NETWORKS: 20,
    READINGS: cores(),
    SECONDS: 60,
}


def of(name: str) -> int:
    """The limit of that name; what is no whole number counts as not set."""
    said = os.environ.get(name, "").strip()
    return int(said) if said.isdecimal() and len(said) < 10 else DEFAULTS[name]
