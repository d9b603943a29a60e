"""How many small containers fit on one machine, and what stops them?

    python scenarios/density.py      # m5.xlarge, 0.25 vCPU and 512 MiB each; about 5 s

The count by reservation is arithmetic: what a scheduler accepts. The count by use is simulated: the
containers hold their working sets and serve requests, and the p95 slow-down caused by neighbours
stays below 2. Each trial depends on the one before, so --jobs and --cluster do not speed it up.
"""

from pathlib import Path

from sim.cli.script import answer, picture, script
from sim import density, plots
from sim.units import MiB, vcpu


@script(replications=1)
def main(replications: int, seed: int, out: Path) -> None:
    """Ask, save, say."""
    found = density(
        instance="m5.xlarge",
        cpu=0.25 * vcpu,
        memory=512 * MiB,
        replications=replications,
        seed=seed,
    )
    folder = found.results().save(out)
    bars = picture(plots.density_bars(found.table()), folder / "density.png")
    budget = picture(
        plots.memory_budget(found.budgets(alike=True), title=found.alike_title()),
        folder / "memory.png",
    )
    columns = ["platform", "host", "count", "stopped_by", "count_by_use", "stopped_by_use"]
    answer(found.sentence(), found.table()[columns], folder, bars, budget)


if __name__ == "__main__":
    main()
