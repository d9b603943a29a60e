"""Looks that come again and again: when the next one falls."""

LEAST = 1e-6
"""Seconds below which a look is the one that has just been: time is a float."""


def until_next_tick(now: float, phase: float, every: float) -> float:
    """Seconds from now to the next look, on a grid of its own.

    Args:
        phase: when one of the looks falls.
    """
    rest = every - (now - phase) % every
    return rest if rest > LEAST else rest + every
