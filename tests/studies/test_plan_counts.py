"""What a plan does no oftener than it has to: counted, not timed."""

from collections import Counter

import pytest

from sim import catalog
from sim.studies.plan import hosts, row, study
from sim.studies.plan.question import PlanQuestion
from sim.workload.application import Application, Part, of_one


def shop() -> Application:
    web, cache = catalog.service("node"), catalog.service("mysql")
    assumed = Part(service=cache, size_from="assumed", cpu_from="assumed")
    return Application(name="shop", parts=(of_one(web).parts[0], assumed))


def test_only_what_an_assumption_moves_is_planned_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan as it is is made once, and each platform's bill once a plan."""
    calls: Counter[str] = Counter()
    planned, billed = hosts.planned_hosts, row.bill

    def counted_hosts(*args: object, **options: object) -> object:
        calls["planned"] += 1
        return planned(*args, **options)  # type: ignore[arg-type]

    def counted_bill(*args: object) -> object:
        calls["billed"] += 1
        return billed(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(study, "planned_hosts", counted_hosts)
    monkeypatch.setattr(row, "bill", counted_bill)
    question = PlanQuestion(app=shop(), platform=("ecs", "eks"), start=False)
    answer = study.answer(question)

    moved = 2 * 2 * 2  # two sources, memory and CPU, both ends
    assert calls["planned"] == 2 * (1 + moved)
    answer.json(), answer.sentence(), answer.lines(), answer.table()
    assert calls["billed"] <= 2 * 2 * (2 + moved), "on whole machines, and at full use"
