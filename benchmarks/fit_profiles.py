"""Fit the start profiles of the catalogue to the measurements it ships.

Run `python -m benchmarks.fit_profiles`: it reads `sim/catalog/data/measured/`, uses the rows marked
`calibrated` and no other, and writes `sim/catalog/data/start_profiles.csv` anew (some minutes).
What is minimised is the sum of squares (soft_l1) of log(predicted / measured): of the mean latency,
with less weight of makespan and host CPU. Predicted is what the simulation itself gives.

At most six figures a profile are fitted, the number of passes counted. Idle CPU of a running
sandbox and of the empty host are not: they are slopes of measured CPU against sandboxes and against
starts; nor is the spread: it is read off the starts alone on an empty host.
`--held-out` prints the rows that were never used, beside the others; `--leave-out at-once` and
`--leave-out running` fit without the largest of each, and print what is then said of it.
"""

import argparse
import csv
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import least_squares

from benchmarks.measured_storms import Case, cases
from sim import catalog
from sim.catalog.figures import DATA
from sim.core.cited import plain
from sim.core.world import World
from sim.sandbox.storm.processor import Processor
from sim.sandbox.storm.profile import LockCost, StartProfile
from sim.sandbox.storm.storm import Storm
from sim.units import ms

WEIGHTS = {"mean_ms": 1.0, "makespan_ms": 0.5, "cpu_ms": 0.25}
UNITS = {"wait": "s", "passes": "passes", "spin": "threads"}
UNITS |= {"idle_cpu": "threads", "background": "threads", "core_speed": "of an m5d.metal core"}
UNITS |= {"fitted_at_once": "starts", "fitted_running": "sandboxes", "spread": "of the median"}


class Shape(NamedTuple):
    """Which figures of a profile are fitted, from where, and what of its structure is tried."""

    start: dict[str, float]
    passes: tuple[int, ...] = (1,)


RUND = {
    "kata-qemu": Shape(
        {
            "cpu": 0.5,
            "cpu_per_running": 4.5e-5,
            "lock_on_empty_host": 0.03,
            "lock_per_running": 1.2e-4,
            "spin": 1.35,
        },
        (4, 8),
    ),
    "kata-fc": Shape(
        {
            "cpu": 0.2,
            "lock": 0.12,
            "lock_per_running": 1.1e-4,
            "lock_per_running_squared": 9e-7,
        },
        (1, 2),
    ),
    "kata-template": Shape(
        {"cpu": 0.307, "cpu_per_running": 2.9e-5, "lock": 0.006, "lock_per_running": 1.65e-6},
        (2, 4),
    ),
    "rund": Shape(
        {
            "cpu": 0.13,
            "cpu_per_running": 4.9e-5,
            "wait": 0.015,
            "lock": 0.0043,
            "lock_per_running": 7.4e-6,
        },
        (4, 8),
    ),
}
RUNC = Shape({"cpu": 0.02, "cpu_per_running": 1e-5, "wait": 0.01, "lock": 0.006})
NSDI = ("firecracker", "cloud-hypervisor", "qemu")
"""Measured alone on three hosts and in a closed loop on one: these give speeds and waits."""
VARIANTS = {
    "firecracker-file": "firecracker",
    "firecracker-net": "firecracker",
    "firecracker-nopci": "firecracker",
    "cloud-hypervisor-net": "cloud-hypervisor",
    "cloud-hypervisor-bzimage": "cloud-hypervisor",
    "qemu-qboot": "qemu",
    "qemu-qboot-net": "qemu",
    "qemu-uvm": "qemu",
}
"""Fitted by one factor, on one host: CPU and wait are in the proportion of the plain one."""


class Fit(NamedTuple):
    """Figures of one runtime or host, with the logarithm of their standard error."""

    figures: dict[str, float]
    errors: dict[str, float]
    cost: float = 0.0


