"""Descriptions of many variants are kept as the first one and what differs from it."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from runs import assert_same, scenario

from sim.experiment import load, sweep
from sim.experiment.storage.manifest import FILE
from sim.experiment.storage.variants import MANY, canonical, shared, shortened, whole

LEAVES = st.none() | st.booleans() | st.sampled_from([0, 0.0, -0.0, 1, 1.0, "1", "a", "$like"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "$but"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_nothing_is_lost_on_the_way_to_disk_and_back(values: list[object]) -> None:
    """To the last byte: 1 is not 1.0, and the order of keys stays."""
    described = {f"{n}": values[n % len(values)] for n in range(MANY)}
    text = json.dumps(described)
    common = shared(described.items())
    again = whole(json.loads(json.dumps(shortened(common))))

    assert json.dumps(common) == json.dumps(again) == json.dumps(described) == text
    sorted_ = json.dumps(described, sort_keys=True, separators=(",", ":"))
    assert "".join(canonical(common)) == sorted_


def test_a_sweep_of_many_points_has_a_small_manifest(tmp_path: Path) -> None:
    """Every point is there again; equal parts are the same object."""
    points = {"arrivals[0].tasks": list(range(1, 31))}
    made = sweep(scenario(), points, times=2, out=tmp_path)
    again = load(made.folder or "")
    alone = len(json.dumps(made.scenario["arrivals[0].tasks=1"], indent=2))

    assert_same(again, made)
    assert again.scenario == made.scenario
    assert [each["arrivals"][0]["tasks"] for each in again.scenario.values()] == list(range(1, 31))
    assert ((made.folder or Path()) / FILE).stat().st_size < 6 * alone
    first, last = made.scenario["arrivals[0].tasks=1"], made.scenario["arrivals[0].tasks=30"]
    assert first["platform"] is last["platform"]


def test_what_is_written_otherwise_stays_so_though_it_is_equal() -> None:
    """1 is not 1.0, and another order of keys is another text; what is alike within is shared."""
    inner = {"x": [1, {"y": 2}]}
    first = {"a": 1, "b": inner, "c": {"k": 1, "l": 2}}
    other = {"a": 1.0, "b": {"x": [1, {"y": 2}]}, "c": {"l": 2, "k": 1}}
    common = shared([("first", first), ("other", other)].__iter__())

    assert json.dumps(common["other"]) == json.dumps(other)
    assert common["other"]["b"] is inner
