"""What a plan does no oftener than it has to: counted, not timed."""

from collections import Counter
from dataclasses import replace

import pytest

from sim import catalog
from sim.core.fitted import standing_in
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


def test_fargate_is_described_once_however_many_services_run_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Validated afresh for each of 400 sizes it took most of a plan."""
    made: Counter[str] = Counter()
    for name in ("ecs_on_fargate", "eks_on_fargate"):
        real = getattr(catalog, name)

        def counted(*args: object, name: str = name, real: object = real, **said: object) -> object:
            made[name] += 1
            return real(*args, **said)  # type: ignore[operator]

        monkeypatch.setattr(catalog, name, counted)
    web = catalog.service("node")
    parts = tuple(
        Part(service=replace(web, name=f"s{n}", cpu=0.25 * n), copies=n) for n in range(1, 9)
    )
    with standing_in(()):  # what was made before is not known here
        app = Application(name="eight", parts=parts)
        study.answer(PlanQuestion(app=app, platform=("fargate", "eks-fargate"), start=False))

    assert made == {"ecs_on_fargate": 1, "eks_on_fargate": 1}
