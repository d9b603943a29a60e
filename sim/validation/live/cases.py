"""Live cases: short ones of one thread each, for one CPU or two."""

from collections.abc import Sequence
from dataclasses import dataclass

from sim.units import ms
from sim.validation.cases.linux import Cgroup, Task


@dataclass(frozen=True, slots=True)
class LiveCase:
    """Tasks in cgroups on some of the machine's CPUs."""

    name: str
    cpus: int
    cgroups: tuple[Cgroup, ...]
    tasks: tuple[Task, ...]

    def cells(self, ends: Sequence[float]) -> dict[str, object]:
        """The case as it stands in a file of measurements, with what was measured."""
        return {
            "case": self.name,
            "cpus": self.cpus,
            "groups": [
                {
                    "parent": each.parent,
                    "shares": each.shares,
                    "quota_vcpu": each.quota,
                    "period_us": each.period * 1e6,
                }
                for each in self.cgroups
            ],
            "tasks": [
                {
                    "group": task.group,
                    "start_s": task.start,
                    "work_s": task.work,
                    "finish_s": end,
                }
                for task, end in zip(self.tasks, ends, strict=True)
            ],
        }


def _group(
    shares: float = 1024.0,
    quota: float | None = None,
    *,
    period: float = 100 * ms,
    parent: int | None = None,
) -> Cgroup:
    return Cgroup(parent, shares, quota, period)


def _tasks(*work: float, each: float = 0.0) -> tuple[Task, ...]:
    """One task a group, `each` seconds after the one before."""
    return tuple(Task(number, number * each, amount) for number, amount in enumerate(work))


CASES = (
    LiveCase("equal, 2 on 1 CPU", 1, (_group(), _group()), _tasks(0.3, 0.4)),
    LiveCase("weights 1024, 2048 on 1 CPU", 1, (_group(), _group(2048)), _tasks(0.4, 0.4)),
    LiveCase("weights 512, 1024 on 1 CPU", 1, (_group(512), _group()), _tasks(0.3, 0.4)),
    LiveCase("staggered, 3 on 1 CPU", 1, (_group(),) * 3, _tasks(0.3, 0.3, 0.3, each=0.15)),
    LiveCase(
        "nested on 1 CPU",
        1,
        (_group(), _group(), _group(parent=0), _group(parent=0)),
        (Task(2, 0.0, 0.2), Task(3, 0.0, 0.2), Task(1, 0.0, 0.4)),
    ),
    LiveCase("quota 0.25", 1, (_group(quota=0.25),), _tasks(0.11)),
    LiveCase("quota 0.5", 1, (_group(quota=0.5),), _tasks(0.27)),
    LiveCase("quota 0.75, within a slice", 1, (_group(quota=0.75),), _tasks(0.06)),
    LiveCase("quota 0.3, period 20 ms", 1, (_group(quota=0.3, period=20 * ms),), _tasks(0.2)),
    LiveCase("quota 0.4 and a free one", 1, (_group(quota=0.4), _group()), _tasks(0.19, 0.5)),
    LiveCase("equal, 3 on 2 CPUs", 2, (_group(),) * 3, _tasks(0.4, 0.4, 0.4)),
    LiveCase(
        "quota 1, 3 threads on 2 CPUs",
        2,
        (_group(quota=1.0),),
        tuple(Task(0, 0.0, 0.21) for _ in range(3)),
    ),
)
"""About 25 s in all."""
