"""What does a task of a scale-out cost, from a thousand to a hundred thousand of them?

    python -m benchmarks.scale_out                    # some minutes; draws the line
    python -m benchmarks.scale_out --most 10000       # a quick look, draws nothing

From no task to so many at once, the machines come first.
"""

import argparse
import gc
import json
import time
from pathlib import Path
from typing import Any

from sim.core.world import World
from sim.start import Deployment
from sim.studies.scale import ScaleQuestion, scaled_platforms, web

PLATFORMS = ("fargate", "ecs-asg", "eks-karpenter")
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
MOST = {"ecs-asg": 30_000}
"""Tasks of a platform at most: an ECS cluster has 5,000 instances, here of 15 tasks, so 100,000
would never be ready."""
PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "scale-out-cost.png"


def begun(platform: str, tasks: int) -> World:
    """A world in which so many tasks are asked for, and nothing has happened yet."""
    return deployed(platform, tasks)[0]


def deployed(platform: str, tasks: int) -> tuple[World, Deployment]:
    """The same, and the platform in it."""
    question = ScaleQuestion(platform=(platform,), to=tasks)
    service, world = web(question), World(1, keep="totals")
    live: Deployment = scaled_platforms(question, service)[platform].deploy(world)
    live.launch(service, tasks)
    return world, live


def until_ready(world: World, tasks: int) -> None:
    """Run it until they all are."""
    while world.record.ready < tasks:
        world.env.step()


def measured(platform: str, tasks: int) -> dict[str, Any]:
    """CPU time and events of a task, until all are ready."""
    gc.collect()
    gc.disable()
    begin = time.process_time()
    world = begun(platform, tasks)
    until_ready(world, tasks)
    spent = time.process_time() - begin
    gc.enable()
    return {
        "platform": platform,
        "tasks": tasks,
        "us": 1e6 * spent / tasks,
        "events": (next(world.env._eid) - 1) / tasks,
        "seconds": spent,
    }


def draw(rows: list[dict[str, Any]]) -> None:
    """A line a platform: the CPU time of a task, against the number of tasks."""
    import matplotlib

    matplotlib.use("Agg")
    from sim.plots.canvas import axes, frame, save
    from sim.plots.palette import platform_color

    ax = axes(None, 3.4)
    frame(ax, title="What a task costs when so many are asked for at once")
    for platform in dict.fromkeys(row["platform"] for row in rows):
        mine = [row for row in rows if row["platform"] == platform]
        x, y = [row["tasks"] for row in mine], [row["us"] for row in mine]
        color = platform_color(platform)
        ax.plot(x, y, marker="o", markersize=4.0, color=color, label=platform)
    ax.set_xscale("log")
    ax.set_ylim(bottom=0.0)
    ax.set_xticks(SIZES, [f"{size:,}" for size in SIZES])
    ax.minorticks_off()
    ax.set_xlabel("tasks")
    ax.set_ylabel("microseconds of CPU")
    ax.legend(frameon=False)
    save(ax, PICTURE)


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--platform", action="append", choices=PLATFORMS)
    parser.add_argument("--most", type=int, default=SIZES[-1], help="tasks, at most")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    for platform in options.platform or PLATFORMS:
        until_ready(begun(platform, 100), 100)  # what is imported and made once, has been
        most = min(options.most, MOST.get(platform, options.most))
        for tasks in (size for size in SIZES if size <= most):
            rows.append(row := measured(platform, tasks))
            if not options.json:
                print(
                    f"{platform:14} {tasks:>8,} tasks  {row['us']:7.0f} us, "
                    f"{row['events']:5.1f} events a task  {row['seconds']:7.1f} s in all",
                    flush=True,
                )
    if options.json:
        print(json.dumps(rows, indent=1))
    if options.most >= SIZES[-1] and not options.platform:
        draw(rows)


if __name__ == "__main__":
    main()
