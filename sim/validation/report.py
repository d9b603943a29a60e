"""`docs/validation.md` and its pictures, made from the cases and what is written by hand here."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.core.quantity import shown_number
from sim.experiment.storage.whole_file import write_whole
from sim.validation.bars import summaries
from sim.validation.case import Case, groups
from sim.validation.judging import Judgement

if TYPE_CHECKING:
    import pandas as pd

GROUPS = {
    "rund": ("MicroVMs under load (RunD)", "start of Kata and RunD sandboxes, 104 vCPU"),
    "firecracker": ("VMMs (Firecracker)", "boot of a guest on three hosts"),
    "runc": ("Containers (runc)", "start of a container, 2 vCPU"),
    "memory": ("Memory of containers", "host memory of idle containers"),
    "density in memory": (
        "Density in memory",
        "servers until memory ends it, what they share, who is killed",
    ),
    "linux": ("The Linux kernel", "end of CPU-bound tasks in cgroups"),
    "apps": ("Apps", "start of programs under quotas, from cold files"),
    "pulls": ("Pulls", "decompress and unpack an image"),
    "ec2 starts": ("EC2", "call until sshd answers, Amazon Linux 2023"),
    "fargate starts": (
        "Fargate",
        "task created until its pull starts; records of 1.4 gave the figure",
    ),
    "noise of cloud VMs": (
        "Noise of cloud VMs",
        "fifth percentile of a benchmark over its median, VMs of one size (Azure VM Noise Dataset "
        "2024, CC-BY 4.0, Microsoft; Freischuetz et al., EuroSys 2025)",
    ),
    "EKS scale-outs": ("Scale-out of EKS", "time until so many of 3,500 containers run (2020)"),
    "scale-out": ("Scale-out", "containers running, minutes after 3,500 were asked for (2020)"),
}
"""By group: the title of its table, and what it is."""

HEAD = """\
# Validation

The model beside what others and this project have measured. Made by `sim validate --docs docs`;
`sim validate` prints the same, and `sim validate --data FILE` judges measurements of your own the
same way. `sim validate --live` measures the kernel of the machine it runs on.

From a row only its inputs are read (runtime, app, quota, counts, sizes), never another measured
column. *Calibrated*: a figure of the catalogue comes from this row. *Held out*: none does. Of
storms that were held out, *interpolated* are those no larger than the largest that was fitted, and
*extrapolated* those with more at once or more running; a bar for what was held out is for all
three. The split stands in each file (`sim/catalog/data/measured/`) with how it was made, source and
licence. To the end of tasks on the Linux kernel nothing was fitted at all; there *calibrated* are
those that were looked at while the model was made. An error is (predicted - measured) / measured. A
bar is what an error may be at most; where there is none, nothing was passed.

`sim validate --live` on a guest of 2 vCPU (KVM, AMD EPYC, Linux 6.18, November 2026) while nine
other threads wanted its CPUs: 24 tasks, median error 1.1%, worst 8%; once more: 0.7% and 44%
(one of three threads under a quota, see below), all others within 8%.
"""

NOT_REPRODUCED = """\
## What the model does not reproduce, and why

- **Which CPU a thread is on.** The model shares all CPUs like one liquid. Linux has a queue a CPU
  and moves threads between them now and then, so with a few threads on two CPUs one of them ends up
  to 15% sooner or later than the fair share says, and differs by as much from run to run. Of
  threads of unlike weights the heavy ones get up to 8% less, because one thread has one CPU.
- **Which of several threads under one small quota runs first.** A slice of 25 ms that six threads
  share is too short to move any of them, so their order is that of chance: up to 43% (`random-06`,
  a task with 5.6 s between its runs). The last one of such a group is predicted within 1%.
- **Weights inside a group with more quota than one CPU.** While it runs on two CPUs each of two
  threads has a CPU of its own, whatever their weights (`two-vms`: up to 10%).
- **The phase of a period.** The kernel draws it at random for each cgroup. Tables here compare the
  mean over all phases with the median of a few runs: for work of a slice or two that alone is 10
  to 30% (`quota-0.5-work-0.05`: 50 to 100 ms, half of the time 50). A start draws
  its own.
- **Two CPUs kept busy** behaved as two queues: the p95 of requests was 20 to 35% above that of the
  liquid. And a request of 2 ms beside endless loops is often served at once, because a thread that
  slept is let in first: its median comes out up to twice too long.
- **Fargate below one vCPU** is held to its share in periods of 100 ms here; AWS does not say how it
  is done.
- **Reading while computing.** A start reads what is not cached, then computes; real programs do
  both by turns. Cold starts come out up to 29% too long (MariaDB), and those of small programs a
  few milliseconds wrong.
- **Why ten Kata guests at once on an empty host** took longer than ten beside 100 others (755 ms
  and 611): the model has a figure of its own for the empty host, and no cause.
- **Storms far beyond those that were fitted.** The lock of `kata-fc` is held longer with 100
  waiting than with 10, and that of `rund` grows faster than linear above 1000 running: a quarter
  and a fifth too soon. Waiters of `kata-qemu` spin less where many wait: host CPU of 100 at once
  comes out far too high, though nobody is slowed by it.
- **The first containers.** Ten idle ones took 1.7 MiB each, a hundred 2.4; the model has one
  figure.
- **Programs that are ready in 20 to 40 ms** (Redis, nginx) were polled every 4 ms, and their ranges
  overlap under all quotas: errors of up to 50% there say little.
- **A layer's cost hidden behind its unpacking.** Nine layers of 5 MB take 0.58 s here and took
  0.43: containerd prepares a layer while it unpacks another, the model adds the two.
- **The network of a pull.** The images measured are almost all zeros, so the wire was never tested;
  rates of registries are cited or assumed, not validated.
