"""How many bytes move to a host and sit on it when its services share a base image?

    python scenarios/shared_layers.py   # four services on one server: on node:22, or a base each

A layer is moved and kept once per digest, whatever images it belongs to. Four services that are
built on one image move it once, and each adds its own layer of 10 MB; on nginx, node, mysql and
temurin they share nothing, for these stand on four different bases.
"""

from pathlib import Path

from sim import plots
from sim.cli.script import answer, picture, script
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
        f"Four services on one base move {one['moved_bytes'] / MB:.0f} MB instead of "
        f"{one['images_bytes'] / MB:.0f} MB and sit on {one['disk_bytes'] / GB:.1f} GB of disk; on "
        f"a base each they move {each['moved_bytes'] / MB:.0f} MB and sit on "
        f"{each['disk_bytes'] / GB:.1f} GB.",
        found.table,
        folder,
        phases,
    )


if __name__ == "__main__":
    main()
