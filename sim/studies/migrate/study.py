"""Our virtual machines elsewhere: as instances, as containers, on Fargate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sim.core.question import asking
from sim.experiment.running.progress import Progress, progress
from sim.studies.migrate.answer import MigrateAnswer
from sim.studies.migrate.at_work import at_work
from sim.studies.migrate.inventory import Inventory
from sim.studies.migrate.moves import move_of
from sim.studies.migrate.power_cut import restarts
from sim.studies.migrate.question import MigrateQuestion
from sim.studies.migrate.sizing import MovedGuest, moved
from sim.studies.migrate.ways import Way, in_containers, own_instances, today


def answer(question: MigrateQuestion) -> MigrateAnswer:
    """Sizes, machines and cost by arithmetic; work and starts are simulated.

    Raises:
        ValueError: no guest has a name that was asked for.
    """
    question = replace(question, inventory=_chosen(question))
    guests = _sized(question.inventory, question)
    parts = {} if question.group is None else question.inventory.groups(question.group)
    with progress("packing", "way", total=len(question.to) * (1 + len(parts))) as told:
        groups = {
            name: list(_ways(part, _sized(part, question), question, told))
            for name, part in parts.items()
        }
        ways = [*_ways(question.inventory, guests, question, told)]
    found = MigrateAnswer(question, guests, ways, groups)
    if question.start:
        work = [at_work(way, question.seed) for way in ways if way.packed]
        found.work = [each for each in work if each is not None]
        found.restarts, found.runs = restarts(question, ways[1:])
    return found


migrate = asking(MigrateQuestion, answer, "migrate")


def _chosen(question: MigrateQuestion) -> Inventory:
    inventory = question.inventory.with_off() if question.include_off else question.inventory
    return inventory.only(*question.only) if question.only else inventory


def _sized(inventory: Inventory, question: MigrateQuestion) -> list[MovedGuest]:
    """In an order that does not hang on that of the rows."""
    return [
        moved(
            guest,
            move_of(guest, question.as_container, question.as_instance),
            question.rule,
            question.core_speed,
        )
        for guest in sorted(inventory.guests, key=lambda guest: guest.name)
    ]


def _ways(
    inventory: Inventory, guests: Sequence[MovedGuest], question: MigrateQuestion, told: Progress
) -> Iterator[Way]:
    yield today(inventory, guests)
    for name in question.to:
        if name == "ec2":
            yield from own_instances(guests, question.terms)
        else:
            yield in_containers(name, guests, question, told)
        told.update()
