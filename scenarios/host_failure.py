"""A host dies under forty tasks: how many are gone, who notices, and when do all serve again?

    python scenarios/host_failure.py      # EC2, ECS, Fargate, EKS and one Docker server; about 10 s

The tasks are spread over four hosts where they share them. Each platform follows its own clocks:
what AWS does not publish is assumed, and named below the table. Requests to what is dead fail until
the load balancer has seen two checks fail.
"""

from pathlib import Path

from sim import fail, plots
from sim.cli.script import answer, picture, script

PLATFORMS = ("docker", "ec2-asg", "ecs", "fargate", "eks", "eks-karpenter")


@script(replications=10)
def main(replications: int, seed: int, out: Path) -> None:
    """Ask, save, say."""
    found = fail(
        app="node",
        tasks=40,
        kill="host",
        platform=PLATFORMS,
        replications=replications,
        seed=seed,
    )
    folder = found.results.save(out)
    drawn = picture(plots.recovery(found.capacity, found.parts()), folder / "recovery.png")
    answer(f"{found.sentence()} {found.advice}", found.table(), folder, drawn)


if __name__ == "__main__":
    main()
