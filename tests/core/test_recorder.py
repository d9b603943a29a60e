"""Spans: done, interrupted, or censored; never closed by the garbage collector."""

import gc
import tracemalloc
from typing import Any

import pytest
from simpy import Interrupt
from worlds import rows

from sim.clock import Clock
from sim.core.recorder import Names, Recorder
from sim.core.world import World


def work(world: World, *lengths: float) -> Any:
    task = world.record.task("t")
    for number, length in enumerate(lengths):
        with world.record.span(task, f"phase {number}"):
            yield world.env.timeout(length)


def ends(record: Recorder) -> list[tuple[str, float, float, str]]:
    return [(row.phase, row.start, row.end, row.outcome) for row in rows(record)]


def test_a_span_that_ends_is_done() -> None:
    """From where the block was entered to where it was left."""
    world = World()
    world.env.process(work(world, 2.0, 3.0))
    world.env.run()

    assert ends(world.record) == [("phase 0", 0.0, 2.0, "done"), ("phase 1", 2.0, 5.0, "done")]


def test_a_span_open_at_the_stop_is_censored_and_never_done() -> None:
    """Known answer: 2 s of a wait of 10 s were seen, and nothing is known of the rest."""
    world = World()
    process = world.env.process(work(world, 10.0))
    world.env.run(until=2.0)
    world.record.close()
    del process
    world.env = Clock()
    gc.collect()

    assert ends(world.record) == [("phase 0", 0.0, 2.0, "censored")]


def test_the_garbage_collector_before_the_close_files_nothing() -> None:
    """A generator that is closed early leaves its span open, for the recorder to censor."""
    world = World()
    generator = work(world, 10.0)
    next(generator)
    generator.close()

    assert ends(world.record) == []
    world.record.close()
    assert ends(world.record) == [("phase 0", 0.0, 0.0, "censored")]


def test_an_interrupt_ends_a_span_as_interrupted() -> None:
    """At the time of the interrupt."""
    world = World()

    def story() -> Any:
        try:
            yield from work(world, 10.0)
        except Interrupt:
            yield world.env.timeout(1.0)

    process = world.env.process(story())
    world.env.run(until=3.0)
    process.interrupt()
    world.env.run()

    assert ends(world.record) == [("phase 0", 0.0, 3.0, "interrupted")]


def test_a_span_is_filed_once() -> None:
    """A second end, or the close of the record, adds nothing."""
    world = World()
    with world.record.span(world.record.task("t"), "phase") as span:
        span.interrupt()
        span.end(0)
    world.record.close()
    world.record.close()

    assert ends(world.record) == [("phase", 0.0, 0.0, "interrupted")]


def test_an_error_in_the_model_is_not_swallowed() -> None:
    """A modelling mistake is an exception and stays one."""
    world = World()

    def story() -> Any:
        with world.record.span(world.record.task("t"), "phase"):
            yield world.env.timeout(1.0)
            raise RuntimeError("mistake")

    world.env.process(story())
    with pytest.raises(RuntimeError, match="mistake"):
        world.env.run()


def test_tasks_are_numbered_in_order_of_arrival() -> None:
    """From 0, whatever their service."""
    world = World()

    assert [world.record.task(name) for name in "aba"] == [0, 1, 2]
    assert list(world.record.task_service) == [0, 1, 0]


def test_names_keep_their_numbers() -> None:
    """In order of first use."""
    names = Names()

    assert [names.code(name) for name in "abcab"] == [0, 1, 2, 0, 1]
    assert names.all() == ["a", "b", "c"]


def test_a_slow_down_is_sojourn_over_alone() -> None:
    """A request that took 3 s and takes 2 s alone was slowed by 1.5."""
    world = World()
    world.record.request(world.record.task("t"), 3.0, 2.0)

    assert list(world.record.request_sojourn) == [3.0]
    assert list(world.record.request_slowdown) == [1.5]


def test_the_world_has_three_attributes() -> None:
    """Clock, random numbers, record; collaborators never arrive through it."""
    assert {name for name in dir(World) if not name.startswith("_")} == {"env", "random", "record"}
    with pytest.raises(AttributeError):
        World().anything = 1  # type: ignore[attr-defined]


def test_what_is_kept_of_a_start_is_small() -> None:
    """At most 70 bytes with totals only, though each outcome is put into words anew."""
    record, starts = Recorder(Clock(), keep="totals"), 4000
    tracemalloc.start()
    for number in range(starts):
        task = record.task("web")
        record.phase(task, "placement")
        record.outcome(task, f"refused: RESOURCE:{('CPU', 'MEMORY')[number % 2]}")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept / starts < 70
    assert len({id(word) for word in record.task_outcome}) == 2