def profile(name: str, figures: Mapping[str, float]) -> StartProfile:
    """The profile with these figures instead of the catalogue's."""
    get = figures.get
    return StartProfile(
        name=name,
        cpu=get("cpu", 0.0),
        cpu_per_running=get("cpu_per_running", 0.0),
        wait=get("wait", 0.0),
        threads=catalog.RUNTIMES[name].threads,
        lock=LockCost(
            fixed=get("lock", 0.0),
            on_empty_host=get("lock_on_empty_host", 0.0),
            per_running=get("lock_per_running", 0.0),
            per_running_squared=get("lock_per_running_squared", 0.0),
            passes=int(get("passes", 1)),
            spin=get("spin", 0.0),
        ),
        idle_cpu=get("idle_cpu", 0.0),
        spread=get("spread", 0.05),
    )


def predicted(of: StartProfile, on: Processor, case: Case, times: int) -> dict[str, float]:
    """What the simulation gives for a case, by the names of what was measured."""
    latencies: list[float] = []
    makespan = busy = 0.0
    for number in range(times):
        world = World(1, number)
        storm = Storm(
            world, of, on, starts=case.starts, launchers=case.launchers, running=case.running
        )
        world.env.run(storm.over)
        latencies += storm.latencies
        makespan += world.env.now
        busy += storm.cores.busy
    return {
        "mean_ms": float(np.mean(latencies)) / ms,
        "makespan_ms": makespan / times / ms,
        "cpu_ms": busy / len(latencies) / ms,
    }


