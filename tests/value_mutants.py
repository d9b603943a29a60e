"""Calls that are almost right: a driver that hands strange values of Python to good ones.

Beside `mutants`, `tree_mutants` and `byte_mutants`, which change files: here an argument is of
another type, of NumPy or pandas, without end, nested too deep, or cannot even be shown.
"""

import itertools
import math
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.experiment.replication import Effort


class NotShown:
    """It cannot be shown, nor turned into a text."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


class NotCompared:
    """Nothing is equal to it, or unequal."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no eq")


class Text(str):
    """A text of a class of its own."""

    __slots__ = ()


def _nested() -> tuple[list[Any], list[Any]]:
    deep: list[Any] = []
    itself: list[Any] = []
    for _ in range(3000):
        deep = [deep]
    itself.append(itself)
    return deep, itself


NUMBERS: tuple[Any, ...] = (
    *(True, 0, -1, 7, 1.5, 1e308, 5e-324, math.nan, math.inf, -math.inf, 10**30, -(10**30)),
    *(10**400, 10**5000, 1j, Decimal("1.5"), Decimal("NaN"), Fraction(1, 3), timedelta(1)),
    *(np.int64(3), np.int64(-3), np.float64(2.5), np.float32(1.5), np.bool_(True), np.array(3)),
)
TEXTS: tuple[Any, ...] = (
    *("", "x", " ", "\n", "0", "nan", "1e308", "512MiB", "-5s", "a/b", "../x", "\ud800", "\0"),
    *("\x1b[31m", "x" * 100_000, "all", "ecs", "m5.xlarge", b"x", Text("ecs"), np.str_("ecs")),
    *(Path("/nonexistent"), Path("/dev/zero"), Path("x" * 300), datetime(2026, 11, 30)),
)
OTHERS: tuple[Any, ...] = (
    *(None, ..., NotImplemented, object(), NotShown(), NotCompared(), int, print, math),
    *([], {}, (), set(), [1, 2], ["a"], [None], [math.nan], [[]], {"a": 1}, {1: 2}, {None: None}),
    *(range(10**9), *_nested(), pd.NA, pd.NaT, pd.Timestamp("2026-01-01"), pd.Series([1, 2])),
    *(pd.DataFrame(), pd.DataFrame({"a": [1]}), np.array([]), np.array([1, 2])),
)
ENDLESS: tuple[Callable[[], Any], ...] = (
    itertools.count,
    lambda: itertools.repeat("x"),
    lambda: (n for n in (1, 2)),
    lambda: iter("ab"),
)
"""What is used up by whoever looks at it, so it is made anew each time."""

Call = tuple[Callable[..., Any], dict[str, Any]]
"""A function, and arguments that are good."""


def mutants(call: Call, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Arguments that differ from the good ones by one or two; values of the others, too."""
    function, good = call
    parameters = signature(function).parameters.values()
    names = [p.name for p in parameters if p.kind is not Parameter.VAR_KEYWORD]
    names += [] if len(names) == len(parameters) else [*Effort.__annotations__]
    draw = random.Random(f"values/{seed}/{function.__qualname__}")
    for _ in range(count):
        given = dict(good)
        for _ in range(draw.choice((1, 1, 1, 2))):
            strange = draw.choice((NUMBERS, TEXTS, OTHERS, tuple(good.values()) or OTHERS, ENDLESS))
            value = draw.choice(strange)
            given[draw.choice(names)] = value() if strange is ENDLESS else value
        yield given


def called(function: Callable[..., Any], given: Mapping[str, Any]) -> Any:
    """Call it by name, but for what it takes by place only."""
    several = [
        p.name
        for p in signature(function).parameters.values()
        if p.kind is Parameter.VAR_POSITIONAL
    ]
    rest = {name: value for name, value in given.items() if name not in several}
    return function(*(given[name] for name in several if name in given), **rest)
