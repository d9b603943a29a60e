"""What does the second task on an ECS instance save, and where does the instance stop?

    python scenarios/ecs.py          # 10 Node.js tasks, one after the other; writes results/ecs/

The first task pulls the image; the others find its layers on the instance's disk. The instance
has room for 8 tasks of half a vCPU; ECS refuses the ninth in its own words.
"""

from pathlib import Path

from sim import Poisson, Scenario, catalog, plots, replicate
from sim.cli.script import answer, picture, script

node = catalog.service("node")
scenario = Scenario(
    name="ecs",
    platform=catalog.ecs("m5.xlarge", network="bridge"),
    arrivals=(Poisson(service=node, tasks=10, per_second=0.05),),
)


@script(replications=30)
def main(replications: int, seed: int, out: Path) -> None:
    """Launch, measure, say."""
    results = replicate(scenario, times=replications, seed=seed, catalogue=catalog.digest())
    folder = results.save(out)
    ready = results.starts().groupby("task")["time_to_ready_s"].median()
    refused = results.runs["reasons"].iloc[0]
    drawn = picture(plots.waterfall(results.tiling()), folder / "waterfall.png")
    answer(
        f"The first task is ready after {ready[0]:.1f} s in the median, the second after "
        f"{ready[1]:.1f} s: it pulls nothing. {len(ready)} fit; then {refused}.",
        ready.reset_index(),
        folder,
        drawn,
    )


if __name__ == "__main__":
    main()
