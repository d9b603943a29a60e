"""Machines as the rows of a table tell of them, before it is settled which of them may move."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from sim.files.inventory.rows import Row
from sim.files.text.findings import Findings
from sim.studies.migrate.guest import OldGuest
from sim.workload.sizing.use import Use

MOST_VCPUS = 1024.0
LONGEST_NAME = 255
_ON = ("", "poweredon", "on", "running", "vm running", "powered on", "started", "active")
_MARKS = ("p50", "p95", "p99_5", "peak")
_GROUPS = ("cluster", "datacenter", "folder", "resource pool", "application", "group", "location")

State = Literal["on", "off", "template", "SRM placeholder", "vSphere's own (vCLS)"]


@dataclass(slots=True)
class ListedMachine:
    """A machine of an inventory; what is not known is None or empty."""

    row: Row
    name: str
    id: str
    vcpu: float | None
    memory: float | None
    state: State = "on"
    cpu: Use = field(default_factory=Use)
    cpu_mean: float | None = None
    memory_use: Use = field(default_factory=Use)
    memory_mean: float | None = None
    disk: float | None = None
    os: str = ""
    host: str = ""
    ghz: float | None = None
    groups: dict[str, str] = field(default_factory=dict)

    def guest(self) -> OldGuest:
        """The same as a guest that may move; it has vCPUs and memory."""
        return OldGuest(
            name=self.name,
            vcpu=self.vcpu or 0.0,
            memory=self.memory or 0.0,
            disk=self.disk,
            os=self.os,
            cpu_use=self.cpu,
            cpu_mean=self.cpu_mean,
            memory_use=self.memory_use,
            memory_mean=self.memory_mean,
            host=self.host,
            ghz=self.ghz,
            groups=self.groups,
        )


def machine_of(row: Row) -> ListedMachine:
    """The machine of one row."""
    name, vcpu = row.text("name") or row.text("id"), row.number("vcpu", MOST_VCPUS)
    memory = row.amount("memory")
    if not name:
        row.say("name", "missing")
    elif len(name) > LONGEST_NAME:
        row.wrong("name", f"at most {LONGEST_NAME} characters")
    release = row.text("os_version")
    ghz = row.number("ghz", 10.0)
    return ListedMachine(
        row=row,
        name=name,
        id=row.text("id"),
        vcpu=vcpu,
        memory=memory,
        state=_state(row, name),
        cpu=_use(row, "cpu", vcpu),
        cpu_mean=_part(row, "cpu_mean", vcpu),
        memory_use=_use(row, "memory", memory),
        memory_mean=_part(row, "memory_mean", memory),
        disk=row.amount("disk"),
        os=f"{row.text('os')} {release}".strip(),
        host=row.text("host"),
        ghz=ghz or None,
        groups=dict(_groups(row)),
    )


def _part(row: Row, field_: str, of: float | None) -> float | None:
    return row.part(field_, of) if of else None


def _use(row: Row, resource: str, of: float | None) -> Use:
    """What a row says of the use of a resource."""
    known: dict[str, Any] = {mark: _part(row, f"{resource}_{mark}", of) for mark in _MARKS}
    return Use(**known, instant=_part(row, f"{resource}_now", of))


def _state(row: Row, name: str) -> State:
    if row.flag("template"):
        return "template"
    if row.flag("placeholder"):
        return "SRM placeholder"
    if name.startswith("vCLS"):
        return "vSphere's own (vCLS)"
    return "on" if row.text("power").lower() in _ON else "off"


def _groups(row: Row) -> Iterator[tuple[str, str]]:
    for kind in _GROUPS:
        if text := row.text(kind):
            yield kind, text.partition(",")[0].strip() if kind == "application" else text
    for tag in re.split("[,;]", row.text("tags")):
        key, *value = re.split("[:=]", tag, maxsplit=1)
        if value and key.strip():
            yield f"tag:{key.strip()}", value[0].strip()
    yield from row.tags()


class Register:
    """Machines by what they are known by, in the order of their rows."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._by_id: dict[str, ListedMachine] = {}
        self._by_name: dict[str, list[ListedMachine]] = {}
        self._without_id: set[str] = set()
        """Names of which one machine at least has no id."""
        self.machines: list[ListedMachine] = []
        self.twice = 0

    def add(self, machine: ListedMachine) -> None:
        """One more; one that is there already by its id is counted."""
        if machine.id and machine.id in self._by_id:
            self.twice += 1
            return
        same = self._by_name.setdefault(machine.name, [])
        if not machine.id:
            self._without_id.add(machine.name)
        if same and machine.name in self._without_id:
            other = same[0].row.line
            machine.row.say(
                "name",
                f"{machine.name!r} is in row {other}, too; a column of UUIDs tells them apart",
            )
        elif same:
            text = "several have this name, and are told apart by their UUIDs"
            self._findings.note(text, machine.name)
            machine.name = f"{machine.name} ({len(same) + 1})"
        same.append(machine)
        self.machines.append(machine)
        if machine.id:
            self._by_id[machine.id] = machine

    def find(self, row: Row) -> ListedMachine | None:
        """The machine of which a row of another table tells; None where there is none."""
        found = self._by_id.get(row.text("id"))
        if found is not None:
            return found
        same = self._by_name.get(row.text("name"), [])
        return same[0] if len(same) == 1 else None

    def each(self, rows: Iterator[Row], tell: Callable[[ListedMachine, Row], None]) -> None:
        """Tell each machine what a row of another table says of it."""
        for row in rows:
            machine = self.find(row)
            if machine is not None:
                tell(machine, row)
