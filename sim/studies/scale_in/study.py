"""From many tasks to few: how soon the machines are gone, and how many tasks are moved for it."""

from __future__ import annotations

from sim import catalog
from sim.core.question import asking
from sim.experiment import Results, compare
from sim.experiment.statistics.estimate import mean
from sim.studies.cost.terms import PriceTerms
from sim.studies.platform_row import StudiedPlatform
from sim.studies.scale import ChangeQuestion, ScaleInQuestion, bill_of, scaled_platforms, web
from sim.studies.scale_in.answer import SHARES, ScaleInAnswer, ScaleInRow, table
from sim.studies.scale_in.run import ScaleIn, ScaleInRun, runs_of
from sim.workload import Service


def answer(question: ChangeQuestion) -> ScaleInAnswer:
    """How soon the machines of some tasks go once fewer are wanted; any may be stopped."""
    begin, to = question.begin, question.to
    service = web(question)
    platforms = scaled_platforms(question, service)

    def rows(results: Results) -> list[ScaleInRow]:
        runs = runs_of(results)
        return [_row(name, each, service, runs[name], question) for name, each in platforms.items()]

    results = compare(
        {
            name: ScaleIn(platform=each, service=service, begin=begin, to=to)
            for name, each in platforms.items()
        },
        times=question.replications,
        seed=question.seed,
        catalogue=catalog.digest(),
        summary=lambda results: table(rows(results)),
    )
    return ScaleInAnswer(service, question.instance, begin, to, rows(results), results)


scale_in = asking(ScaleInQuestion, answer, "scale_in")


def _row(
    name: str,
    platform: StudiedPlatform,
    service: Service,
    runs: list[ScaleInRun],
    terms: PriceTerms,
) -> ScaleInRow:
    hosts = mean("hosts", [run.after for run in runs])
    down = next((run.lacking for run in runs if run.lacking), "")
    goes = not down and all(run.after < run.before for run in runs)
    shares = SHARES if goes else {}
    host_hours = mean("host hours", [run.host_hours() for run in runs]).value
    return ScaleInRow(
        platform=name,
        hosts_before=mean("hosts_before", [run.before for run in runs]),
        hosts=hosts,
        times={key: mean(key, [run.gone(share) for run in runs]) for key, share in shares.items()},
        moved=mean("moved", [run.moved for run in runs]),
        ready=mean("ready", [run.ready for run in runs]),
        lacking=down,
        bill=bill_of(name, platform, service, hosts.value, terms),
        first_hour=bill_of(name, platform, service, host_hours, terms),
    )
