"""An application: services with copies and order, the same on every platform."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from sim.core.description import description
from sim.core.names import Unordered, first_of, in_name_order, unknown
from sim.core.quantity import NUMBER, AtMost, Bytes, Copies
from sim.workload.calls import EntryPoint, Operation, check
from sim.workload.service import Service
from sim.workload.task import task_size
from sim.workload.waiting import Name, Wait, in_order

if TYPE_CHECKING:
    import pandas as pd

SizeSource: TypeAlias = Literal["file", "stats", "heap", "image", "assumed"]
"""Where a size comes from: the file itself, what was measured of it, the heap its JVM is given,
what is known of its image, or nothing."""

Storage: TypeAlias = Literal["own", "shared", "bind"]
"""A volume of each copy, one that several containers share, or a folder of the host."""


@description
class Volume:
    """Storage that a part's containers write to besides their own layer."""

    name: Name
    storage: Storage = "own"
    size: Bytes | None = None
    """None: not said."""


@description
class AutoscalingRange:
    """Between how many copies an autoscaler may choose, and what it keeps to."""

    least: Copies
    most: Annotated[Copies, Field(ge=1)]
    target_cpu: Annotated[float, NUMBER, Field(gt=0, le=10)] | None = None
    """Share of the CPU request that it aims at; None: another metric."""

    @model_validator(mode="after")
    def _least_is_least(self) -> "AutoscalingRange":
        if self.least > self.most:
            raise ValueError(f"least: {self.least} is not allowed; at most most = {self.most}")
        return self


@description
class Part:
    """One service of an application, with what the application says of it."""

    service: Service
    """What one task, pod or container is; sidecars and init containers stand in it."""
    copies: Copies = 1
    """Replicas, or ECS's desired count; a daemon has one a host, whatever this says."""
    after: Unordered[Wait] = ()
    daemon: bool = False
    """Whether one runs on each host (DaemonSet, ECS `DAEMON`)."""
    once: bool = False
    """Whether it runs to its end and is not started again (Job, an init step of compose)."""
    most_per_host: AtMost | None = None
    """Copies that one host may have at most: 1 is anti-affinity among them; None: any number."""
    apart_from: Unordered[Name] = ()
    """Parts that may not share a host with it."""
    spread: bool = False
    """Whether copies are spread over hosts as evenly as they go."""
    autoscaling: AutoscalingRange | None = None
    volumes: Unordered[Volume] = ()
    size_from: SizeSource = "file"
    """Where the memory of its containers comes from; the weakest source among them."""
    cpu_from: SizeSource = "file"
    """Where their CPU comes from."""
    operations: Unordered[Operation] = ()
    """What it does when it is called; empty: not known."""
    threads: AtMost | None = None
    """Threads of a copy's pool, of which a visit holds one until it answers, also while it waits
    for a call; None: no pool."""

    @property
    def name(self) -> str:
        """The service's name."""
        return self.service.name


NO_EFFECT = "no effect: "
"""Begins a note on something that was written to have an effect and has none: a mistake, likely."""
NOT_IN_IT = "not in it: "
"""Begins a note on something that was given and is no part of the application."""


def _in_their_order(parts: tuple[Part, ...], others: ValidationInfo) -> tuple[Part, ...]:
    return parts if others.data.get("one_by_one") else in_name_order(parts)


@description
class Application:
    """Services that belong together, with copies and order."""

    name: Name
    one_by_one: bool = False
    """Whether somebody places its parts one after the other, in the order in which they are given;
    else they have none, and come in that of their names."""
    parts: Annotated[tuple[Part, ...], Field(min_length=1), AfterValidator(_in_their_order)]
    entries: Unordered[EntryPoint] = ()
    """What users ask for."""
    notes: tuple[str, ...] = ()
    """What a reader of its files understood otherwise than one might think."""
    ignored: tuple[str, ...] = ()
    """What it left out, counted: `Service (12)`."""

    @model_validator(mode="after")
    def _hangs_together(self) -> "Application":
        names = Counter(part.name for part in self.parts)
        for name, times in names.items():
            if times > 1:
                raise ValueError(f"parts: {name!r} is there {times} times; once")
        for part in self.parts:
            for what in (*(wait.part for wait in part.after), *part.apart_from):
                if what not in names:
                    raise ValueError(str(unknown(f"{part.name}: part", what, names)))
        in_order(self._waits(), "parts")
        check(self.operations, self.entries)
        return self

    @property
    def operations(self) -> dict[str, tuple[Operation, ...]]:
        """By part, what it does, of those of which it is known."""
        return {part.name: part.operations for part in self.parts if part.operations}

    def silent_starts(self) -> str:
        """Whose start-up work nobody has told, and where it is told; empty where all of it is."""
        stay = [(part.name, part.service.app.startup) for part in self.parts if not part.once]
        silent = [name for name, step in stay if not step.work and not step.delay]
        if not silent:
            return ""
        return (
            f"The start-up work of {first_of(silent, last='and')} is not known and counts as none; "
            "x-sim: {startup: {cpu: 12}} of a compose file tells it, or startup: {cpu: 12} in what "
            "sim read --write makes."
        )

    def part(self, name: str) -> Part:
        """One of its parts.

        Raises:
            UnknownName: it has none of that name.
        """
        for part in self.parts:
            if part.name == name:
                return part
        raise unknown("part", name, [part.name for part in self.parts])

    def in_order(self) -> Iterator[Part]:
        """Its parts, each after those that it waits for."""
        by_name = {part.name: part for part in self.parts}
        for name in in_order(self._waits(), "parts"):
            yield by_name[name]

    def rows(self) -> list[dict[str, Any]]:
        """A row a part: what a copy of it reserves, where its size comes from, what it waits for.

        An init container counts where it reserves more than all that run after it.
        """
        return [
            {
                "name": part.name,
                "copies": part.copies,
                "cpu": task_size(part.service).cpu,
                "memory_bytes": task_size(part.service).reserved,
                "size_from": part.size_from,
                "image": part.service.image.name if part.service.image else None,
                "waits_for": [wait.part for wait in part.after],
            }
            for part in self.parts
        ]

    def table(self) -> "pd.DataFrame":
        """Its parts as a frame, see `rows`."""
        import pandas as pd

        return pd.DataFrame(self.rows())

    def launches(self) -> Iterator[Service]:
        """The services of all copies; a daemon's is left out, for it depends on the hosts."""
        for part in self.parts:
            if not part.daemon:
                yield from [part.service] * part.copies

    def _waits(self) -> dict[str, list[str]]:
        return {part.name: [wait.part for wait in part.after] for part in self.parts}


def as_application(value: Any) -> Any:
    """A service alone is an application of one part; what can be one becomes one (an inventory);
    anything else is as it is.
    """
    if isinstance(value, Service):
        return of_one(value)
    become = getattr(value, "application", None)
    return become() if callable(become) else value


def of_one(service: Service, copies: int = 1) -> Application:
    """A service alone is an application of one part."""
    return Application(name=service.name, parts=(Part(service=service, copies=copies),))
