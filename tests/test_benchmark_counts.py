"""What benchmarks keep: a count that grows by more than a tenth is told, whatever the machine."""

import json

import pytest

from benchmarks.counts import (
    KEPT,
    OF_ONE_PYTHON,
    PLATFORMS,
    VERBS,
    above,
    alive_bytes,
    alone,
    events,
    objects,
)


def test_a_count_that_grew_by_more_than_a_tenth_is_named() -> None:
    """Bytes and bytecodes are compared with those of the same Python only."""
    kept = {"events a task": 10.0, "bytes a job": 100.0, "modules": 50.0}
    now = {"events a task": 11.1, "bytes a job": 111.0, "modules": 55.0, "new": 9.0}

    assert above(now, kept, same=True) == ["events a task", "bytes a job"]
    assert above(now, kept, same=False) == ["events a task"]


def test_events_a_task_are_those_that_are_kept() -> None:
    """They are exact, so that a kept figure that nobody takes anew is found here."""
    kept = json.loads(KEPT.read_text(encoding="utf-8"))["counts"]
    now, by_itself = dict(events()), dict(alone())

    assert not above(now | by_itself, kept, same=False)
    assert set(now) == {f"events a task, {name}" for name in PLATFORMS}
    assert max(by_itself.values()) < 6.0  # a placement, three steps, and what calls and waits share
    assert {f"modules, {name}" for name in VERBS} < set(kept)
    assert any(name.startswith(OF_ONE_PYTHON) for name in kept)


def test_a_pod_that_runs_is_few_objects() -> None:
    """All of them are looked through once its run is over; nothing that a node or a cluster needs
    once is there once for each pod."""
    kept = json.loads(KEPT.read_text(encoding="utf-8"))["counts"]
    now = dict(objects(60))

    assert now["objects a task that runs, eks-karpenter"] < 20.0
    assert set(now) < set(kept)


def test_what_a_running_task_keeps_does_not_grow_with_their_number() -> None:
    """Memory of a run is that of its live tasks: three times as many keep as much each."""
    few, many = alive_bytes("fargate", 10), alive_bytes("fargate", 30)

    assert many == pytest.approx(few, rel=0.1)
    assert 500.0 < many < 8_000.0  # a container and its start, and a microVM
