"""Which EC2 type runs a hundred containers at the lowest cost, and which holds the most?

    python scenarios/sweep_instance_types.py   # all types with a price, 0.25 vCPU and 1 GiB each

The count on one instance is what the ECS scheduler accepts. The types that no other beats in both
cost and density are then filled in a simulation: each gets one task more than fits, and the refusal
shows whether the arithmetic was right. T types are left out, because their surplus credits are
billed by use. A vCPU counts as one, however fast it is. The cost is that of whole instances with
their volumes; the table also has the cost of a container on a full one.
"""

from pathlib import Path

from sim.cli.script import answer, picture, script
from sim import Burst, Scenario, catalog, compare, plots
from sim.studies.instance_types import by_instance_type
from sim.units import GiB, vcpu

node = catalog.service("node", cpu=0.25 * vcpu, memory=1 * GiB)
CONTAINERS = 100
types = by_instance_type(node, tasks=CONTAINERS)
frontier = types[types["frontier"]]
scenarios = {
    name: Scenario(
        name="sweep-instance-types",
        platform=catalog.ecs(name, warm=[node.image]),
        arrivals=(Burst(service=node, tasks=count + 1),),
    )
    for name, count in zip(frontier["instance"], frontier["count"], strict=True)
}


@script(replications=1)
def main(replications: int, seed: int, out: Path) -> None:
    """Fill the frontier, draw all, say."""
    results = compare(scenarios, times=replications, seed=seed, catalogue=catalog.digest())
    folder = results.save(out)
    filled = results.runs.groupby("variant")["ready"].min()
    drawn = picture(plots.cost_frontier(types), folder / "frontier.png")
    table = frontier[["instance", "count", "stopped_by", "core_speed"]].assign(
        simulated=frontier["instance"].map(filled),
        usd_per_1000_container_hours=1000.0 * frontier["usd_per_container_hour"],
    )
    dense, least = table.iloc[0], types.loc[types["usd_per_month"].idxmin()]
    answer(
        f"Of {len(types):,} instance types, {least['instance']} runs {CONTAINERS} containers at "
        f"the lowest cost: {least['hosts']} of them cost {least['usd_per_month']:,.0f} USD a "
        f"month, volumes included. {dense['instance']} is the densest, with {dense['count']:,}.",
        table,
        folder,
        drawn,
    )


if __name__ == "__main__":
    main()
