"""Which platform should run my application of three services, and on how many machines?

    python scenarios/my_application.py    # a compose file, every platform; about 10 s

`scenarios/applications/shop.yaml` says what each service needs, how many copies run and who waits
for whom; any compose file, Kubernetes manifests or ECS task definitions would do. Each platform
places the copies by its own rules on the cheapest m5 that does, and is paid by whole machines: that
names another winner than the sum of the shares of machines that each copy takes.
"""

from pathlib import Path

import sim
from sim import plots
from sim.cli.script import answer, picture, script

SHOP = Path(__file__).parent / "applications" / "shop.yaml"


@script(replications=20)
def main(replications: int, seed: int, out: Path) -> None:
    """Read, plan, save, say."""
    shop = sim.read(SHOP)
    found = sim.plan(shop, instance="m5.*", replications=replications, seed=seed)
    folder = found.results().save(out)
    drawn = picture(plots.cost_and_readiness(found.marked()), folder / "platforms.png")
    machines = found.machines().groupby("platform").get_group("ecs")
    boxes = picture(plots.machines(machines, title="On ECS"), folder / "machines.png")
    table = found.table().drop(columns=["stopped_by", "then", "refused"])
    answer(found.sentence(), table, folder, drawn, boxes)


if __name__ == "__main__":
    main()
