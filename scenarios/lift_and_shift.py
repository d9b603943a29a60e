"""What would our forty virtual machines need as instances, in containers, or on Fargate?

    python scenarios/lift_and_shift.py    # every option side by side; about 10 s

The inventory, `scenarios/inventories/forty_synthetic_vms.csv`, is made up; an RVTools export works,
too. Instances of the same size cost the most. Most of the saving comes from choosing the right
size; packing adds little, because small T3 instances are so cheap.
"""

from pathlib import Path

import sim
from sim.cli.script import answer, picture, script
from sim import plots
from sim.studies.migrate import tables

FORTY = Path(__file__).parent / "inventories" / "forty_synthetic_vms.csv"


@script(replications=5)
def main(replications: int, seed: int, out: Path) -> None:
    """Read, migrate, save, say."""
    ours = sim.read(FORTY)
    found = sim.migrate(ours, replications=replications, seed=seed)
    folder = found.results().save(out)
    drawn = [
        picture(plots.asked_and_used(tables.asked_and_used(found)), folder / "asked-and-used.png"),
        picture(plots.hosts_before_after(tables.hosts(found)), folder / "hosts.png"),
        picture(plots.cost_steps(found.steps()), folder / "cost.png"),
    ]
    table = found.table().drop(columns=["instance", "refused", "rests_on", "blast_radius"])
    answer(found.sentence(), table, folder, *drawn)


if __name__ == "__main__":
    main()
