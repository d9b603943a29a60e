"""One server, three apps: as containers on one kernel, or as three VMs?

    python scenarios/one_server.py   # Java, Node.js and MySQL; 10 runs; about 10 s

A Java app, a Node.js app and a MySQL database start together on the same machine, and each serves
requests for a minute: as Docker containers, and as three VMs. Images and disks are already there;
nothing is pulled. Containers take the memory they use and share the page cache; a VM takes all that
is reserved for it.
"""

from pathlib import Path

from sim.cli.script import answer, picture, script
from sim import one_server, plots
from sim.studies.one_server import memory_of_one_server


@script(replications=10)
def main(replications: int, seed: int, out: Path) -> None:
    """Run both ways, save, say."""
    results = one_server(serve=60.0, replications=replications, seed=seed)
    folder = results.save(out)
    samples = results.samples.query("run == 0").set_index("variant")
    both = plots.one_machine(memory_of_one_server(), results.runs)
    drawn = picture(both, folder / "one_machine.png")
    table = results.runs.groupby("variant", sort=False).mean(numeric_only=True)
    table = table.filter(regex="^(time_to_ready_s_|slowdown)").T.rename_axis("mean of all runs")
    most = samples.groupby(["variant", "resource"])["used"].max() / 2**30
    answer(
        f"As containers, the three apps use {most['docker', 'memory']:.1f} GiB of the server, and "
        f"{most['docker', 'cache']:.1f} GiB hold files that can be dropped at any time. As VMs "
        f"they take {most['vm', 'memory']:.1f} GiB, most of it reserved for the guests, used or "
        "not.",
        table.reset_index(),
        folder,
        drawn,
    )


if __name__ == "__main__":
    main()
