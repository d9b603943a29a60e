"""A figure of every kind, of tables that are hard to draw: all platforms, long names, equal lines.

A name may stand twice, with a remark in brackets.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sim import plots
from sim.plots.palette import MEMORY, PHASES, PLATFORMS
from sim.studies.one_server import memory_of_one_server
from sim.units import GiB

GROW = ("fargate", "eks-fargate", "ecs-asg", "eks-karpenter", "eks-cas", "ecs-managed", "eks-auto")


def table(columns: str, *rows: tuple[object, ...]) -> pd.DataFrame:
    """Rows of columns whose names stand in one text."""
    return pd.DataFrame(rows, columns=columns.split())


def _density() -> Axes:
    limits = ("vCPU", "memory", "one task per instance", "trunk ENI", "pod slots", "ENI")
    rows = [
        (name, "4 vCPU, 16 GiB", 3 * n + 1, limits[n % 6], 4.0 * n, limits[(n + 1) % 6])
        for n, name in enumerate(PLATFORMS)
    ]
    columns = "platform host count stopped_by count_by_use stopped_by_use"
    return plots.density_bars(table(columns, *rows))


def _memory() -> Axes:
    rows = [
        (name, "m5.2xlarge", item, GiB * (1.0 + (n + place) % 3))
        for n, name in enumerate(("vm", "docker", "ecs-awsvpc-trunk"))
        for place, item in enumerate(MEMORY)
    ]
    rows += [("eks", "m5.xlarge", "apps", 21 * GiB), ("eks", "m5.xlarge", "free", -5 * GiB)]
    return plots.memory_budget(table("platform host item bytes", *rows))


def _one_machine() -> Axes:
    columns = "variant time_to_ready_s_java time_to_ready_s_mysql time_to_ready_s_node"
    runs = table(columns, ("docker", 12.7, 15.1, 0.9), ("vm", 18.3, 20.3, 6.4))
    return plots.one_machine(memory_of_one_server(), runs)


def _ready() -> Axes:
    """Half of the platforms at the same times as another."""
    rows = [
        (name, image, 12.0 + 9.0 * (n // 2) + 0.1 * k - 3.0 * (image == "warm"))
        for n, name in enumerate(("vm", "docker", "ec2", "ecs", "fargate", "eks", "eks-fargate"))
        for image in ("cold", "warm")
        for k in range(20)
    ]
    return plots.ready_ecdf(table("platform image time_to_ready_s", *rows))


def spans(variants: tuple[str, ...] = ("ecs-cold",), starts: int = 20) -> pd.DataFrame:
    """Starts with a phase of every kind."""
    rows = []
    for variant in variants:
        for task in range(starts):
            at = 0.0
            for number, phase in enumerate(PHASES):
                end = at + (0.2, 7.0, 2.0)[number % 3] + 0.01 * task
                rows.append((variant, 0, task, phase, at, end))
                at = end
    return table("variant run task phase start_s end_s", *rows)


def _waterfalls() -> Axes:
    names = tuple(f"{name}-cold" for name in PLATFORMS)
    return plots.waterfalls(spans(names, 3), asked=dict.fromkeys(names, 500))


def _forest() -> Axes:
    rows = [
        ("time to ready, median", 12.0, 9.0, 15.0, "12.0 s more (9 to 15)"),
        ("time to running, median", -0.04, -0.1, 0.02, "0.1 s less (0.3 less to 0.1 more)"),
        ("tasks per host", -0.5, -0.6, -0.4, "8 less"),
    ]
    names = ("ECS on Fargate, from a cold image, 8dc4a1b2f0", "ECS on EC2, 3fb8e12a77")
    return plots.forest(table("label value low high text", *rows), names=names)


def _grow(scale: Callable[[int], float]) -> Axes:
    rows = [
        (name, run, scale(n) + 0.1 * task + 3.0 * run)
        for n, name in enumerate(GROW)
        for run in range(2)
        for task in range(40)
    ]
    return plots.scale_curves(table("variant run time_to_ready_s", *rows))


def _shrink() -> Axes:
    rows = [
        (name, 0, time, hosts)
        for n, name in enumerate(GROW)
        for time, hosts in ((0.0, 10), (60.0 + 600.0 * (n // 3), 4 + n // 5))
    ]
    return plots.scale_in_curves(table("variant run time_s hosts", *rows))


def _left() -> pd.DataFrame:
    rows: list[tuple[object, ...]] = [("docker", 0, 0.0, 0, 40)]
    for n, name in enumerate(("ec2-asg", "ecs", "fargate", "eks", "eks-karpenter")):
        rows += [(name, 0, 0.0, 30, 40), (name, 0, 200.0 + 90.0 * (n // 2), 40, 40)]
    return table("platform run time_s serving tasks", *rows)


def _recovery() -> Axes:
    parts = ("noticed", "waited", "placed", "started", "balanced")
    rows = [
        (name, part, 20.0 + 90.0 * (number % 2))
        for name in ("ec2-asg", "ecs", "fargate", "eks", "eks-karpenter")
        for number, part in enumerate(parts)
    ]
    return plots.recovery(_left(), table("platform part seconds", *rows))


def _isolation() -> Axes:
    ways = ("containers, no limits", "containers, limits", "microVMs", "VMs, a volume each")
    rows = [
        (bad, way, 1.0 + n, 3 * (n == 2), 2.5 if n == 1 else None)
        for bad in ("CPU", "memory", "disk", "fork")
        for n, way in enumerate(ways)
    ]
    columns = "bad way p95_slowdown killed p95_slowdown_high"
    return plots.isolation_matrix(table(columns, *rows))


def _call_graph() -> Axes:
    names = ("frontend-proxy-eu", "checkout", "recommendations", "payments", "ledger-db", "mail")
    services = [(n, 0.17 * k, 90.0 * k or math.inf, k == 4) for k, n in enumerate(names)]
    calls = [
        (names[0], names[1], 0.8, True),
        (names[0], names[2], 0.85, True),
        (names[0], names[3], 0.2, True),
        (names[0], names[4], 0.4, True),
        (names[1], names[4], 0.8, True),
        (names[2], names[4], 0.8, True),
        (names[3], names[5], 0.1, False),
    ]
    return plots.call_graph(
        table("service use saturates_per_s bottleneck", *services),
        table("caller callee per_request waited_for", *calls),
    )


def _request() -> Axes:
    rows = [
        ("frontend-proxy: work", 0.0, 0.001),
        ("checkout: network", 0.001, 0.0015),
        ("checkout: queue", 0.0015, 0.02),
        ("checkout: lost", 0.02, 0.05),
        ("checkout: wait", 0.05, 0.14),
    ]
    return plots.request_waterfall(table("phase start_s end_s", *rows))


def _latency() -> Axes:
    rates = np.array([40.0, 80.0, 120.0])
    points = pd.DataFrame({"rate": rates, "p50_s": rates / 1e4, "mean_s": rates / 7e3})
    for key, factor in (("p95_s", 1.0), ("p95_low_s", 0.9), ("p95_high_s", 1.2)):
        points[key] = factor * rates / 3e3
    theory = pd.DataFrame({"rate": [1.0, 119.0], "mean_s": [0.001, 0.015]})
    return plots.latency_curve(points, theory, knee=125.0, stopped_by="recommendations")


def _copies() -> Axes:
    rows = [
        (0, name, "copies", time, 1.0 + (time > 50), 1.0 + (time > 20))
        for name in ("recommendations", "frontend-proxy", "checkout")
        for time in (0.0, 50.0, 100.0)
    ]
    rows += [(0, "users", "rate", time, 9.0 + time, 10.0 + time) for time in (0.0, 50.0, 100.0)]
    return plots.copies_over_time(table("run host resource time_s used capacity", *rows))


def _plan() -> Axes:
    """Two on one spot, and three near each other."""
    rows = [
        ("docker", "Docker", 140.0, 15.0, 6.0, False),
        ("ec2", "EC2", 304.0, 29.0, np.nan, False),
        ("ecs", "ECS on EC2", 140.0, 8.4, 2.2, False),
        ("fargate", "ECS on Fargate", 135.0, 25.6, np.nan, True),
        ("eks", "EKS on EC2", 213.0, 15.0, 6.3, False),
        ("eks-karpenter", "EKS, Karpenter", 213.0, 48.0, np.nan, False),
        ("eks-fargate", "EKS on Fargate", 212.0, 48.0, np.nan, False),
        ("eks-auto", "EKS Auto Mode", 230.0, 48.7, np.nan, False),
    ]
    columns = "platform label usd_per_month ready_cold_p50_s ready_warm_p50_s chosen"
    return plots.cost_and_readiness(table(columns, *rows))


def _frontier() -> Axes:
    rows = [
        (f"c{n}g.{n}xlarge", ("amd64", "arm64")[n % 2], 2**n, "vCPU", 0.01 + 0.001 * n, n % 2 == 0)
        for n in range(1, 10)
    ]
    columns = "instance architecture count stopped_by usd_per_container_hour frontier"
    return plots.cost_frontier(table(columns, *rows))


def _machines() -> Axes:
    rows = [
        (number, "m5a.2xlarge", part, 1 + place, resource, 1.0 + place / 2.0, 12.0)
        for number in range(6)
        for place, part in enumerate(("api", "db", "cache", "web", "queue"))
        for resource in ("vCPU", "memory")
    ]
    return plots.machines(table("machine instance part copies resource used capacity", *rows))


def _hosts() -> Axes:
    rows = [
        (when, f"{name}-{n}.example.net", what, 1.0 - 0.2 * (when == "ecs"), 0.3)
        for when, name, count in (("today", "esx", 4), ("ecs", "m5a.2xlarge", 8))
        for n in range(count)
        for what in ("vCPU", "memory")
    ]
    return plots.hosts_before_after(table("when host resource reserved used", *rows))


def _used() -> Axes:
    rows = [
        (kind, resource, 2.0**n, 2.0**n / 9.0)
        for kind in ("container", "instance")
        for resource in ("vCPU", "memory")
        for n in range(1, 7)
    ]
    return plots.asked_and_used(table("moves_as resource asked used", *rows))


def _steps() -> Axes:
    names = ("as they are", "right-sized", "packed (EKS, Karpenter)", "with 1 to spare")
    return plots.cost_steps(list(zip(names, (6497.0, 4614.0, 4543.0, 4794.0), strict=True)))


def _side_by_side() -> Axes:
    rows = [(name, 16, 13.2, 1.6, 1920.0) for name in ("ec2", "ecs", "fargate", "eks-fargate")]
    columns = "platform count ready_p50_s ready_warm_p50_s usd_per_month"
    return plots.side_by_side(table(columns, *rows), tasks=100)


def _lifecycle() -> Axes:
    rows = [
        (step, phase, 10.0 * n, 10.0 * n + 7.0, 4e8, 5 if step == "build" else None, text, r)
        for r in (1, 2)
        for n, (step, phase, text) in enumerate(
            (
                ("build", "run", "RUN npm install --omit=dev --no-audit --no-fund"),
                ("push", "upload", ""),
                ("pull", "decompress", ""),
                ("run", "app", ""),
            ),
            4 * (r - 1),
        )
    ]
    columns = "step phase start_s end_s bytes line text round"
    return plots.lifecycle(table(columns, *rows), title="A Dockerfile, on ECS")


def _uptime() -> Axes:
    rows = [
        ("db", "pull", 0.0, 9.0, "", True),
        ("db", "app", 9.0, 14.0, "", True),
        ("recommendations", "waits for db", 0.0, 14.0, "db", True),
        ("recommendations", "app", 14.0, 21.0, "db", True),
        ("web", "start", 0.0, 0.4, "", False),
    ]
    return plots.uptime(table("part phase start_s end_s waits_for critical", *rows))


def _host() -> Axes:
    rows = [
        ("host-0", resource, float(time), used * time, capacity)
        for resource, used, capacity in (
            ("cpu", 1.0, 4.0),
            ("memory", 3 * GiB, 16 * GiB),
            ("cache", 1 * GiB, 16 * GiB),
        )
        for time in range(5)
    ]
    return plots.host_timeline(table("host resource time_s used capacity", *rows))[0]


def _sweep(by: str | None, words: bool) -> Axes:
    xs = ("t3a.micro", "m5.xlarge", "c7gn.16xlarge") if words else (1.0, 10.0, 100.0)
    rows = [(x, size, 9.0 + n, 8.0 + n, 10.0 + n) for size in (1, 2) for n, x in enumerate(xs)]
    columns = "platform.instance tasks time_to_ready_s low_s high_s"
    return plots.sweep_lines(table(columns, *rows), "platform.instance", by)


def _tornado() -> Axes:
    rows = [
        (f"{name}.app.startup.cpu", "12.4 s (9.1 to 17)", kind, 8.0, 12.0, 0.7, 0.9, 0.6, 1.3)
        for name, kind in (("java", "assumed"), ("fargate", "measured"), ("docker", "derived"))
    ]
    columns = "figure range standing at_low at_high first total total_low total_high"
    return plots.tornado(table(columns, *rows), 10.0, xlabel="mean time to ready (s)")


def _fitted() -> Axes:
    shares = np.linspace(0.05, 0.95, 10)
    names = ("provision", "pull", "start", "fargate app")
    measured = [(name, 9.0 * s, 9.0 * s - 1.0, 9.0 * s + 1.0) for name in names for s in shares]
    fitted = [(name, 9.0 * s, s) for name in names for s in shares]
    return plots.fitted_phases(
        table("phase seconds low_s high_s", *measured), table("phase seconds share", *fitted)
    )


def _held_out() -> Axes:
    rows = [
        (phase, quantile, at * (1.0 + quantile), 1.3 * at, verdict)
        for phase, at, verdict in (("pull", 7.0, "PASS"), ("app", 1.0, "EXCEEDS"))
        for quantile in (0.5, 0.9, 0.95)
    ]
    columns = "phase quantile measured_s predicted_s verdict"
    return plots.held_out(table(columns, *rows), bar=0.3)


def _parity() -> Axes:
    groups = ("rund", "firecracker", "runc", "linux", "apps", "pulls", "requests", "ec2 starts")
    rows = [(name, 0.1 + n, 0.11 + n, "held out") for n, name in enumerate(groups)]
    return plots.parity(table("group measured_s predicted_s split", *rows))


def _load() -> Axes:
    rows = [
        (runtime, n, running, 0.1 * n, 0.11 * n, split)
        for runtime in ("kata-qemu", "kata-fc", "kata-template", "rund")
        for n, running, split in ((1, 0, "calibrated"), (100, 0, "held out"), (1, 1000, "held out"))
    ]
    columns = "runtime starts running measured_s predicted_s split"
    return plots.start_under_load(table(columns, *rows))


KINDS: Mapping[str, Callable[[], Axes]] = {
    "asked_and_used": _used,
    "call_graph": _call_graph,
    "capacity_left": lambda: plots.capacity_left(_left()),
    "copies_over_time": _copies,
    "cost_and_readiness": _plan,
    "cost_frontier": _frontier,
    "cost_steps": _steps,
    "density_bars": _density,
    "fitted_phases": _fitted,
    "forest": _forest,
    "held_out": _held_out,
    "host_timeline": _host,
    "hosts_before_after": _hosts,
    "isolation_matrix": _isolation,
    "latency_curve": _latency,
    "lifecycle": _lifecycle,
    "machines": _machines,
    "memory_budget": _memory,
    "one_machine": _one_machine,
    "parity": _parity,
    "ready_ecdf": _ready,
    "recovery": _recovery,
    "request_waterfall": _request,
    "scale_curves": lambda: _grow(lambda n: 60.0 + 9.0 * n),
    "scale_curves (logarithmic)": lambda: _grow(lambda n: 20.0 * 3.0**n),
    "scale_in_curves": _shrink,
    "side_by_side": _side_by_side,
    "start_under_load": _load,
    "sweep_lines": lambda: _sweep("tasks", words=False),
    "sweep_lines (words)": lambda: _sweep("tasks", words=True),
    "tornado": _tornado,
    "uptime": _uptime,
    "waterfall": lambda: plots.waterfall(spans()),
    "waterfalls": _waterfalls,
}
