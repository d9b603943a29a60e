"""The finding of scenarios/shared_layers.py, counted by hand on the layers of real images."""

import pytest
from pulling import Puller

from sim import catalog
from sim.core.world import World
from sim.studies.images.shared_layers import shared_layers

NGINX = 29780905 + 33325076 + 626 + 955 + 403 + 1210 + 1397
NODE = 48503440 + 24056077 + 64424271 + 211707818 + 3321 + 58553286 + 1250675 + 446
MYSQL = 47931319 + 882 + 783555 + 6193401 + 2605 + 333 + 51637258 + 321 + 132432030 + 5224
TEMURIN = 41602703 + 394 + 26432501 + 53097833 + 159 + 2464
OWN = 10_000_000


def test_services_on_one_base_move_it_once_and_on_a_base_each_share_nothing() -> None:
    """408 MB and four times 10 MB, instead of 1,674; four bases move all of their 872 MB."""
    table = shared_layers(replications=1).table.set_index("variant")

    assert table.loc["one base", "moved_bytes"] == NODE + 4 * OWN
    assert table.loc["one base", "images_bytes"] == 4 * (NODE + OWN)
    assert table.loc["a base each", "moved_bytes"] == NGINX + NODE + MYSQL + TEMURIN + 4 * OWN
    assert table.loc["a base each", "images_bytes"] == table.loc["a base each", "moved_bytes"]
    assert table.loc["one base", "all_running_s"] < table.loc["a base each", "all_running_s"]


@pytest.mark.parametrize(
    ("variant", "moved"),
    [("one base", NODE + 4 * OWN), ("a base each", NGINX + NODE + MYSQL + TEMURIN + 4 * OWN)],
)
def test_the_host_moves_and_keeps_what_was_counted(variant: str, moved: int) -> None:
    """The network card's own count, and the disk's: files and blobs of each layer once."""
    found = shared_layers(replications=1)
    world = World(1)
    live = catalog.docker(catalog.bare("m5.xlarge")).deploy(world)
    for picture in found.images[variant]:
        world.env.process(live.engine.store.pull(Puller(world), picture, "prefer-cached"))
    world.env.run()
    row = found.table.set_index("variant").loc[variant]
    kernel = live.hosts()[0]

    assert kernel.nic is not None
    assert kernel.nic.busy_integral == pytest.approx(moved, abs=1.0)
    assert kernel.space.used == pytest.approx(row["disk_bytes"], abs=1.0)
    assert set(live.engine.store.images) == set(found.images[variant])
