"""Applications: parts hang together, and each comes after what it waits for."""

from dataclasses import replace
from typing import Any

import pytest

from sim import catalog
from sim.workload import Application, Part, Wait
from sim.workload.application import of_one


def part(name: str, *after: str, **rest: Any) -> Part:
    """A part that waits for others."""
    waits = tuple(Wait(part=other) for other in after)
    return Part(service=replace(catalog.service("generic"), name=name), after=waits, **rest)


def test_each_part_comes_after_what_it_waits_for() -> None:
    """An order exists where no part waits for itself."""
    app = Application(name="shop", parts=(part("web", "api"), part("api", "db"), part("db")))

    assert [each.name for each in app.in_order()] == ["db", "api", "web"]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((part("a", "b"), part("b", "c"), part("c", "a")), "none of these can start first: "),
        ((part("a"), part("a")), "parts: 'a' is there 2 times; once"),
        ((part("web", "dbs"), part("db")), "web: part: 'dbs' is not known; did you mean 'db'"),
        ((part("a", apart_from=("c",)),), "a: part: 'c' is not known"),
    ],
)
def test_parts_that_do_not_hang_together_are_refused(parts: tuple[Part, ...], words: str) -> None:
    """By name: who is missing, twice there, or waits in a circle."""
    with pytest.raises(ValueError, match=":") as caught:
        Application(name="shop", parts=parts)

    assert words in str(caught.value)


def test_copies_are_launched_and_daemons_are_not() -> None:
    """How many a daemon has depends on the hosts."""
    app = Application(name="shop", parts=(part("web", copies=3), part("logs", daemon=True)))

    assert [each.name for each in app.launches()] == ["web"] * 3
    assert len(of_one(catalog.service("java"), 2).parts) == 1
