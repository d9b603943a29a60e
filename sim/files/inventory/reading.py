"""Files of an inventory in, an inventory out."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import NamedTuple, TypeAlias

from sim.core.question import BadInput
from sim.files.inventory import forms
from sim.files.inventory.azure_trace import machine_of_trace, with_header
from sim.files.inventory.beside import (
    MOST_READINGS,
    machine_of_series,
    old_host,
    tell_cpu,
    tell_memory,
    tell_performance,
    tell_tag,
)
from sim.files.inventory.forms import VINFO, Form, form_of
from sim.files.inventory.machines import ListedMachine, Register, machine_of
from sim.files.inventory.rows import rows, unused
from sim.files.inventory.sheet import Sheet, csv_sheet, key_of
from sim.files.inventory.workbook import is_workbook, sheets_of
from sim.files.text.findings import Findings
from sim.files.text.source import STANDARD_INPUT, bytes_of, typed_bytes
from sim.studies.migrate.guest import OldGuest, OldHost
from sim.studies.migrate.inventory import Inventory

TABLES = (".csv", ".tsv", ".xlsx", ".xlsm")
MOST_FILES = 2000
MOST_GUESTS = 20_000
_RVTOOLS = re.compile(r"(rvtools_)?(tab)?(vinfo|vcpu|vmemory|vhost)", re.IGNORECASE)
_MACHINES = (
    VINFO, forms.DISCOVERY, forms.AZURE_MIGRATE, forms.MIGRATION_CENTER, forms.PRISM,
    forms.PLAIN, forms.AZURE_TRACE,
)  # fmt: skip
"""Forms with a machine a row."""

Found: TypeAlias = list[tuple[Sheet, Form]]
"""Tables, each with its form."""


class Told(NamedTuple):
    """What the tables of an inventory tell."""

    tables: Found
    register: Register
    hosts: tuple[OldHost, ...]
    unknown: tuple[str, ...]
    """Titles of columns that say nothing here."""


def read_inventory(*files: str | PathLike[str]) -> Inventory:
    """The machines that the files of an inventory tell of.

    Args:
        files: an export of RVTools (xlsx, or its csv files), of AWS Application Discovery, Azure
            Migrate, Migration Center or Prism, a table of one's own, files of Bitbrains, Azure's
            table of VMs; or a folder of them; `-` is standard input.

    Raises:
        BadInput: all that is wrong with them, one mistake a line.
    """
    paths = [Path(each) for each in files]
    findings, unknown = Findings(), dict[str, None]()
    found = _known(_sheets(paths), unknown)
    told = Told(found, _machines(found, findings), _hosts(found, findings), tuple(unknown))
    findings.refuse()
    return _settled(paths[0], told, findings)


def is_inventory(path: Path) -> bool:
    """Whether a file, or a folder, is one; what cannot be read is none."""
    try:
        if path.is_dir():
            names = {each.suffix.lower() for each in path.iterdir()}
            return not names & {".yaml", ".yml"} and bool(names & {*TABLES})
        if path.suffix.lower() not in TABLES:
            return path.is_file() and is_workbook(_begin(path))
        data = bytes_of(path)
        return is_workbook(data) or form_of(with_header(csv_sheet(str(path), data))) is not None
    except (BadInput, OSError, ValueError):
        return path.suffix.lower() in (".xlsx", ".xlsm")


def _begin(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def _sheets(paths: Iterable[Path]) -> Iterator[Sheet]:
    """The tables of all files.

    Raises:
        BadInput: all that cannot be read, one a line.
    """
    wrong: list[str] = []
    for path in paths:
        try:
            for each in _files(path):
                yield from _of_file(each)
        except BadInput as error:
            wrong.append(str(error))
    if wrong:
        raise BadInput("\n".join(wrong))


def _files(path: Path) -> list[Path]:
    if str(path) == STANDARD_INPUT or not path.is_dir():
        return [path]
    found = sorted(each for each in path.iterdir() if each.suffix.lower() in TABLES)
    if not found:
        raise BadInput(f"{path}: no table ({', '.join(TABLES)}) is in this folder")
    if len(found) > MOST_FILES:
        raise BadInput(f"{path}: {len(found)} files; at most {MOST_FILES}")
    return found


def _of_file(path: Path) -> Iterator[Sheet]:
    typed = str(path) == STANDARD_INPUT
    name, data = ("standard input", typed_bytes()) if typed else (str(path), bytes_of(path))
    if is_workbook(data):
        sheets = sheets_of(name, data, lambda sheet: bool(_RVTOOLS.fullmatch(sheet)))
        if not sheets:
            raise BadInput(f"{name}: its sheets are empty; a list of machines has titles and rows")
        yield from sheets
    else:
        yield with_header(csv_sheet(name, data))


def _known(sheets: Iterable[Sheet], unknown: dict[str, None]) -> Found:
    """Tables with their forms; those that are none are told.

    Raises:
        BadInput: none of them has machines in it.
    """
    found: Found = []
    others: list[str] = []
    for sheet in sheets:
        form = form_of(sheet)
        if form is None:
            others.append(_seen(sheet))
        else:
            found.append((sheet, form))
            told = (title for title in unused(sheet, form) if key_of(title) not in VINFO.columns)
            unknown.update(dict.fromkeys(told))
    if not any(form in (*_MACHINES, forms.BITBRAINS) for _, form in found):
        raise BadInput("\n".join(others + [_no_machines(sheet, form) for sheet, form in found]))
    return found


def _seen(sheet: Sheet) -> str:
    titles = ", ".join(title for title in sheet.header if title)[:200]
    return (
        f"{sheet.place(1)}: not a list of machines that is known: a sheet vInfo of RVTools is "
        f"needed, or a name and the columns vcpu and memory_gib or memory_mib (sim read --help "
        f"names the exports that are known); it has {titles or 'no titles'}"
    )


def _no_machines(sheet: Sheet, form: Form) -> str:
    return f"{sheet.place(0)}: {form.name} is read beside the list of machines, which is missing"


def _machines(found: Found, findings: Findings) -> Register:
    """The machines of the tables that list them, and what the others tell of each."""
    register = Register(findings)
    for sheet, form in found:
        if form in _MACHINES:
            make = machine_of_trace if form is forms.AZURE_TRACE else machine_of
            for row in rows(sheet, form, findings):
                register.add(make(row))
        elif form is forms.BITBRAINS:
            _add_series(register, sheet, findings, _few_readings(found))
    for sheet, form in found:
        told = rows(sheet, form, findings)
        if form is forms.PERFORMANCE:
            tell_performance(register, told)
        elif form.name in _BESIDE:
            register.each(told, _BESIDE[form.name])
    return register


_BESIDE = {
    forms.VCPU.name: tell_cpu,
    forms.VMEMORY.name: tell_memory,
    forms.TAGS.name: tell_tag,
}


def _few_readings(found: Found) -> bool:
    return sum(len(sheet.lines) for sheet, _ in found) <= MOST_READINGS


def _add_series(register: Register, sheet: Sheet, findings: Findings, keep: bool) -> None:
    machine = machine_of_series(Path(sheet.source).stem, sheet, findings, keep)
    if machine is None:
        findings.ignore("without any reading")
    else:
        register.add(machine)


def _hosts(found: Found, findings: Findings) -> tuple[OldHost, ...]:
    told = (
        row for sheet, form in found if form is forms.VHOST for row in rows(sheet, form, findings)
    )
    return tuple(host for host in map(old_host, told) if host is not None)


def _settled(path: Path, told: Told, findings: Findings) -> Inventory:
    """Which of the machines may move; those that do not are counted by reason.

    Raises:
        BadInput: none may.
    """
    guests: list[OldGuest] = []
    off: list[OldGuest] = []
    left_out = Counter[str]({"listed twice": told.register.twice})
    for machine in told.register.machines:
        whole = bool(machine.vcpu and machine.memory)
        if machine.state == "on" and whole:
            guests.append(machine.guest())
            continue
        left_out[_why(machine)] += 1
        if machine.state == "off" and whole:
            off.append(machine.guest())
        elif machine.state == "on":
            findings.note("on, but without CPUs or memory, so left out", machine.name)
    if not guests or len(guests) > MOST_GUESTS:
        raise BadInput(f"{path}: {_refused(len(guests), left_out)}")
    return Inventory(
        name=path.resolve().name if path.is_dir() else path.stem or "inventory",
        guests=tuple(guests),
        hosts=told.hosts,
        form=" + ".join(dict.fromkeys(form.name for _, form in told.tables)),
        left_out={why: count for why, count in left_out.most_common() if count},
        off=tuple(off),
        notes=(*_cpu_column(told.tables, findings), *findings.notes),
        ignored=told.unknown,
    )


def _why(machine: ListedMachine) -> str:
    if machine.state == "on":
        return "on, but without CPUs or memory"
    return "powered off" if machine.state == "off" else machine.state


def _refused(usable: int, left_out: Counter[str]) -> str:
    if usable:
        return f"{usable:,} machines; at most {MOST_GUESTS:,}"
    counts = ", ".join(f"{count} {why}" for why, count in left_out.items() if count)
    return f"no machine in it can move: {counts or 'there is none'}"


def _cpu_column(found: Found, findings: Findings) -> Iterator[str]:
    """Which column the vCPUs are from, where several could be meant."""
    for sheet, form in found:
        titles = [
            title
            for key, column in form.columns.items()
            if column.field == "vcpu"
            for other, title in zip(sheet.keys, sheet.header, strict=True)
            if other == key
        ]
        if form in _MACHINES and titles:
            row = next(rows(sheet, form, findings), None)
            taken = row.title("vcpu") if row is not None else titles[0]
            beside = [title for title in titles if title != taken]
            instead = f", not {' or '.join(beside)}" if beside else ""
            yield f"vCPUs are from the column {taken!r}{instead}"
