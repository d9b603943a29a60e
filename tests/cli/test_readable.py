"""Tables of scripts: units that fit, and digits that somebody reads."""

import numpy as np
import pandas as pd
import pytest

from sim.cli.readable import number, readable


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (6497.3, "6,497"),
        (285.12, "285"),
        (13.89, "13.9"),
        (2.585, "2.58"),
        (0.0465, "0.0465"),
        (500.0, "500"),
        (1.11e-16, "0"),
        (-0.000173, "-0.000173"),
        (float("inf"), "no limit"),
    ],
)
def test_a_number_has_three_digits_that_count(value: float, said: str) -> None:
    """Whole numbers are whole; noise of the arithmetic is nothing."""
    assert number(value) == said


def test_columns_are_in_units_that_fit() -> None:
    """Short times in milliseconds, bytes in MB, shares in percent; what is not known is a dash."""
    table = pd.DataFrame(
        {
            "service": ["front", "db"],
            "use": [0.317, 0.5],
            "p50_s": [0.0039, 0.0266],
            "ready_s": [0.5, 12.25],
            "saturates_per_s": [0.2, 0.4],
            "disk_bytes": [448499334, 183],
            "one_more_s": [np.nan, 3.0],
        }
    )

    heads, rows, sides = readable(table)

    assert heads == ["service", "use", "p50_ms", "ready_s", "saturates_per_s", "disk", "one_more_s"]
    assert rows == [
        ["front", "32%", "3.90", "0.500", "0.200", "448.5 MB", "-"],
        ["db", "50%", "26.6", "12.2", "0.400", "183 B", "3"],
    ]
    assert sides == "lrrrrrr"
