"""The answer to *how many fit*: a row a platform, with its limits and its memory budget."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sim import catalog
from sim.core.cited import Cited
from sim.core.description import as_json, figures
from sim.core.quantity import shown_machine
from sim.studies.cost.bill import BOUGHT
from sim.studies.density.altogether import Altogether, altogether, cost_sentence, with_surplus
from sim.studies.density.credits import credits_line
from sim.studies.density.question import DensityQuestion
from sim.studies.density.row import DensityRow, side_by_side, use_sentence
from sim.units import MiB
from sim.workload import Service

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import pandas as pd

    from sim.experiment import Results
    from sim.experiment.storage.manifest import Manifest
    from sim.studies.influence import Explained


PROBE = ("variant", "run", "sandboxes", "passed", "reason")
"""Columns of the probes of density by use."""


@dataclass(slots=True)
class DensityAnswer:
    """The rows, and what they were asked about."""

    question: DensityQuestion
    service: Service
    rows: list[DensityRow]
    explained: list[Explained] | None = None
    """The numbers that moved each row; None where that was not asked for."""
    speeds: list[Cited] = field(default_factory=list)
    """Core speeds of the hosts on which density by use was simulated, as far as they are cited."""

    def row(self, platform: str) -> DensityRow:
        """One platform's row."""
        return next(row for row in self.rows if row.platform == platform)

    @property
    def fits(self) -> bool:
        """Whether at least one sandbox fits on the machine that was named, as was asked."""
        reserved = self.question.by != "use"
        named = [row for row in self.rows if not row.own_host]
        return any(row.fits(reserved=reserved) for row in named)

    def json(self) -> list[dict[str, Any]]:
        """The rows as plain data, each with the numbers that moved it where that was asked for."""
        rows = [row.json() for row in self.rows]
        for row in rows if self.explained is not None else ():
            mine = [e for e in self.explained or [] if e.variant == row["platform"]]
            row["explain"] = [number for explained in mine for number in explained.json()]
        bills = {each.row.platform: each.json() for each in self.bills()}
        return [
            row | ({"altogether": bills[row["platform"]]} if row["platform"] in bills else {})
            for row in rows
        ]

    def bills(self) -> list[Altogether]:
        """What so many tasks cost altogether on each platform, where that was asked for."""
        asked = self.question
        bills = [] if asked.tasks is None else altogether(self.rows, asked.tasks)
        if asked.load is None or asked.credits == "standard":
            return bills
        return [with_surplus(each, self.service) for each in bills]

    def cost_sentence(self) -> str:
        """Where so many tasks cost least altogether; empty where that was not asked for."""
        tasks = self.question.tasks
        return "" if tasks is None else cost_sentence(self.bills(), tasks)

    def price_line(self) -> str:
        """What the price of each is."""
        asked = self.question
        how, fee = BOUGHT[asked.purchase], any(row.charges.fee for row in self.rows)
        what = "compute and fees" if fee else "compute"
        spot = ", or Spot where a row says so" if asked.purchase != "spot" else ""
        return (
            f"The price of each is its share of a full host: {what} only, {how} in "
            f"{asked.region}{spot}. For the whole bill of so many, add --tasks N."
        )

    def spot_line(self) -> str:
        """How often Spot instances are taken back; empty where none is bought."""
        if self.question.purchase != "spot":
            return ""
        types = dict.fromkeys(row.priced_as for row in self.rows if row.priced_as)
        rates = [
            f"{share} of {name}"
            for name in types
            if (share := catalog.spot_interruptions(name, self.question.region)) is not None
        ]
        warning = catalog.figure("ec2.spot.notice").value
        often = (
            f"in a month EC2 takes back {', '.join(rates)}" if rates else "how often is not known"
        )
        return f"EC2 reclaims Spot instances with {warning:.0f} s of warning; {often}."

    def sentence(self, *, with_use: bool = True) -> str:
        """How many fit as containers and as VMs on one machine, and which density is smaller."""
        docker, vm = self.row("docker"), self.row("vm")
        each = shown_machine(self.service.cpu, self.service.memory).replace(", ", " and ")
        if not docker.count + vm.count:
            return (
                f"{_server(docker.host)} holds no container and no VM of {each}. "
                f"{side_by_side(docker, vm)}"
            )
        sentence = (
            f"{_server(docker.host)} holds {_so_many(docker.count, 'container')} or "
            f"{_so_many(vm.count, 'VM')} of {each} each. {self._whole(vm)}"
            f"{side_by_side(docker, vm)}"
        )
        if docker.count_by_use is None or not with_use:
            return sentence
        return f"{sentence} {use_sentence(docker, weight_only=not self.service.cpu_quota)}"

    def _whole(self, vm: DensityRow) -> str:
        """That a VM has whole vCPUs, where that is why so few fit; else empty."""
        shares = self.service.cpu % 1.0 != 0.0 and vm.stopped_by == "vCPU"
        return "A VM takes whole vCPUs. " if shares else ""

    def pages_line(self) -> str:
        """Containers share the hot file pages of their image; each VM holds a copy."""
        hot = self.service.hot
        counts = []
        for name in ("docker", "vm"):
            row = self.row(name)
            counts.append(row.count if row.count_by_use is None else row.count_by_use)
        if hot == 0.0 or 0 in counts:
            return ""
        containers, vms = counts
        return (
            f"{_so_many(containers, 'container')} of one image share one copy of the files they "
            f"read ({hot / MiB:.0f} MiB of page cache); {_so_many(vms, 'VM')} hold "
            f"{'one' if vms == 1 else f'{vms} copies'} ({vms * hot / MiB:.0f} MiB)."
        )

    def credits_line(self) -> str:
        """T types run above their baseline for more money, which no price of a row holds."""
        asked = self.question
        told = asked.load is not None
        return credits_line(self.rows, self.service, asked.credits, told=told)

    def speed_line(self) -> str:
        """A load is work of m5 vCPUs: faster ones serve more of it than their number tells."""
        works = []
        for speed in self.speeds:
            family = speed.key.split(".")[1]
            article = "an" if family[0] in "aefhilmnorsx" else "a"
            works.append(f"{article} {family} vCPU does {speed.value:.2f} times")
        if not works:
            return ""
        return f"The load is counted in time of an m5 vCPU; {', '.join(works)} its work (CoreMark)."

    def assumed_line(self) -> str:
        """The assumed numbers that its density by use rests on."""
        load = self.service.load
        cited = [c for _, c in figures(load) if c.grade == "assumed"] if load is not None else []
        return (
            f"The simulated load rests on assumed numbers: "
            f"{'; '.join(f'{c.key} {c.shown()}' for c in cited)}."
        )

    def results(self) -> Results:
        """The answer as results that can be saved; its runs are the probes of density by use."""
        import pandas as pd

        from sim.experiment import Results
        from sim.experiment.storage.tables import empty_samples, empty_spans

        probes = [
            {"variant": row.platform, "run": run, **asdict(probe)}
            for row in self.rows
            for run, answer in enumerate(row.by_use or [])
            for probe in answer.probes
        ]
        described = self._described()
        return Results(
            runs=pd.DataFrame(probes, columns=list(PROBE)),
            spans=empty_spans(),
            samples=empty_samples(),
            summary=self.table(),
            scenario=described,
            manifest=self._manifest(described),
        )

    def save(self, out: str | os.PathLike[str] = "results") -> Path:
        """Write it as `results().save` does; by reservation without pandas, which takes longer to
        be imported than the answer to be found."""
        if self.question.by != "reservation":
            return self.results().save(out)
        from sim.experiment.storage.finished_runs import save_answer

        described = self._described()
        return save_answer(out, self._manifest(described), described, self._table())

    def _described(self) -> dict[str, Any]:
        asked = json.loads(as_json(self.question))
        return {"service": json.loads(as_json(self.service)), **asked}

    def _manifest(self, described: dict[str, Any]) -> Manifest:
        from sim.experiment.storage.manifest import new_manifest

        digest = catalog.digest()
        return new_manifest("density", described, seed=self.question.seed, catalogue=digest)

    def table(self) -> pd.DataFrame:
        """One row a platform."""
        import pandas as pd

        return pd.DataFrame(self._table())

    def _table(self) -> list[dict[str, Any]]:
        known = [row.json() for row in self.rows if not row.unknown]
        return [{key: row[key] for key in row if key != "limits"} for row in known]

    def limits(self) -> pd.DataFrame:
        """One row a limit of a platform."""
        import pandas as pd

        return pd.DataFrame(
            [
                {"platform": row["platform"], **limit}
                for row in self.json()
                for limit in row["limits"]
            ]
        )

    def budgets(self, *, alike: bool = False) -> pd.DataFrame:
        """Where each host's nominal memory goes: one row an item, in bytes.

        Args:
            alike: with as many apps on each as there are VMs; else with as many as each takes.
        """
        import pandas as pd

        return pd.DataFrame(
            [
                {"platform": row.platform, "host": row.host, "item": part.item, "bytes": part.bytes}
                for row in self.rows
                for part in (row.alike if alike else row.budget)
            ]
        )

    def alike_title(self) -> str:
        """What a picture of memory with the same number of apps everywhere is called."""
        return f"Where a host's memory goes with {self.row('vm').count} apps on each"


def _so_many(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


def _server(host: str) -> str:
    """A type by its name, or a machine by its size, at the beginning of a sentence."""
    vcpus, comma, memory = host.partition(" vCPU, ")
    if not comma:
        return f"One {host}"
    return f"A server with {vcpus} vCPU{'' if vcpus == '1' else 's'} and {memory}"
