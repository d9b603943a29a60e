"""One server, three apps: as containers on one kernel, or as three VMs?

    python scenarios/one_server.py   # Java, Node.js and MySQL; 10 runs; about 10 s

A Java app, a Node.js app and a MySQL database start together on the same machine, then each
serves its requests for a minute: under a Docker daemon, and as three guests of a hypervisor.
Images and guests' disks are on the server already, so nothing is pulled.
"""

from pathlib import Path

from sim import plots
from sim.answers import one_server
from sim.cli.script import answer, picture, script


@script(replications=10)
def main(replications: int, seed: int, out: Path) -> None:
    """Run both ways, save, say."""
    results = one_server(serve=60.0, replications=replications, seed=seed)
    folder = results.save(out)
    samples = results.samples.query("run == 0").set_index("variant")
    docker = picture(plots.host_over_time(samples.loc["docker"])[0], folder / "docker.png")
    vm = picture(plots.host_over_time(samples.loc["vm"])[0], folder / "vm.png")
    table = results.runs.groupby("variant", sort=False).mean(numeric_only=True)
    table = table.filter(regex="^(time_to_ready_s_|slowdown)").T.rename_axis("mean of all runs")
    used = samples.query("resource == 'memory'").groupby("variant")["used"].max() / 2**30
    answer(
        f"The same three apps take {used['docker']:.1f} GiB of the server as containers and "
        f"{used['vm']:.1f} GiB as VMs.",
        table.reset_index(),
        folder,
        docker,
        vm,
    )


if __name__ == "__main__":
    main()
