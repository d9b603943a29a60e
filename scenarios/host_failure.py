"""A host dies under forty tasks: how many are lost, who notices, and when do all serve again?

    python scenarios/host_failure.py      # EC2, ECS, Fargate, EKS and one Docker server; about 10 s

On platforms that share hosts, the tasks are spread over four. Each platform notices and reacts at
its own pace; what AWS does not publish is assumed, and named below the table. Requests to a dead
task fail until the load balancer has seen two failed checks.
"""

from pathlib import Path

from sim.cli.script import answer, picture, script
from sim import fail, plots

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
