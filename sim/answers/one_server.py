"""One server, three apps: as containers on one kernel, and as three VMs under a hypervisor."""

from sim import catalog
from sim.experiment import Burst, Results, Scenario, compare

APPS = ("java", "node", "mysql")


def one_server(
    *, instance: str = "m5.xlarge", serve: float = 60.0, seed: int = 1, replications: int = 10
) -> Results:
    """Start a Java app, a Node.js app and a MySQL database together, then let them serve.

    Args:
        instance: EC2 type whose size the bare server has.
        serve: seconds for which each app serves its load once it is ready.

    Raises:
        ValueError: the type is not known.
    """
    server = catalog.bare(instance)
    arrivals = tuple(Burst(service=catalog.service(app)) for app in APPS)
    platforms = {"docker": catalog.docker(server), "vm": catalog.hypervisor(server)}
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
        scenarios, times=replications, seed=seed, name="one-server", catalogue=catalog.digest()
    )
