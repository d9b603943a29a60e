"""A service shrinks from 500 tasks to 200: how soon does the bill go down, and what is moved?

    python scenarios/scale_in.py      # five ways to shrink; writes results/scale-in/

Any 300 of the tasks end. On Fargate their microVMs are gone at once. Instances are left half empty:
ECS does not move tasks, so it waits until an instance is empty. Karpenter and the Cluster
Autoscaler move pods away from instances that are no longer needed.
"""

from pathlib import Path

from sim.cli.script import answer, picture, script
from sim import plots, scale_in


@script(replications=5)
def main(replications: int, seed: int, out: Path) -> None:
    """End the same tasks everywhere, watch the machines, say."""
    shrunk = scale_in(begin=500, to=200, replications=replications, seed=seed)
    folder = shrunk.results().save(out)
    drawn = picture(plots.scale_in_curves(shrunk.hosts_over_time()), folder / "scale_in.png")
    answer(shrunk.sentence(), shrunk.table(), folder, drawn)


if __name__ == "__main__":
    main()
