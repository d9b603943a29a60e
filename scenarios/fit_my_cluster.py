"""How soon is a task ready in *my* account, and how far off is that answer?

    python scenarios/fit_my_cluster.py   # records of 64 Fargate tasks, and the same with the model

The records are made up, in the format of `aws ecs describe-tasks`: eight tasks at a time, on an
account whose microVMs take 22 s; public records say 13.8 s. Two records cannot be used, and are
counted. Put your own in their place.
"""

from pathlib import Path

import sim
from sim.cli.script import answer, picture, script
from sim import Burst, Scenario, catalog, compare, plots

RECORDS = Path(__file__).parent / "records" / "describe_tasks.json"

own = sim.fit(RECORDS)
published = Scenario(
    name="fit",
    platform=catalog.ecs_on_fargate(),
    arrivals=(Burst(service=catalog.service("node"), tasks=8),),
)
scenarios = {"catalogue": published, "my-cluster": published.with_figures(own)}


@script(replications=20)
def main(replications: int, seed: int, out: Path) -> None:
    """Start eight tasks with either figures, compare, say how far off the fit is."""
    results = compare(
        scenarios, times=replications, seed=seed, name="fit", catalogue=catalog.digest()
    )
    folder = results.save(out)
    ready = results.starts().groupby("variant", sort=False)["time_to_ready_s"].median()
    microvm = own.figures["fargate.provision"]
    verdicts = list(own.answer.held_out()["verdict"])
    fitted = plots.fitted_phases(own.answer.measured(), own.answer.fitted())
    answer(
        f"My microVMs take {microvm.value:.1f} s ({microvm.low:.1f} to {microvm.high:.1f}, "
        f"n = {microvm.n}), so a Node.js task is ready after {ready['my-cluster']:.0f} s instead "
        f"of {ready['catalogue']:.0f}. {verdicts.count('PASS')} of {len(verdicts)} quantiles that "
        "were held out pass.",
        own.answer.held_out(),
        own.save(folder / "fit.yaml"),
        picture(fitted, folder / "fit.png"),
        folder,
    )


if __name__ == "__main__":
    main()
