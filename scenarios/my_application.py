"""Which platform should run my three services, and on how many machines?

    python scenarios/my_application.py    # a compose file, every platform; about 10 s

The compose file says what each service needs, how many copies run and who waits for whom; any
compose file, Kubernetes manifest or ECS task definition works. Each platform places the copies by
its own rules, on the cheapest m5 that fits. You pay for whole machines, so the cheapest platform is
not the one with the smallest sum of shares.
"""

from pathlib import Path

import sim
from sim.cli.script import answer, picture, script
from sim import plots

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
