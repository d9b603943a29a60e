"""How much does a host download and store when its services share a base image?

    python scenarios/shared_layers.py   # four services, on one base image or on four

A host downloads and stores a layer once, whatever images it belongs to. Four services that are
built on one image download it once, and each adds a layer of 10 MB. On nginx, node, mysql and
temurin they share nothing, because these are built on four different bases.
"""

from pathlib import Path

from sim.cli.script import answer, picture, script
from sim import plots
from sim.studies.images.shared_layers import shared_layers
from sim.units import GB, MB


@script(replications=10)
def main(replications: int, seed: int, out: Path) -> None:
    """Run both, save, say."""
    found = shared_layers(base="node:22", own=10 * MB, replications=replications, seed=seed)
    folder = found.results.save(out)
    phases = picture(plots.waterfalls(found.results.tiling()), folder / "phases.png")
    one, each = found.table.to_dict("records")
    answer(
        f"Four services on one base image download {one['moved_bytes'] / MB:,.0f} MB instead of "
        f"{one['images_bytes'] / MB:,.0f} MB, and take {one['disk_bytes'] / GB:.1f} GB of disk. On "
        f"four different bases they download {each['moved_bytes'] / MB:,.0f} MB and take "
        f"{each['disk_bytes'] / GB:.1f} GB.",
        found.table,
        folder,
        phases,
    )


if __name__ == "__main__":
    main()