def misses(of: StartProfile, on: Processor, of_cases: list[Case]) -> Iterator[float]:
    """Weighted log(predicted / measured) of every measured figure."""
    for case in of_cases:
        times = max(2, min(8, 80 // case.starts))
        found = predicted(of, on, case, times)
        for name, weight in WEIGHTS.items():
            if name in case.measured:
                yield weight * np.log(found[name] / case.measured[name])


def minimise(residuals: Any, start: Mapping[str, float]) -> Fit:
    """Least squares over the logarithms of the figures, which are positive."""
    names = list(start)

    def of_logs(logs: Any) -> Any:
        return np.array(list(residuals(dict(zip(names, np.exp(logs), strict=True)))))

    found = least_squares(
        of_logs,
        np.log(list(start.values())),
        diff_step=0.02,
        loss="soft_l1",
        f_scale=0.1,
        max_nfev=40,
    )
    spare = max(1, found.fun.size - len(names))
    covariance = np.linalg.pinv(found.jac.T @ found.jac) * 2.0 * found.cost / spare
    errors = np.sqrt(np.diag(covariance))
    return Fit(
        dict(zip(names, np.exp(found.x).tolist(), strict=True)),
        dict(zip(names, errors.tolist(), strict=True)),
        float(found.cost),
    )


def calibrated(name: str) -> list[Case]:
    """The cases of a runtime that a fit may see."""
    return [case for case in cases() if case.runtime == name and case.split == "calibrated"]


def fit_storms(
    name: str, shape: Shape, on: Processor, fixed: Mapping[str, float], seen: list[Case]
) -> Fit:
    """The best figures of one runtime for the cases seen, over the numbers of passes tried."""
    best: Fit | None = None
    for passes in shape.passes:
        given = {**fixed, "passes": float(passes)}

        def residuals(figures: dict[str, float], given: dict[str, float] = given) -> Any:
            return misses(profile(name, {**figures, **given}), on, seen)

        found = minimise(residuals, shape.start)
        if best is None or found.cost < best.cost:
            best = Fit({**found.figures, **given}, found.errors, found.cost)
    if best is None:
        raise ValueError(f"passes: {shape.passes!r} is not allowed; at least one number")
    return best


def idle_cpu(name: str) -> float:
    """Threads a running sandbox keeps busy: slope of busy threads against sandboxes, one start."""
    alone = [case for case in calibrated(name) if case.starts == 1]
    busy = [case.measured["cpu_ms"] / case.measured["makespan_ms"] for case in alone]
    return float(np.polyfit([case.running for case in alone], busy, 1)[0])


def spread(name: str) -> float:
    """Coefficient of variation of one start alone on an empty host: its p99 is 2.33 sigma out."""
    (alone,) = (c.measured for c in calibrated(name) if (c.starts, c.running) == (1, 0))
    return float(np.log(alone["p99_ms"] / alone["p50_ms"]) / 2.33)


def background(idle: Mapping[str, float]) -> float:
    """Threads the empty host keeps busy: CPU of one start against a tenth of that of ten.

    With 100 running, of the two runtimes whose starts do not get in each other's way.
    """
    found = []
    for name in ("rund", "kata-template"):
        one, ten = (
            next(c.measured for c in calibrated(name) if (c.running, c.starts) == (100, starts))
            for starts in (1, 10)
        )
        longer = one["makespan_ms"] - ten["makespan_ms"] / 10
        found.append((one["cpu_ms"] - ten["cpu_ms"]) / longer - 100 * idle[name])
    return float(np.mean(found))


def fit_boots(hosts: Mapping[str, Processor]) -> tuple[dict[str, Fit], dict[str, float]]:
    """CPU and wait of three VMMs, and the speeds of two hosts, all at once."""
    start = {f"{name} {part}": 0.1 for name in NSDI for part in ("cpu", "wait")}
    start |= {"rn.haswell": 1.5, "rn.nehalem": 1.0}

    def residuals(figures: dict[str, float]) -> Iterator[float]:
        for name in NSDI:
            of = profile(name, {p: figures[f"{name} {p}"] for p in ("cpu", "wait")})
            for case in calibrated(name):
                speed = figures.get(case.host, 1.0)
                yield from misses(of, replace(hosts[case.host], core_speed=speed), [case])

    found = minimise(residuals, start)
    fits = {
        name: Fit(
            {part: found.figures[f"{name} {part}"] for part in ("cpu", "wait")},
            {part: found.errors[f"{name} {part}"] for part in ("cpu", "wait")},
        )
        for name in NSDI
    }
    return fits, {host: found.figures[host] for host in ("rn.haswell", "rn.nehalem")}


def variant(name: str, base: Fit, speed: float) -> Fit:
    """A variant of a VMM, by its one calibrated case: alone on rn.haswell."""
    (case,) = calibrated(name)
    alone = base.figures["cpu"] / speed + base.figures["wait"]
    factor = case.measured["mean_ms"] * ms / alone
    return Fit({part: value * factor for part, value in base.figures.items()}, {})


def fit_rund(wanted: Callable[[Case], bool]) -> tuple[dict[str, Fit], Processor]:
    """Fits of the runtimes that were measured on `rund` to the cases wanted, and that host."""
    idle = {name: idle_cpu(name) for name in RUND}
    on = replace(catalog.validation_hosts()["rund"].processor, background=background(idle))
    with ProcessPoolExecutor() as pool:
        futures = {
            name: pool.submit(
                *(fit_storms, name, shape, on),
                {"idle_cpu": idle[name], "spread": spread(name)},
                [case for case in cases() if case.runtime == name and wanted(case)],
            )
            for name, shape in RUND.items()
        }
        return {name: future.result() for name, future in futures.items()}, on


def fit_all() -> tuple[dict[str, Fit], dict[str, float]]:
    """All fits by runtime, and the figures of hosts."""
    hosts = {name: host.processor for name, host in catalog.validation_hosts().items()}
    fits, rund = fit_rund(lambda case: case.split == "calibrated")
    fits["runc"] = fit_storms("runc", RUNC, hosts["epyc"], {}, calibrated("runc"))
    boots, speeds = fit_boots(hosts)
    fits |= boots
    fits |= {name: variant(name, boots[p], speeds["rn.haswell"]) for name, p in VARIANTS.items()}
    figures = {f"host.{name}.core_speed": speed for name, speed in speeds.items()}
    return fits, {**figures, "host.rund.background": plain(rund.background)}


def leave_out(largest: str) -> None:
    """Fit to all but 100 at once, or to all but 2000 running, and show what is said of those."""
    limits = {
        "at-once": lambda case: case.starts < 100,
        "running": lambda case: case.running < 2000,
    }
    fits, on = fit_rund(limits[largest])
    for name, fit in fits.items():
        for case in cases():
            if case.runtime == name and not limits[largest](case):
                found = predicted(profile(name, fit.figures), on, case, 5)["mean_ms"]
                error = 100.0 * (found / case.measured["mean_ms"] - 1.0)
                print(f"{name:14} {case.starts:4} at once {case.running:5} running {error:+6.1f}%")


def write(fits: Mapping[str, Fit], hosts: Mapping[str, float]) -> None:
    """The catalogue's file, anew."""
    columns = ["key", "value", "unit", "low", "high", "grade", "source", "as_of", "note", "core"]
    rows = [row(key, value, None, "all") for key, value in hosts.items()]
    for name, fit in fits.items():
        seen = calibrated(name)
        largest = {
            "fitted_at_once": float(max(case.launchers for case in seen)),
            "fitted_running": float(max(case.running for case in seen)),
        }
        said = f"{len(seen)} calibrated cases of {name}"
        for part, value in {**fit.figures, **largest}.items():
            if value:
                of = "sandbox" if part == "idle_cpu" else "start"
                rows.append(row(f"{of}.{name}.{part}", value, fit.errors.get(part), said))
    with (DATA / "start_profiles.csv").open("w", encoding="utf-8", newline="") as file:  # type: ignore[call-arg]
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(sorted(rows))


def row(key: str, value: float, error: float | None, seen: str) -> list[str]:
    """One figure with its passport; the range is two standard errors of the fit."""
    part = key.rsplit(".", maxsplit=1)[1]
    known = error is not None and error < 1.0
    unit = UNITS.get(part, "core-s")
    low, high = (f"{value * np.exp(s * 2.0 * (error or 0.0)):.4g}" for s in (-1, 1))
    return [
        key,
        f"{value:.4g}",
        unit,
        low if known else "",
        high if known else "",
        "C",
        "fitted to catalog/data/measured by benchmarks/fit_profiles.py",
        "2026-11",
        seen,
        *([core(key.split(".")[1])] if unit == "core-s" else []),
    ]


def core(runtime: str) -> str:
    """The core on which a runtime was measured."""
    host = catalog.home(runtime).name
    return "epyc-guest" if host == "epyc" else host


def show(held_out: bool) -> None:
    """Measured and predicted with what is in the catalogue now, and the errors of both splits."""
    errors: dict[tuple[str, str], list[float]] = {}
    for case in cases():
        if case.split != "calibrated" and not held_out:
            continue
        on = catalog.validation_hosts()[case.host].processor
        times = 1 if case.starts > 100 else 20
        found = predicted(catalog.profile(case.runtime), on, case, times)
        text = f"{case.runtime:24} {case.host:10} {case.launchers:4} {case.running:5}"
        for name in (name for name in WEIGHTS if name in case.measured):
            value = case.measured[name]
            error = 100.0 * (found[name] / value - 1.0)
            text += f"  {name} {value:8.0f} {found[name]:8.0f} {error:+6.1f}%"
            errors.setdefault((name, case.split), []).append(error)
        print(f"{text}  {case.split}")
    for (name, split), values in sorted(errors.items()):
        sizes = np.abs(values)
        print(
            f"{name:12} {split:10} n {sizes.size:3}  median {np.median(sizes):5.1f}%  "
            f"worst {sizes.max():5.1f}%  bias {np.mean(values):+5.1f}%"
        )


def main() -> None:
    """Fit, write, show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="show the present figures, fit none")
    parser.add_argument("--held-out", action="store_true", help="show the rows never used, too")
    parser.add_argument("--leave-out", choices=("at-once", "running"), help="see above")
    options = parser.parse_args()
    if options.leave_out:
        leave_out(options.leave_out)
        return
    if not options.keep:
        write(*fit_all())
        for cached in (catalog.figures, catalog.profile, catalog.validation_hosts):
            cached.cache_clear()
    show(options.held_out)


if __name__ == "__main__":
    main()
