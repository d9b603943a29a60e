"""The answer of a plan: platforms ranked, one of them recommended, and what that hangs on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from sim import catalog
from sim.core.description import as_json
from sim.core.quantity import shown_memory, shown_vcpu
from sim.experiment import Results
from sim.experiment.storage.manifest import new_manifest
from sim.experiment.storage.tables import empty_samples, empty_spans
from sim.platforms.packing.host import HOST_COLUMNS
from sim.studies.account_quotas import account_line
from sim.studies.cost.bill import BOUGHT, HOURS_A_MONTH
from sim.studies.cost.terms import PriceTerms
from sim.studies.plan.dialect import unchanged_line
from sim.studies.plan.hosts import larger_volume
from sim.studies.plan.question import PlanOptions, PlanQuestion, limits
from sim.studies.plan.ranking import RANKED_BY, Turning, ranked
from sim.studies.plan.ready import one_after_another
from sim.studies.plan.row import PlanRow
from sim.studies.plan.types import needs
from sim.studies.platforms import row as platform_row
from sim.workload.application import Application

if TYPE_CHECKING:
    import pandas as pd


@dataclass(slots=True)
class PlanAnswer:
    """Platforms for an application, the recommended one first, those that are refused last.

    Args:
        turning: what the recommendation hangs on most, at most two.
        runs: the simulated starts; None where nothing was simulated.
    """

    question: PlanQuestion
    rows: list[PlanRow]
    turning: list[Turning]
    runs: Results | None = None

    @property
    def app(self) -> Application:
        """The application that was asked about."""
        return self.question.app

    @property
    def chosen(self) -> PlanRow | None:
        """The recommended platform; None where none can be had, or none keeps to the limits."""
        return next((row for row in self.rows if self._good(row)), None)

    @property
    def fits(self) -> bool:
        """Whether any platform can run it."""
        return any(row.hosts is not None for row in self.rows)

    @property
    def missed(self) -> str:
        """What is required and no platform keeps to; empty where one does."""
        required = self.question.require
        if required is None or self.chosen is not None or not self.fits:
            return ""
        near = [row for row in self.rows if row.hosts is not None]
        wanted = limits(required)
        parts = [f"{row.name} misses {' and '.join(row.breaks(wanted))}" for row in near[:3]]
        return f"No platform meets {required}: {'; '.join(parts)}."

    def _none(self) -> str:
        """Why no platform is recommended."""
        if not self.fits:
            return f"No platform can run it: {self.rows[0].refused}."
        if self.missed:
            return self.missed
        why = self.rows[0].json().get("refused") or "nothing was simulated"
        return f"No platform can be ranked by {self.question.goal}: {why}."

    def _good(self, row: PlanRow) -> bool:
        required = self.question.require
        kept = required is None or not row.breaks(limits(required))
        known = RANKED_BY[self.question.goal].key(row)[0] < inf
        return row.hosts is not None and kept and known

    def sentence(self) -> str:
        """The application and the recommendation: what it costs, how soon it is up, and why it."""
        chosen = self.chosen
        head = f"{self.app.name} is {self._size()}."
        if chosen is None:
            return f"{head} {self._none()}"
        return f"{head} {self.why()}"

    def why(self) -> str:
        """The recommendation in two sentences."""
        chosen = self.chosen
        if chosen is None:
            return ""
        return f"{self._first(chosen)} {self._second(chosen)}"

    def _size(self) -> str:
        wanted, copies = needs(self.app), sum(p.copies for p in self.app.parts if not p.daemon)
        services = len(self.app.parts)
        many = "1 service" if services == 1 else f"{services} services"
        times = "1 copy" if copies == 1 else f"{copies} copies"
        return f"{many} with {times}: {shown_vcpu(wanted.cpu)} and {shown_memory(wanted.memory)}"

    def _first(self, row: PlanRow) -> str:
        parts = [self._machines(row)]
        if row.usd_per_month is not None:
            parts.append(f"{row.usd_per_month:,.0f} USD a month")
        cold = row.ready_at("cold", 0.5)
        if cold is not None:
            parts.append(f"all up {cold:.1f} s after the request (median, {_cold(row)})")
        return f"Run it {row.platform.phrase}: {', '.join(parts)}."

    def _machines(self, row: PlanRow) -> str:
        hosts = row.hosts
        if hosts is None:
            return ""
        one = hosts.machines == 1
        if not hosts.types:
            return f"{hosts.machines} task{'' if one else 's'}"
        if len(set(hosts.types)) > 1:
            return f"{hosts.machines} machines ({hosts.instance})"
        return f"{hosts.machines} {hosts.instance}"

    def _second(self, row: PlanRow) -> str:
        others = [other for other in self.rows if other is not row and self._good(other)]
        if not others:
            return f"{self._fullest(row)} No other platform qualifies.".strip()
        words = RANKED_BY[self.question.goal].against(row, others[0])
        return f"{self._fullest(row)} {words}.".strip()

    def _fullest(self, row: PlanRow) -> str:
        """What its machines run out of first."""
        hosts = row.hosts
        if hosts is None or row.platform.own_host or not hosts.stopped_by:
            return ""
        which = "The machine runs" if hosts.machines == 1 else "The machines run"
        return f"{which} out of {hosts.stopped_by} first."

    def lines(self) -> list[str]:
        """What there is to say below the tables."""
        return [*self.warnings(), *self.caveats()]

    def warnings(self) -> list[str]:
        """What could make the recommendation wrong for the reader, or has to be done first."""
        turns = (each.sentence() for each in self.turning if each.turns)
        files, spot = self.unchanged_line(), self.spot_line()
        silent = self.app.silent_starts() if any(row.ready for row in self.rows) else ""
        lines = (files, self.disk_line(), *self.tight_lines(), silent, *turns, spot)
        return [*filter(None, lines)]

    def caveats(self) -> list[str]:
        """What the answer rests on, and what it leaves out."""
        stays = (each.sentence() for each in self.turning if not each.turns)
        lines = (self.price_line(), self.instance_line(), self.order_line(), self.quota_line())
        return [*stays, *filter(None, (*lines, self.ports_line()))]

    def unchanged_line(self) -> str:
        """That the recommended platform does not take the files as they are; else empty."""
        chosen = self.chosen
        return "" if chosen is None else unchanged_line(self.question.dialect, chosen.platform)

    def ports_line(self) -> str:
        """Where ports that compose publishes are taken; else empty."""
        every = (
            each
            for part in self.app.parts
            for each in (*part.service.containers, *part.service.init)
        )
        others = any(row.name.startswith(("ecs", "eks")) for row in self.rows)
        if not others or not any(each.published_ports for each in every):
            return ""
        return (
            "Published ports are taken in Docker alone: ECS gives a task a free port, or an "
            "interface of its own, and a pod is reached through its Service."
        )

    def tight_lines(self) -> list[str]:
        """Platforms on which not all copies came up in each run, and why: once for both images."""
        lines: dict[tuple[str, str], str] = {}
        for row in self.rows:
            for ready in row.ready.values():
                for why in ready.shortfalls():
                    head = f"{row.name} is tight" if "without room" in why else row.name
                    lines.setdefault((row.name, why.partition(" runs ")[2]), f"{head}: {why}.")
        return [*lines.values()]

    def disk_line(self) -> str:
        """Platforms whose root volume does not hold the images of one machine; else empty."""
        return larger_volume({row.name: row.hosts for row in self.rows})

    def at_spot(self) -> PlanRow | None:
        """The tasks of Fargate at the price of Spot; None where that is not known, or asked for.

        They start as those on demand do. It is beside the others and never recommended.
        """
        usual = next((row for row in self.rows if row.name == "fargate"), None)
        if usual is None or usual.hosts is None or self.question.purchase == "spot":
            return None
        spot = PlanRow(platform_row("fargate-spot"), usual.hosts, self.question)
        return None if spot.usd_per_month is None else spot

    def spot_line(self) -> str:
        """Why the price of Spot is not the answer; empty where there is none."""
        if self.at_spot() is None:
            return ""
        warning = catalog.figure("ec2.spot.notice").value
        return (
            f"fargate-spot is Fargate at its Spot price. It is never recommended here: AWS "
            f"reclaims the tasks with {warning:.0f} s of warning."
        )

    def price_line(self) -> str:
        """What the prices are of."""
        asked = self.question
        return (
            f"A month is {HOURS_A_MONTH:.0f} hours, {BOUGHT[asked.purchase]} in {asked.region}: "
            f"machines, management fees and EKS clusters, without volumes, addresses or traffic. "
            f"At full use: as if you paid only for the part of the last machine that is used."
        )

    def marked(self) -> pd.DataFrame:
        """The table, with the recommended platform marked and labels for a picture."""
        table = self.table()
        table["label"] = [row.platform.label for row in self.rows]
        table["chosen"] = [row is self.chosen for row in self.rows]
        return table

    def in_order(self) -> str:
        """Why Docker may be slower than a machine that takes longer; empty where it is not."""
        started = [row for row in self.rows if row.ready]
        ordered = [row.name for row in started if any(r.ordered for r in row.ready.values())]
        return one_after_another(ordered, len(started), self.app)

    def probed(self) -> str:
        """Where a health check holds up who is ready; empty where there is none, or all look."""
        started = [row.name for row in self.rows if row.ready]
        pods = [name for name in started if name.startswith("eks")]
        checked = any(part.service.check for part in self.app.parts)
        if not checked or not pods or len(pods) == len(started):
            return ""
        return (
            f"{', '.join(pods)}: a pod is ready at the first health check that passes; elsewhere a "
            f"task is ready as soon as a check would pass."
        )

    def order_line(self) -> str:
        """Whose machines are more than a placement needs, as chance decides who comes first; empty
        where nobody's are."""
        packings = {row.name: row.hosts.packing for row in self.rows if row.hosts is not None}
        more = [name for name, found in packings.items() if found and found.for_any_order]
        if not more:
            return ""
        return (
            f"{', '.join(more)}: enough machines for whichever order the services come in; in some "
            f"orders fewer would do."
        )

    def instance_line(self) -> str:
        """Which type a task gets that has an instance to itself; empty where none has."""
        own = [row.name for row in self.rows if row.hosts and row.hosts.types]
        own = [name for name in own if platform_row(name).own_host]
        if not own:
            return ""
        return (
            f"{', '.join(own)}: each task gets the cheapest instance type without CPU credits that "
            f"holds it; sim density also considers T types, unless --no-burstable."
        )

    def quota_line(self) -> str:
        """What a new account would have to ask for; empty where it is enough."""
        found = (row.hosts.need for row in self.rows if row.hosts is not None)
        return account_line(need for need in found if need is not None)

    def json(self) -> dict[str, Any]:
        """Plain data: what was understood, every platform, and the recommendation."""
        data: dict[str, Any] = {
            "services": self.app.rows(),
            "ignored": list(self.app.ignored),
            "platforms": [row.json() for row in self.rows],
        }
        chosen = self.chosen
        if chosen is None:
            return data | {"recommendation": {"why": self._none()}}
        return data | {"recommendation": {"platform": chosen.name, "why": self.why()}}

    def table(self) -> pd.DataFrame:
        """One row a platform, the recommended one first."""
        import pandas as pd

        columns = ["platform", "instance", "machines", "lower_bound", "usd_per_month"]
        columns += ["usd_per_month_full", "ready_cold_p50_s", "ready_cold_p95_s"]
        columns += ["ready_warm_p50_s", "ready_warm_p95_s", "stopped_by", "then", "refused"]
        rows = [
            {
                **row.json(),
                "ready_cold_p95_s": row.ready_at("cold", 0.95),
                "ready_warm_p95_s": row.ready_at("warm", 0.95),
            }
            for row in self.rows
        ]
        numbers = {name: float for name in columns if name.startswith(("usd", "ready"))}
        return pd.DataFrame(rows, columns=columns).astype(numbers)

    def machines(self) -> pd.DataFrame:
        """What is on each machine: one row a part on a machine, with what it reserves there."""
        import pandas as pd

        rows = []
        for row in self.rows:
            packing = None if row.hosts is None else row.hosts.packing
            for number, host in enumerate(packing.hosts if packing else ()):
                rows += [{"platform": row.name, "machine": number, **each} for each in host.rows()]
        return pd.DataFrame(rows, columns=["platform", "machine", *HOST_COLUMNS])

    def results(self) -> Results:
        """The answer as results that can be saved."""
        import pandas as pd

        if self.runs is not None:
            return self.runs
        own = PlanOptions.__annotations__
        options = {name: getattr(self.question, name) for name in own}
        nodes = json.loads(as_json(self.question.nodes()))
        asked = {"app": json.loads(as_json(self.app)), "nodes": nodes, **options}
        asked |= {name: getattr(self.question, name) for name in PriceTerms.__annotations__}
        manifest = new_manifest("plan", asked, seed=self.question.seed, catalogue=catalog.digest())
        return Results(
            runs=pd.DataFrame(columns=["variant", "run"]),
            spans=empty_spans(),
            samples=empty_samples(),
            summary=self.table(),
            scenario=asked,
            manifest=manifest,
        )


def _cold(row: PlanRow) -> str:
    if row.platform.mixes:
        return "no machine running before"
    return "from a cold image" if row.platform.pulls else "images already on the machine"


def in_rank_order(rows: Sequence[PlanRow], question: PlanQuestion) -> list[PlanRow]:
    """Those that keep to the limits first, by what is asked for; refused ones last."""
    wanted = limits(question.require) if question.require else ()
    return ranked(rows, question.goal, lambda row: bool(row.breaks(wanted)))
