"""What does the second task on an ECS instance save, and where does the instance stop?

    python scenarios/ecs.py          # 10 Node.js tasks, one after the other; writes results/ecs/

The first task pulls the image; the others pull nothing of their own. One that comes before that
pull has ended waits for it; later ones find the layers on the instance's disk. The instance has
room for 8 tasks of half a vCPU; ECS refuses the ninth in its own words.
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
        f"The first task is ready after {ready[0]:.1f} s in the median, the second after "
        f"{ready[1]:.1f} s: it pulls nothing of its own, but in {waits} of {len(pull)} runs it "
        f"comes before the first pull has ended and waits for that one. The last is ready after "
        f"{ready.iloc[-1]:.1f} s. {len(ready)} fit; then {refused}.",
        ready.reset_index(),
        folder,
        drawn,
    )


if __name__ == "__main__":
    main()
