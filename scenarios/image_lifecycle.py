"""Where do the seconds go from a Dockerfile to a ready container, and after a small change?

    python scenarios/image_lifecycle.py   # dockerfiles/node, to Amazon ECR, to ECS on EC2

The image of a small Node.js app is built on one instance, pushed to a new repository, pulled on
another instance and started. Then one line of its source changes, and everything happens again,
with the caches that the first round left behind.
"""

from pathlib import Path

import pandas as pd

from sim.cli.script import answer, picture, script
from sim import lifecycle, plots

dockerfile = Path(__file__).parent / "dockerfiles" / "node" / "Dockerfile"


@script(replications=5)
def main(replications: int, seed: int, out: Path) -> None:
    """Build, push, pull, run, change a line and do it again; say."""
    lives = [
        lifecycle(
            dockerfile,
            registry="ecr",
            platform="ecs",
            app="node",
            change="src/server.js",
            seed=seed + number,
        )
        for number in range(replications)
    ]
    results = lives[0].results()
    rows = pd.concat([pd.DataFrame(life.json()) for life in lives]).query("phase == 'total'")
    totals = rows.groupby(["round", "step"], sort=False)[["seconds", "bytes"]].median()
    folder = results.save(out)
    bars = plots.lifecycle(results.summary, title="From a Dockerfile to a running container")
    drawn = picture(bars, folder / "waterfall.png")
    answer(lives[0].sentence(), totals.astype({"bytes": int}).reset_index(), folder, drawn)


if __name__ == "__main__":
    main()
