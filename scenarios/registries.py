"""Which registry throttles first when 500 tasks start at once?

    python scenarios/registries.py   # 500 Node.js tasks on Fargate from each registry

Every Fargate task pulls for itself. Amazon ECR answers 2,000 manifests a second, ECR Public ten
pulls a second, Docker Hub a hundred pulls in six hours and address. A client that is throttled
tries five times, as the ECS agent does, and then gives up: the task stops with
CannotPullContainerError.
"""

from pathlib import Path

from sim import Burst, Scenario, catalog, compare, plots
from sim.cli.script import answer, picture, script

node = catalog.service("node")
registries = ("ecr", "ecr-public", "docker-hub")
scenarios = {
    name: Scenario(
        name="registries",
        platform=catalog.ecs_on_fargate(pulls_from=catalog.registry(name)),
        arrivals=(Burst(service=node, tasks=500),),
    )
    for name in registries
}


@script(replications=2)
def main(replications: int, seed: int, out: Path) -> None:
    """Launch from each, count who gave up, say."""
    results = compare(
        scenarios,
        times=replications,
        seed=seed,
        name="registries",
        catalogue=catalog.digest(),
        out=out,
    )
    folder = results.save(out)
    lost = results.runs.groupby("variant", sort=False)["killed"].mean()
    drawn = picture(plots.waterfalls(results.tiling()), folder / "phases.png")
    answer(
        f"Of 500 tasks {lost['ecr']:.0f} give up on ECR, {lost['ecr-public']:.0f} on ECR Public "
        f"and {lost['docker-hub']:.0f} on Docker Hub.",
        results.runs[["variant", "run", "ready", "killed", "reasons"]],
        folder,
        drawn,
    )


if __name__ == "__main__":
    main()
