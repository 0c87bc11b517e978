"""How many cores this process may use."""

import os


def cores() -> int:
    """Those that it was given; all, where the system doesn't say."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux says
        return os.cpu_count() or 1
