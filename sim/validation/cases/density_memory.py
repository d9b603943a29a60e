"""Servers side by side until memory ends it: how many fit, what they share, and who is killed."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from sim import catalog
from sim.catalog import UnknownName
from sim.catalog.apps import server
from sim.core.cited import plain
from sim.core.quantity import number_in
from sim.host import Machine, Memory, MemoryGroup
from sim.units import MiB
from sim.validation.bars import Bar
from sim.validation.case import Case
from sim.validation.format import Format
from sim.validation.table import BadData, TableRow
from sim.workload import App, Service

GROUP = "density in memory"
FIT, SHARED, KILLED = "how many fit", "what they share", "who is killed"
STEP = "what they hold"
MOST = 100_000
"""Containers side by side, or steps until somebody is killed."""

MOST_GIVEN = 1e7
"""MiB, or processes; the least is a score adjusted by -1000."""

LOADS = {"idle": False, "light": True}


def judge_fit(ours: Format, row: TableRow) -> Iterator[Case]:
    """One row: as many of an app as a memory of `limit_mib` takes before one ends it."""
    measured = row.measured("fit")
    if measured is None:
        return
    name, load = row.text("case"), row.text("load")
    if load not in LOADS:
        raise BadData(f"{row.place}: load: {load!r} is not allowed; idle or light")
    try:
        app = server(row.text("app"), serves=LOADS[load])
    except UnknownName as error:
        yield ours.case(row, name, "containers", measured, None, reason=str(error), tags=[FIT])
        return
    fit = last_fit(app, row.number("limit_mib", 1.0) * MiB)
    yield ours.case(row, name, "containers", measured, fit, tags=[FIT])
    yield from ours.others(
        row,
        name,
        [
            ("rss_slope_mib", "MiB", plain(app.private or 0.0) / MiB),
            ("kmem_slope_mib", "MiB", plain(app.kernel_memory) / MiB),
        ],
    )


def judge_step(ours: Format, row: TableRow) -> Iterator[Case]:
    """One row of the way there: what `n` of an app hold, before their heaps have been collected.

    App, load and MiB of the host stand in the name of the case, as `node-idle-2048`.
    """
    case, count = row.text("case"), row.whole("n", 1)
    held = row.number("rss_mib") + row.number("kmem_mib")
    app, _, rest = case.partition("-")
    load, _, limit = rest.partition("-")
    name = f"{case}: {count}"
    if load not in LOADS or not limit.isdecimal():
        raise BadData(f"{row.place}: case: {case!r} is not APP-LOAD-MIB, as node-idle-2048")
    try:
        what = server(app, serves=LOADS[load])
    except UnknownName as error:
        yield ours.case(row, name, "MiB", held, None, reason=str(error))
        return
    each = plain(what.private or 0.0) + plain(what.kernel_memory)
    if count * each > float(limit) * MiB:
        each -= plain(what.gives_back)
    yield ours.case(row, name, "MiB", held, count * each / MiB, tags=[STEP])


def last_fit(app: App, memory: float) -> int:
    """The most of which none is killed on a host of so many bytes, with nothing else on it."""
    host = catalog.docker(Machine(name="host", vcpu=2.0, memory=memory))
    runtime = replace(host.server.runtime, shim=0.0)
    host = replace(host, server=replace(host.server, runtime=runtime, os_and_daemons=0.0))
    return host.last_in_memory(Service(name=app.name, app=app, cpu=1.0, memory=memory))


def judge_shared(ours: Format, row: TableRow) -> Iterator[Case]:
    """One row: containers of one image, over one lower layer or each over a copy of the files."""
    measured = row.measured("pss_sum_mib")
    if measured is None:
        return
    name, files, count = row.text("case"), row.text("files"), row.whole("containers", 1)
    if files.split(" ")[0] not in ("same", "copies"):
        raise BadData(f"{row.place}: files: {files!r} is not allowed; same or copies")
    try:
        app = server(row.text("app"), serves=False)
    except UnknownName as error:
        yield ours.case(row, name, "MiB", measured, None, reason=str(error), tags=[SHARED])
        return
    if count > MOST:
        raise BadData(f"{row.place}: containers: {count} is not allowed; at most {MOST}")
    memory, kernel = Memory(float("inf")), plain(app.kernel_memory)
    for number in range(count):
        group = memory.cgroup(float("inf"), _ignore)
        group.allocate(plain(app.private or 0.0) + kernel)
        group.share(((f"files {number if files == 'copies' else 0}", plain(app.hot_files)),))
    pss = (memory.used - count * kernel) / MiB
    yield ours.case(row, name, "MiB", measured, pss, tags=[SHARED])
    yield from ours.others(row, name, [("cgroup_kmem_mib", "MiB", count * kernel / MiB)])


def judge_killed(ours: Format, row: TableRow) -> Iterator[Case]:
    """One row: cgroups that are up, and one that grows until a process is killed.

    What is judged is the victim: 1 where it is the one that was killed.
    """
    victim = row.text("victim").partition("(")[0].strip()
    name = f"{row.optional_text('case_rep') or row.text('case')}: {victim} is killed"
    killed, grown = _first_victim(row)
    if len(killed) > 1:
        reason = "a tie, which chance decides"
        yield ours.case(row, name, "right", 1.0, None, reason=reason, tags=[KILLED])
        return
    yield ours.case(row, name, "right", 1.0, float(killed == [victim]), tags=[KILLED])
    yield from ours.others(row, name, [("grown_mib", "MiB", grown)])


def _first_victim(row: TableRow) -> tuple[list[str], float]:
    """Who has the highest score when a process is killed, and what the one that grows has then."""
    ram = row.number("limit_mib", 1.0) * MiB
    memory, grows, limits = Memory(ram), row.text("grows"), _limits(row)
    died: list[str] = []
    groups: dict[str, MemoryGroup] = {}
    step = 0.0
    for name, parts in _spec(row).items():

        def dies(_: str, name: str = name) -> None:
            died.append(name)

        processes = int(parts.get("np", 1.0))
        group = groups[name] = memory.cgroup(
            limits.get(name, float("inf")), dies, parts.get("adj", 0.0), processes=processes
        )
        group.allocate(parts.get("anon", 0.0) * processes * MiB)
        if "fm" in parts:
            group.share(((f"file of {name}", parts["fm"] * MiB),))
        if name == grows:
            step = parts.get("step", 0.0) * MiB
    if not step > ram / MOST:
        raise BadData(
            f"{row.place}: spec: step of {grows}: at least {ram / MOST / MiB:g} is needed"
        )
    while True:
        scores = {name: group.score for name, group in groups.items()}
        scores[grows] += step
        alive = {name: group.processes for name, group in groups.items()}
        grown = groups[grows].private
        groups[grows].allocate(step)
        lost = [name for name, group in groups.items() if group.processes < alive[name]]
        if died or lost:
            first = (died + lost)[0]
            return [name for name in groups if scores[name] == scores[first]], grown / MiB


def _spec(row: TableRow) -> dict[str, dict[str, float]]:
    """`A:anon=300,np=2; B:anon=10,step=5` as names with their parts."""
    found = {}
    try:
        for one in row.text("spec").split(";"):
            name, _, parts = one.strip().partition(":")
            pairs = (part.split("=") for part in parts.split(","))
            found[name] = {key.strip(): _given(value) for key, value in pairs}
    except ValueError as error:
        text = row.text("spec")
        raise BadData(f"{row.place}: spec: {text!r} is not NAME:KEY=NUMBER,...; ...") from error
    if row.text("grows") not in found:
        raise BadData(f"{row.place}: grows: {row.text('grows')!r} is none of {', '.join(found)}")
    return found


def _limits(row: TableRow) -> dict[str, float]:
    """`{'C': 200}`: own limits in MiB, as bytes."""
    text = row.optional_text("limits").strip("{}")
    try:
        pairs = (part.split(":") for part in text.split(",") if part.strip())
        return {name.strip(" '\""): _given(value) * MiB for name, value in pairs}
    except ValueError as error:
        raise BadData(f"{row.place}: limits: {text!r} is not {{'NAME': MiB}}") from error


def _given(text: str) -> float:
    found = number_in(text)
    if found is None or not -1000.0 <= found <= MOST_GIVEN:
        raise ValueError(text)
    return found


def _ignore(reason: str) -> None:
    """Nobody is killed where memory has no end."""


def _format(
    needs: tuple[str, ...],
    files: tuple[str, ...],
    judge: Callable[[Format, TableRow], Iterator[Case]],
) -> Format:
    return Format(
        GROUP,
        needs,
        files,
        judge,
        bars=(
            Bar("median", 5.0, FIT),
            Bar("median", 5.0, SHARED),
            Bar("median", 5.0, STEP),
            Bar("outside", 0.0, KILLED),
        ),
        row_bars={"calibrated": 15.0, "held out": 25.0},
    )


MEMORY_FIT = _format(
    ("case", "app", "load", "limit_mib", "fit"), ("memory_density.csv",), judge_fit
)
MEMORY_STEPS = _format(("case", "n", "rss_mib", "kmem_mib"), (), judge_step)
MEMORY_SHARED = _format(
    ("case", "files", "app", "containers", "pss_sum_mib"), ("memory_sharing.csv",), judge_shared
)
MEMORY_KILLED = _format(
    ("case", "limit_mib", "spec", "grows", "victim"), ("oom_order.csv",), judge_killed
)
