"""One server, three apps: as containers on one kernel, and as three VMs under a hypervisor."""

from pathlib import Path

from sim import catalog
from sim.experiment import Burst, Results, Scenario, compare

APPS = ("java", "node", "mysql")


def one_server(
    *,
    instance: str = "m5.xlarge",
    serve: float = 60.0,
    seed: int = 1,
    replications: int = 10,
    out: Path | None = None,
) -> Results:
    """Start a Java app, a Node.js app and a MySQL database together, then let them serve.

    Nothing is pulled: images are on the server's disk, as the guests' disk images are.

    Args:
        instance: EC2 type whose size the bare server has.
        serve: seconds for which each app serves its load once it is ready.
        out: folder of the results, in which runs are kept as they finish.

    Raises:
        ValueError: the type is not known.
    """
    server = catalog.bare(instance)
    services = [catalog.service(app) for app in APPS]
    images = [service.image for service in services if service.image is not None]
    arrivals = tuple(Burst(service=service) for service in services)
    platforms = {
        "docker": catalog.docker(server, warm=images),
        "vm": catalog.hypervisor(server),
    }
    scenarios = {
        name: Scenario(
            name="one-server",
            platform=platform,
            arrivals=arrivals,
            serve=serve,
            sample_every=0.5,
        )
        for name, platform in platforms.items()
    }
    return compare(
        scenarios,
        times=replications,
        seed=seed,
        name="one-server",
        catalogue=catalog.digest(),
        out=out,
    )
