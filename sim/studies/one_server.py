"""One server, three apps: as containers on one kernel, and as three VMs under a hypervisor."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim import catalog
from sim.core.mistakes import texts_in
from sim.experiment import Burst, Results, Scenario, compare
from sim.studies.platform_row import PlatformOptions
from sim.studies.platforms import row

if TYPE_CHECKING:
    import pandas as pd

APPS = ("java", "node", "mysql")


def one_server(
    *,
    instance: str = catalog.DEFAULT_TYPE,
    platforms: Sequence[str] = ("docker", "vm"),
    serve: float = 60.0,
    seed: int = 1,
    replications: int = 10,
    out: Path | None = None,
) -> Results:
    """Start a Java app, a Node.js app and a MySQL database together, then let them serve.

    Nothing is pulled: images are on the server's disk, as the guests' disk images are.

    Args:
        instance: EC2 type whose size the bare server has.
        platforms: that are asked, by name; each has the server.
        serve: seconds for which each app serves its load once it is ready.
        out: folder of the results, in which runs are kept as they finish.

    Raises:
        ValueError: the type, or a platform, is not known.
    """
    services = [catalog.service(app) for app in APPS]
    arrivals = tuple(Burst(service=service) for service in services)
    options = PlatformOptions(
        service=services[0], others=tuple(services[1:]), instance=instance, image="warm"
    )
    scenarios = {
        name: Scenario(
            name="one-server",
            platform=row(name).made(options),
            arrivals=arrivals,
            serve=serve,
            sample_every=0.5,
        )
        for name in texts_in("platforms", platforms)
    }
    return compare(
        scenarios,
        times=replications,
        seed=seed,
        name="one-server",
        catalogue=catalog.digest(),
        out=out,
    )


def memory_of_one_server(
    *, instance: str = catalog.DEFAULT_TYPE, platforms: Sequence[str] = ("docker", "vm")
) -> "pd.DataFrame":
    """Where the machine's nominal memory goes with the three apps at work.

    Returns:
        One row an item of each platform: `platform`, `host`, `item`, `bytes`.

    Raises:
        ValueError: the type, or a platform, is not known.
    """
    import pandas as pd

    services = [catalog.service(app) for app in APPS]
    cells = []
    for name in texts_in("platforms", platforms):
        live = row(name).made(PlatformOptions(service=services[0], instance=instance))
        empty = {part.item: part.bytes for part in live.budget(services[0], 0)}
        held = dict(empty)
        for service in services:
            for part in live.budget(service, 1):
                held[part.item] += part.bytes - empty[part.item]
        host = live.host_name(services[0])
        cells += [(name, host, item, size) for item, size in held.items()]
    return pd.DataFrame(cells, columns=["platform", "host", "item", "bytes"])
