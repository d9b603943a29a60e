"""How soon is a Java app ready when every copy gets an EC2 instance of its own?

    python scenarios/ec2.py          # 12 copies at once; writes results/ec2/

An instance is a guest of AWS's hypervisor: whole, isolated, and booted before the app can start.
"""

from pathlib import Path

from sim import Burst, Scenario, catalog, plots, replicate
from sim.cli.script import answer, picture, script

java = catalog.service("java")
scenario = Scenario(
    name="ec2",
    platform=catalog.ec2_for(java, burstable=False),
    arrivals=(Burst(service=java, tasks=12),),
)


@script(replications=30)
def main(replications: int, seed: int, out: Path) -> None:
    """Launch, measure, say."""
    results = replicate(
        scenario, times=replications, seed=seed, catalogue=catalog.digest(), out=out
    )
    folder = results.save(out)
    running = results.estimate("time_to_running_s", quantile=0.5)
    ready = results.estimate("time_to_ready_s", quantile=0.5)
    drawn = picture(plots.waterfall(results.tiling()), folder / "waterfall.png")
    answer(
        f"12 Java apps on 12 {scenario.platform.machine.name} instances: user space is up after "
        f"{running.value:.1f} s in the median, the app is ready after {ready.value:.1f} s.",
        results.summary,
        folder,
        drawn,
    )


if __name__ == "__main__":
    main()
