"""One container writes to the disk as fast as it can: how much slower are its neighbours?

    python scenarios/noisy_neighbour.py      # containers, microVMs and VMs on an m5.xlarge; 10 s

Every request is compared with itself, with the noisy neighbour and without. CPU weights protect
neighbours, but on ECS, Fargate and Kubernetes nothing protects a disk. VMs would, but fewer fit,
because a guest has whole vCPUs and an operating system of its own.
"""

from pathlib import Path

from sim.cli.script import answer, picture, script
from sim import neighbours, plots


@script(replications=5)
def main(replications: int, seed: int, out: Path) -> None:
    """Ask, save, say."""
    found = neighbours(app="node", bad="disk", replications=replications, seed=seed)
    folder = found.results.save(out)
    drawn = picture(plots.isolation_matrix(found.cells()), folder / "neighbours.png")
    columns = ["way", "p50_slowdown", "p95_slowdown", "killed", "places", "between"]
    answer(found.sentence(), found.table()[columns], folder, drawn)


if __name__ == "__main__":
    main()
