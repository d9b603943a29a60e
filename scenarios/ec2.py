"""How soon is a Java app ready when every copy gets its own EC2 instance?

    python scenarios/ec2.py          # 12 copies at once; writes results/ec2/

An EC2 instance is a whole, isolated VM. It has to boot before the app can start.
"""

from pathlib import Path

from sim.cli.script import answer, picture, script
from sim import Burst, Scenario, catalog, plots, replicate

java = catalog.service("java")
scenario = Scenario(
    name="ec2",
    platform=catalog.ec2_for(java, burstable=False),
    arrivals=(Burst(service=java, tasks=12),),
)

TITLE = "12 Java tasks at once, each on an EC2 instance of its own"


@script(replications=30)
def main(replications: int, seed: int, out: Path) -> None:
    """Launch, measure, say."""
    results = replicate(scenario, times=replications, seed=seed, catalogue=catalog.digest())
    folder = results.save(out)
    median = results.summary.set_index("phase")["p50_s"]
    drawn = picture(plots.waterfall(results.tiling(), title=TITLE), folder / "waterfall.png")
    answer(
        f"12 Java apps on 12 {scenario.platform.machine.name} instances: the median "
        f"instance has booted after {median['running']:.1f} s, and its app is ready after "
        f"{median['total']:.1f} s.",
        results.summary,
        folder,
        drawn,
    )


if __name__ == "__main__":
    main()
