"""Replications of a scenario, and comparisons of several under common random numbers."""

from collections.abc import Mapping

from tqdm import tqdm

from sim.experiment.results import Results, gather
from sim.experiment.run import run
from sim.experiment.scenario import Scenario


def replicate(
    scenario: Scenario, *, times: int = 30, seed: int = 1, catalogue: str = ""
) -> Results:
    """Run a scenario `times` times, each with random numbers of its own.

    Args:
        times: replications, at least 1.
        seed: non-negative; the same seed gives the same tables.
        catalogue: fingerprint of the numbers the scenario was made from.

    Raises:
        ValueError: `times` or `seed` is out of range.
    """
    return compare({scenario.name: scenario}, times=times, seed=seed, catalogue=catalogue)


def compare(
    scenarios: Mapping[str, Scenario],
    *,
    times: int = 30,
    seed: int = 1,
    name: str | None = None,
    catalogue: str = "",
) -> Results:
    """Run several scenarios on the same random numbers; task k is the same task in each.

    Args:
        scenarios: by variant.
        name: of the comparison; that of the first scenario unless given.
    """
    if times < 1:
        raise ValueError(f"replications: {times!r} is not allowed; at least 1")
    if seed < 0:
        raise ValueError(f"seed: {seed!r} is not allowed; an integer of at least 0")
    if not scenarios:
        raise ValueError("scenarios: at least one is needed")
    jobs = [(variant, number) for variant in scenarios for number in range(times)]
    bar = tqdm(jobs, desc="simulating", unit="run", delay=1.0, leave=False)
    records = [(variant, n, run(scenarios[variant], seed, n)) for variant, n in bar]
    first = next(iter(scenarios.values()))
    return gather(name or first.name, dict(scenarios), records, seed=seed, catalogue=catalogue)
