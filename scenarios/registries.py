"""Which registry throttles first when 500 tasks start at once?

    python scenarios/registries.py   # 500 Node.js tasks on Fargate from each registry

Every Fargate task pulls for itself, and all of them leave through one NAT gateway, so a registry
sees a single address. Amazon ECR allows 2,000 manifest requests per second, ECR Public ten pulls
per second, Docker Hub a hundred pulls in six hours from one address. A throttled client tries five
times, as the ECS agent does, and gives up: the task stops with CannotPullContainerError.
"""

from pathlib import Path

from sim.cli.script import answer, picture, script
from sim import Burst, Scenario, catalog, compare, plots

node = catalog.service("node")
NAMES = {"ecr": "ECR", "ecr-public": "ECR Public", "docker-hub": "Docker Hub"}
registries = tuple(NAMES)
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
    )
    folder = results.save(out)
    runs = results.runs.groupby("variant", sort=False)
    lost, asked = runs["killed"].mean(), runs["tasks"].sum()
    throttled = results.spans.query("phase == 'throttled'")
    since = throttled.groupby(["variant", "run"])["start_s"].min().groupby("variant").mean()
    first = ", then ".join(
        f"{NAMES[str(name)]} after {after:.1f} s" for name, after in since.sort_values().items()
    )
    never = ", ".join(NAMES[name] for name in registries if name not in since)
    drawn = picture(plots.waterfalls(results.tiling(), asked=asked), folder / "phases.png")
    answer(
        f"These registries throttle: {first or 'none'}. These do not: {never or 'none'}. "
        f"Of 500 tasks, {lost['ecr']:.0f} give up on ECR, {lost['ecr-public']:.0f} on ECR Public "
        f"and {lost['docker-hub']:.0f} on Docker Hub.",
        results.runs[["variant", "run", "ready", "killed", "reasons"]],
        folder,
        drawn,
    )


if __name__ == "__main__":
    main()
