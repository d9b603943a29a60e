"""The answer: every way beside the others, what moves as what, and the biggest waste by name."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sim import catalog
from sim.core.description import as_json
from sim.core.names import first_of, listed
from sim.core.quantity import shown_memory
from sim.experiment import Results
from sim.experiment.storage.manifest import new_manifest
from sim.experiment.storage.tables import empty_samples, empty_spans
from sim.studies.account_quotas import account_line
from sim.studies.cost.bill import BOUGHT, HOURS_A_MONTH
from sim.studies.migrate.at_work import AtWork
from sim.studies.migrate.own_machines import as_they_are, right_sized
from sim.studies.migrate.power_cut import Restart
from sim.studies.migrate.question import MigrateOptions, MigrateQuestion
from sim.studies.migrate.sizing import AS_IT_IS, MovedGuest
from sim.studies.migrate.ways import AS_THEY_ARE, RIGHT_SIZED, TODAY, Way, spare_usd
from sim.studies.plan.hosts import larger_volume

if TYPE_CHECKING:
    import pandas as pd

WASTE_SHOWN = 5
NEARLY = 1.0 + 1e-9


@dataclass(frozen=True, slots=True)
class Waste:
    """What one guest was given and does not need, priced as instances of its own."""

    guest: MovedGuest
    usd_per_month: float

    def words(self) -> str:
        """The guest in words: `sql-07 (16 vCPU at 2%, 64 GiB: 300 USD a month)`."""
        guest, used = self.guest.guest, self.guest.guest.cpu_used
        at = "" if used is None else f" at {used / guest.vcpu:.0%}"
        return (
            f"{guest.name} ({guest.vcpu:g} vCPU{at}, {shown_memory(guest.memory)}: "
            f"{self.usd_per_month:,.0f} USD a month)"
        )


@dataclass(slots=True)
class MigrateAnswer:
    """Ways to run an inventory.

    Args:
        guests: with their new sizes.
        groups: by name, the ways of what belongs together, each on machines of its own.
        work: packed machines at work.
        restarts: how soon each way is up after a power cut.
        runs: the simulated starts; None where nothing was simulated.
    """

    question: MigrateQuestion
    guests: list[MovedGuest]
    ways: list[Way]
    groups: dict[str, list[Way]] = field(default_factory=dict)
    work: list[AtWork] = field(default_factory=list)
    restarts: list[Restart] = field(default_factory=list)
    runs: Results | None = None

    @property
    def fits(self) -> bool:
        """Whether there is any way but today's."""
        return any(way.hosts is not None for way in self.ways if way.name != TODAY)

    @property
    def use_known(self) -> bool:
        """Whether anything says what the VMs use; else they keep the sizes that they have."""
        uses = ((each.guest.cpu_used, each.guest.memory_used) for each in self.guests)
        return any(use is not None for pair in uses for use in pair)

    def way(self, name: str) -> Way | None:
        """The way of that name; None where it was not asked for."""
        return next((way for way in self.ways if way.name == name), None)

    @property
    def packed(self) -> list[Way]:
        """Ways in which several share a machine, the cheapest first."""
        found = [way for way in self.ways if way.packed]
        return sorted(found, key=lambda way: (way.usd_per_month or float("inf"), way.name))

    def sentence(self) -> str:
        """What there is today, and what it would be as containers, instances, on Fargate."""
        return f"{self._now()} {self._then()}"

    def _now(self) -> str:
        inventory, used = self.question.inventory, self.way(TODAY)
        out = sum(inventory.left_out.values())
        reasons = ", ".join(f"{count} {why}" for why, count in inventory.left_out.items())
        of = f" of {len(self.guests) + out}" if out else ""
        count = len(self.guests)
        verb = "VM is" if count == 1 else "VMs are"
        head = f"{count}{of} {verb} running" + (f" ({reasons})" if out else "")
        hosts = inventory.host_count
        on = f" on {hosts} host{'s' if hosts > 1 else ''}" if hosts else ""
        share = ""
        if used is not None and used.cpu_used is not None and used.memory_used is not None:
            they = "it uses" if count == 1 else "they use"
            share = f", of which {they} {used.cpu_used:.0%} and {used.memory_used:.0%}"
        return f"{head}: {inventory.held}{on}{share}."

    def _then(self) -> str:
        told = [words for way in self._told() if (words := _cost(way, self.use_known))]
        if not told:
            why = next((way.refused for way in self.ways if way.refused), "no way was asked for")
            return f"No way to move them was found: {why}."
        return " ".join(told)

    def _told(self) -> list[Way]:
        """Packed ways first, then each for itself."""
        every = self.packed[:1] + [way for way in self.ways if not way.packed]
        return [way for way in every if way.name != TODAY and way.hosts is not None]

    @property
    def waste(self) -> list[Waste]:
        """Guests by what an instance as they are costs above one of the right size."""
        both = zip(as_they_are(self.guests), right_sized(self.guests), strict=True)
        found = [
            Waste(was.guest, was.usd_per_month - is_.usd_per_month)
            for was, is_ in both
            if was.type and is_.type and was.usd_per_month > is_.usd_per_month
        ]
        return sorted(found, key=lambda each: (-each.usd_per_month, each.guest.name))

    def stay(self) -> dict[str, list[str]]:
        """By reason, the guests that stay machines of their own."""
        found: dict[str, list[str]] = {}
        for each in self.guests:
            if each.to == "instance":
                found.setdefault(each.move.why, []).append(each.name)
        return found

    def lines(self) -> list[str]:
        """What there is to say below the table."""
        return [*self.findings(), *self.caveats()]

    def findings(self) -> list[str]:
        """What is wasted, what stays, and what a machine that dies takes with it."""
        volume = larger_volume({way.name: way.spared or way.planned for way in self.ways})
        killed = (each.sentence() for each in self.work if each.killed)
        lines = (*self._waste_lines(), *self._stay_lines(), *self._spare_lines(), volume, *killed)
        return [*filter(None, lines)]

    def caveats(self) -> list[str]:
        """What the answer rests on, and what it leaves out."""
        needs = (way.planned.need for way in self.ways if way.planned and way.planned.need)
        lines = (
            *self._short_lines(),
            *self._unknown_lines(),
            *(each.sentence() for each in self.work if not each.killed),
            self._size_line(),
            self._burstable_line(),
            self._price_line(),
            account_line(needs),
        )
        return [line for line in lines if line]

    def _waste_lines(self) -> Iterator[str]:
        largest = self.waste[:WASTE_SHOWN]
        if largest:
            saves = "Right-sizing" if self.use_known else "A cheaper type"
            yield f"{saves} saves most on {listed([each.words() for each in largest])}."

    def _short_lines(self) -> Iterator[str]:
        """Guests for which the rule asks for more than they have."""
        more = [
            each.name
            for each in self.guests
            if each.cpu > each.guest.vcpu * max(1.0, each.speed) * NEARLY
            or each.memory > each.guest.memory * NEARLY
        ]
        if more:
            need = "need more than they have" if len(more) > 1 else "needs more than it has"
            yield f"By {self.question.rule}, {first_of(more)} {need} today."

    def _stay_lines(self) -> Iterator[str]:
        if stay := self.stay():
            every = "; ".join(f"{first_of(names)} ({why})" for why, names in stay.items())
            yield f"These stay EC2 instances: {every}; --as-container overrules that."
        asked = {name for names in stay.values() for name in names}
        for way in self.packed:
            if large := [own.guest.name for own in way.stay if own.guest.name not in asked]:
                stays = "stays an EC2 instance" if len(large) == 1 else "stay EC2 instances"
                yield f"{way.name}: {first_of(large)} {stays}, too: too large to share a machine."

    def _unknown_lines(self) -> Iterator[str]:
        unknown = sum(each.move.why == "OS not known" for each in self.guests)
        if unknown:
            vms, are = ("1 VM", "it is") if unknown == 1 else (f"{unknown} VMs", "they are")
            yield f"The OS of {vms} is not known; {are} treated as Linux."

    def _spare_lines(self) -> Iterator[str]:
        for way in self.packed:
            radius = (
                f"losing a machine takes down at most {way.blast_radius} of {way.containers} "
                f"container{'' if way.containers == 1 else 's'}"
            )
            if way.spared is None or way.planned is None:
                yield f"{way.name}: {radius}."
                continue
            more = way.spared.machines - way.planned.machines
            wanted = f"{more} more {way.instance}"
            usd = spare_usd(way, self.question.terms)
            price = "" if usd is None else f" ({usd:,.0f} USD a month)"
            keep = "keeps" if more == 1 else "keep"
            dying = "one dies" if self.question.spare == 1 else f"{self.question.spare} die"
            idle = ""
            if more > self.question.spare:
                idle = (
                    ", because its scheduler spreads the containers over all of them "
                    f"({self.question.spare} kept idle would be enough)"
                )
            yield f"{way.name}: {wanted}{price} {keep} everything up when {dying}{idle}; {radius}."

    def _size_line(self) -> str:
        """On what the new sizes rest."""
        rests = Counter(each.cpu_from.partition(",")[0].partition(":")[0] for each in self.guests)
        words = ", ".join(f"{why} for {count}" for why, count in rests.most_common(4))
        words += " VM" if words.endswith(" 1") and len(rests) == 1 else " VMs"
        kept = sum(1 for each in self.guests if each.cpu_from.startswith(AS_IT_IS))
        speeds = {round(each.speed, 2) for each in self.guests}
        speed = f"{min(speeds):g}" if len(speeds) == 1 else f"{min(speeds):g} to {max(speeds):g}"
        carried = f" A core of the old hosts counts as {speed} vCPU of an m5."
        told = f"Sizes follow {self.question.rule}: {words}."
        return told + (carried if kept < len(self.guests) else "")

    def _burstable_line(self) -> str:
        """How many of the right-sized instances live on CPU credits."""
        types = [each.type or "" for each in right_sized(self.guests)]
        few = sum(1 for name in types if name.startswith("t3"))
        if not few or self.way(RIGHT_SIZED) is None:
            return ""
        return (
            f"{few} of {len(types)} right-sized instances are T3 or T3a, whose baseline is above "
            f"what those VMs use on average."
        )

    def _price_line(self) -> str:
        asked = self.question
        return (
            f"A month is {HOURS_A_MONTH:.0f} hours, {BOUGHT[asked.purchase]} in {asked.region}, "
            f"Linux: machines, management fees and EKS clusters, without volumes, traffic or "
            f"licences."
        )

    def json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "guests": [
                {
                    "name": each.name,
                    "vcpu": each.guest.vcpu,
                    "memory_bytes": each.guest.memory,
                    "moves_as": each.to,
                    "cpu": each.cpu,
                    "memory_sized_bytes": each.memory,
                }
                for each in self.guests
            ],
            "left_out": dict(self.question.inventory.left_out),
            "ways": [way.json() for way in self.ways],
            "groups": {name: [way.json() for way in ways] for name, ways in self.groups.items()},
        }

    def table(self) -> pd.DataFrame:
        """One row a way."""
        import pandas as pd

        rows = [
            {
                **way.json(),
                "stay_instances": len(way.stay),
                "cpu_used": way.cpu_used,
                "memory_used": way.memory_used,
                "rests_on": way.rests_on,
                "blast_radius": way.blast_radius if way.planned is not None else None,
                "instance": way.planned.instance if way.planned is not None else None,
                "refused": way.refused,
            }
            for way in self.ways
        ]
        counts = dict.fromkeys(("hosts", "lower_bound", "blast_radius"), "Int64")
        amounts = dict.fromkeys(("usd_per_month", "cpu_used", "memory_used"), "float64")
        return pd.DataFrame(rows).astype(counts | amounts)

    def guest_table(self) -> pd.DataFrame:
        """One row a guest: what it was given and used, what it moves as, and its new size."""
        import pandas as pd

        rows = [
            {
                "name": each.name,
                "vcpu": each.guest.vcpu,
                "memory_bytes": each.guest.memory,
                "cpu_used": each.guest.cpu_used,
                "memory_used_bytes": each.guest.memory_used,
                "moves_as": each.to,
                "why": each.move.why,
                "cpu": each.cpu,
                "memory_sized_bytes": each.memory,
                "cpu_from": each.cpu_from,
                "memory_from": each.memory_from,
            }
            for each in self.guests
        ]
        return pd.DataFrame(rows)

    def steps(self) -> list[tuple[str, float]]:
        """What it costs a month from as they are to packed, and with machines to spare."""
        cheaper = "right-sized" if self.use_known else "cheapest types"
        named = ((AS_THEY_ARE, "as they are"), (RIGHT_SIZED, cheaper))
        found = [
            (label, way.usd_per_month)
            for name, label in named
            if (way := self.way(name)) is not None and way.usd_per_month is not None
        ]
        for way in self.packed[:1]:
            if way.usd_per_month is None:
                break
            found.append((f"packed ({way.name})", way.usd_per_month))
            spare = spare_usd(way, self.question.terms)
            if spare:
                found.append((f"with {self.question.spare} to spare", way.usd_per_month + spare))
        return found

    def results(self) -> Results:
        """The answer as results that can be saved."""
        import pandas as pd

        asked = _asked(self.question)
        manifest = new_manifest(
            "migrate", asked, seed=self.question.seed, catalogue=catalog.digest()
        )
        runs = self.runs
        return Results(
            runs=pd.DataFrame(columns=["variant", "run"]) if runs is None else runs.runs,
            spans=empty_spans() if runs is None else runs.spans,
            samples=empty_samples() if runs is None else runs.samples,
            summary=self.table(),
            scenario=asked,
            manifest=manifest,
        )


def _asked(question: MigrateQuestion) -> dict[str, Any]:
    options = {name: getattr(question, name) for name in MigrateOptions.__annotations__}
    return {"inventory": json.loads(as_json(question.inventory)), **options}


def _cost(way: Way, use_known: bool) -> str:
    """A way in a sentence: machines, what they run out of, what it costs."""
    usd = way.usd_per_month
    cost = "a price that is not known" if usd is None else f"{usd:,.0f} USD a month"
    if way.name == AS_THEY_ARE:
        return f"As EC2 instances of their own size: {cost}."
    if way.name == RIGHT_SIZED:
        return f"{'Right-sized' if use_known else 'On the cheapest types that hold them'}: {cost}."
    if way.platform is None or way.planned is None:
        return ""
    where = f"{way.platform.phrase[0].upper()}{way.platform.phrase[1:]}"
    if not way.packed:
        return f"{where}{_beside(way)}: {cost}."
    return (
        f"As containers {way.platform.phrase}: {way.hosts} {way.planned.instance} "
        f"({way.stopped_by} runs out first){_beside(way)}, {cost}."
    )


def _beside(way: Way) -> str:
    count = len(way.stay)
    return f", plus {count} EC2 instance{'s' if count > 1 else ''}" if count else ""