- **How ECS, EKS, Fargate and EC2 decide.** Their control planes are waits with a cited or assumed
  median. The scale-outs of 2020 are judged with the quotas and the nodes of that year: of Fargate
  the rate at which it lets tasks through, of EKS the whole way. There five calls to EC2 a node
  are assumed, from how the CNI works; with three a sixth more would run after five minutes.
- **When an EC2 instance is running** within its start. The source looks every 15 s, so its whole is
  an upper bound, and the border between pending and boot is another's. Other images took 7.7 s
  (Clear Linux, 2021) to 29.3 s (a sample of 2021), and stand beside.
- **From the end of a pull to started on Fargate.** Records of tasks with nothing to wait for say
  2 s in the median, 0.5 to 49 s, and the model a third of a second: what AWS does there is not
  known. Their images are not known either, so no pull of theirs is judged.
- **A second run of EKS on nodes (2022, same author)** is told in a sentence: it began after two and
  a half minutes and ended at six and a half. Today's nodes and pods come sooner here.
- **Noise of hardware that VMs share.** What a VM has of its own (cores, provisioned IO) varies by a
  percent or two between VMs of a cloud, and not at all here. Its last-level cache, memory bus and
  buffered disk are shared, and the worst of twenty VMs gets three quarters of them; no noise of
  these is modelled, and `sim neighbours` says so with a range.
- **Steal, NUMA, clock rates that change with load and heat**: left out. Two hyperthreads of a core
  are one figure for what both get done together.
"""

SECONDS = {"s": 1.0, "ms": 1e-3}
PARITY, LOAD = "validation-parity.png", "validation-load.png"


def write(judgement: Judgement, folder: Path) -> list[Path]:
    """Write validation.md and two pictures; return where they are."""
    from sim.plots import parity, save, start_under_load

    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    page = folder / "validation.md"
    write_whole(page, text(judgement))
    save(parity(times(judgement.cases)), pictures / PARITY)
    save(start_under_load(loads(judgement.cases)), pictures / LOAD)
    return [page, pictures / PARITY, pictures / LOAD]


def text(judgement: Judgement) -> str:
    """The page."""
    parts = [
        HEAD,
        "## In short\n",
        *_in_short(judgement),
        "## Bars\n",
        *_bars(judgement),
        "## Pictures\n",
        f"![Predicted against measured time, with a band of 20 percent](pictures/{PARITY})\n",
        f"![Start latency against starts at once and sandboxes running](pictures/{LOAD})\n",
        NOT_REPRODUCED,
        "## Every case\n",
        *_cases(judgement.cases),
    ]
    return "\n".join(parts)


def times(cases: Sequence[Case]) -> "pd.DataFrame":
    """The cases that are times and have a bar, in seconds."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "group": case.group,
                "case": case.case,
                "measured_s": case.measured * SECONDS[case.unit],
                "predicted_s": case.predicted * SECONDS[case.unit],
                "split": case.split,
            }
            for case in cases
            if case.unit in SECONDS and case.predicted is not None and case.bar_pct is not None
        ]
    )


def loads(cases: Sequence[Case]) -> "pd.DataFrame":
    """The storms of the RunD files, by runtime, starts at once and sandboxes running."""
    from sim.validation.cases.storms import named

    frame = times([case for case in cases if case.group == "rund"])
    parts = frame["case"].map(named)
    frame[["runtime", "starts", "running"]] = parts.to_list()
    return frame


def _in_short(judgement: Judgement) -> Iterator[str]:
    yield "| group | what | split | cases | median | worst | bias | outside |"
    yield "|---|---|---|--:|--:|--:|--:|--:|"
    for group, cases in groups(judgement.cases):
        what = GROUPS.get(group, ("", "other measured columns; no bar"))[1]
        for each in summaries(cases):
            outside = str(each.outside) if cases[0].bar_pct is not None else "no bar"
            yield (
                f"| {group} | {what} | {each.split} | {each.cases} | {each.median_pct:.1f}% "
                f"| {each.worst_pct:+.1f}% | {each.bias_pct:+.1f}% | {outside} |"
            )
            group = what = ""  # noqa: PLW2901 (named once)
    yield ""


def _bars(judgement: Judgement) -> Iterator[str]:
    held = len(judgement.verdicts) - len(judgement.missed)
    yield f"{held} of {len(judgement.verdicts)} are held.\n"
    yield "| group | bar | found | cases | |"
    yield "|---|---|--:|--:|---|"
    for each in judgement.verdicts:
        state = "held" if each.held else "**missed**"
        yield f"| {each.group} | {each.bar} | {each.found_pct:.1f}% | {each.cases} | {state} |"
    yield ""


def _cases(cases: Sequence[Case]) -> Iterator[str]:
    for group, members in groups(cases):
        if members[0].bar_pct is None:
            continue
        title, _ = GROUPS.get(group, (group, ""))
        yield f"### {title}\n"
        yield "| case | measured | predicted | error | split | bar | |"
        yield "|---|--:|--:|--:|---|--:|---|"
        yield from (_row(case) for case in members if case.predicted is not None)
        yield ""
        missing = [case for case in members if case.predicted is None]
        if missing:
            yield f"Measured, and not predicted: {'; '.join(case.case for case in missing)}.\n"


def _row(case: Case) -> str:
    state = "inside" if case.inside else "**outside**"
    return (
        f"| {case.case} | {_shown(case.measured)} {case.unit} "
        f"| {_shown(case.predicted or 0.0)} {case.unit} | {case.error_pct or 0.0:+.1f}% "
        f"| {case.split} | {case.bar_pct:g}% | {state} |"
    )


def _shown(value: float) -> str:
    return shown_number(value) if value < 1000.0 else f"{value:.0f}"
