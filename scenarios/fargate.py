"""What does a burst of 200 Fargate tasks wait for?

    python scenarios/fargate.py      # 200 Node.js tasks at once; writes results/fargate/

Every task gets a microVM of its own and pulls the whole image. An account can launch 100 tasks at
once, then 20 a second; one RunTask call launches up to ten.
"""

from pathlib import Path

from sim.cli.script import answer, picture, script
from sim import Burst, Scenario, catalog, plots, replicate

node = catalog.service("node")
scenario = Scenario(
    name="fargate",
    platform=catalog.ecs_on_fargate(),
    arrivals=(Burst(service=node, tasks=200),),
)

TITLE = "200 Node.js tasks at once on Fargate"


@script(replications=5)
def main(replications: int, seed: int, out: Path) -> None:
    """Launch, measure, say."""
    results = replicate(
        scenario, times=replications, seed=seed, catalogue=catalog.digest(), out=out
    )
    folder = results.save(out)
    ready = results.starts().groupby("task")["time_to_ready_s"].median()
    first, last = ready[:100].median(), ready[100:].median()
    phase = results.summary.set_index("phase")["p50_s"]
    drawn = picture(plots.waterfall(results.tiling(), title=TITLE), folder / "waterfall.png")
    answer(
        f"The median start waits {phase['request']:.1f} s to be launched, "
        f"{phase['provision']:.1f} s for its microVM and {phase['pull']:.1f} s for the pull, "
        f"because every task pulls all {node.image.wire / 1e6:.0f} MB. The first hundred tasks "
        f"are ready after {first:.1f} s (median), the second hundred after {last:.1f} s.",
        results.summary,
        folder,
        drawn,
    )


if __name__ == "__main__":
    main()
