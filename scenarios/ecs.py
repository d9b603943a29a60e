"""What does the second task on an ECS instance save, and how many fit?

    python scenarios/ecs.py          # 10 Node.js tasks, one after the other; writes results/ecs/

The first task pulls the image; the others find its layers on the instance's disk. A task that
comes during that pull waits for it. The instance has room for 8 tasks of half a vCPU; ECS refuses
the ninth.
"""

from pathlib import Path

from sim.cli.script import answer, picture, script
from sim import Poisson, Scenario, catalog, plots, replicate

node = catalog.service("node")
scenario = Scenario(
    name="ecs",
    platform=catalog.ecs("m5.xlarge", network="bridge"),
    arrivals=(Poisson(service=node, tasks=10, per_second=0.05),),
)

TITLE = "10 Node.js tasks on one ECS instance, one after the other"


@script(replications=30)
def main(replications: int, seed: int, out: Path) -> None:
    """Launch, measure, say."""
    results = replicate(
        scenario, times=replications, seed=seed, catalogue=catalog.digest(), out=out
    )
    folder = results.save(out)
    ready = results.starts().groupby("task")["time_to_ready_s"].median()
    pull = results.tiling().query("phase == 'pull' and task == 1")
    waits = int((pull["end_s"] - pull["start_s"] > 0.5).sum())  # a look-up is quicker
    refused = results.runs["reasons"].iloc[0]
    drawn = picture(plots.waterfall(results.tiling(), title=TITLE), folder / "waterfall.png")
    answer(
        f"The first task is ready after {ready[0]:.1f} s (median), the last after "
        f"{ready.iloc[-1]:.1f} s, because the image is then on the instance. The second comes "
        f"during the first pull in {waits} of {len(pull)} runs, and waits for it. "
        f"{len(ready)} tasks fit; ECS refuses the others: {refused}.",
        ready.reset_index(),
        folder,
        drawn,
    )


if __name__ == "__main__":
    main()
