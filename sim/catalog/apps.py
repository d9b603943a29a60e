"""The apps of the story and their images: a Java app, a Node.js app, a MySQL database."""

from dataclasses import replace
from typing import NamedTuple

from sim.catalog.data import rows
from sim.catalog.figures import core_of, figure, figures
from sim.catalog.storms import validation_hosts
from sim.core.cited import Cited
from sim.core.fitted import remembered
from sim.core.names import unknown
from sim.core.quantity import shown_memory
from sim.host import Machine, Step
from sim.image import Image, Layer
from sim.units import GiB, MiB
from sim.workload import App, Load, Service

DEFAULT_SIZE = {
    "java": (2.0, 4 * GiB),
    "node": (0.5, 1 * GiB),
    "mysql": (1.0, 2 * GiB),
    "generic": (0.25, 512 * MiB),
}
"""vCPUs and memory an app is given unless the user says otherwise."""

CROWDING = {name: f"app.{name}.crowding" for name in ("java", "node", "mysql")}
"""The figures of the apps of which something is known; see `Load.crowding`."""

IMAGE_OF = {"java": "eclipse-temurin:21-jre", "node": "node:22", "mysql": "mysql:8"}


@remembered
def images() -> dict[str, Image]:
    """The real images of which every layer's size is known, by name."""
    by_name = {}
    for row in rows("images.csv"):
        sizes = row["layer_bytes_compressed"].split(";")
        name = row["image"].split(" ")[0]
        if row["n_layers"] and all(size.isdigit() for size in sizes):
            layers = tuple(_layer(number, size, row) for number, size in enumerate(sizes))
            by_name[name] = Image(name=name, layers=layers)
    return by_name


def image(name: str) -> Image:
    """The image of that name.

    Raises:
        UnknownName: it is not in the catalogue.
    """
    if name not in images():
        raise unknown("image", name, images())
    return images()[name]


@remembered
def apps() -> dict[str, App]:
    """The apps by name; `generic` has no start-up work and fills the memory it is given."""
    spread = figure("spread.boot")
    return {
        "java": App(
            name="java",
            startup=Step(
                cpu=figure("app.spring_boot.startup_cpu"),
                core=core_of("app.spring_boot.startup_cpu"),
                wait=figure("app.tomcat.startup_wait"),
                threads=2,
                spread=spread,
            ),
            private=figure("app.spring_boot.rss"),
            kernel_memory=figure("app.java.kernel_memory"),
            hot_files=figure("app.java.mapped"),
            startup_read=figure("app.tomcat.startup_read"),
        ),
        "node": App(
            name="node",
            startup=Step(
                cpu=figure("app.node.startup_cpu"),
                core=core_of("app.node.startup_cpu"),
                wait=figure("app.node.startup_wait"),
                spread=spread,
            ),
            threads=1,
            private=figure("app.node.at_work"),
            gives_back=figure("app.node.gives_back"),
            kernel_memory=figure("app.node.kernel_memory"),
            hot_files=figure("app.node.mapped"),
            startup_read=figure("app.node.file_cache"),
        ),
        "mysql": App(
            name="mysql",
            startup=Step(
                cpu=figure("app.mariadb.startup_cpu"),
                core=core_of("app.mariadb.startup_cpu"),
                wait=figure("app.mysql.startup_wait"),
                spread=spread,
            ),
            private=figure("app.mariadb.private"),
            kernel_memory=figure("app.mariadb.kernel_memory"),
            hot_files=figure("app.mariadb.mapped"),
            startup_read=figure("app.mariadb.file_cache"),
        ),
        "generic": App(name="generic"),
    }


def app(name: str) -> App:
    """The app of that name.

    Raises:
        UnknownName: it is not in the catalogue.
    """
    if name not in apps():
        raise unknown("app", name, apps())
    return apps()[name]


def load(share: float | None = None, app: str = "generic", variation: float | None = None) -> Load:
    """The request load of a serving container; assumed, with a range."""
    return Load(
        share=figure("workload.load") if share is None else share,
        request_cpu=figure("workload.request_cpu"),
        variation=figure("workload.variation") if variation is None else variation,
        crowding=figure(CROWDING.get(app, "workload.crowding")),
    )


def service(
    name: str | Service = "generic",
    *,
    cpu: float | None = None,
    memory: float | None = None,
    cpu_quota: bool = True,
    load_share: float | None = None,
    threads: int | None = None,
    variation: float | None = None,
    gpus: int = 0,
) -> Service:
    """An app of the catalogue as it is launched, at its default size unless told otherwise.

    Args:
        name: `java`, `node`, `mysql` or `generic`; or a service of one's own, of which only what
            else is given is changed.
        cpu: vCPUs.
        memory: bytes, at least 6 MiB.
        load_share: mean CPU use as a fraction of `cpu`.
        threads: requests it works on at once, at least 1; None: as the app does.
        variation: coefficient of variation of the CPU of a request, at least 0.
        gpus: whole GPUs of its own.

    Raises:
        UnknownName: there is no such app.
        ValueError: a size is not allowed.
    """
    sized = _default(name) if isinstance(name, str) else name
    if threads is not None:
        sized = replace(sized, app=replace(sized.app, threads=threads))
    if cpu is not None:
        sized = replace(sized, cpu=cpu, cpu_limit=None)
    if memory is not None:
        sized = replace(sized, memory=memory, memory_reservation=None)
    if not cpu_quota:
        sized = replace(sized, cpu_quota=False, cpu_limit=None)
    if load_share is not None or variation is not None:
        sized = replace(sized, load=_load(sized.load or load(), load_share, variation))
    if gpus:
        sized = replace(sized, gpus=gpus)
    least = figure("docker.least_memory")
    if sized.memory < least.value:
        raise ValueError(
            f"memory: {shown_memory(sized.memory)} is not allowed; at least "
            f"{shown_memory(least.value)}, below which Docker refuses a container"
        )
    return sized


def _default(name: str) -> Service:
    """An app of the catalogue at its default size."""
    program = app(name)
    cpu, memory = DEFAULT_SIZE[name]
    own = images()[IMAGE_OF[name]] if name in IMAGE_OF else None
    return Service(name=name, app=program, image=own, cpu=cpu, memory=memory, load=load(None, name))


def _load(usual: Load, share: float | None, variation: float | None) -> Load:
    if share is not None:
        usual = replace(usual, share=share)
    return usual if variation is None else replace(usual, variation=variation)


def _layer(number: int, size: str, row: dict[str, str]) -> Layer:
    ratio, name = row["ratio"], row["image"].split(" ")[0]
    known = ratio.replace(".", "").isdigit()
    own = Cited(
        key=f"image.{name}.unpack_ratio",
        value=float(ratio) if known else 1.0,
        unit="unpacked/compressed",
        grade="A",
        source=row["source_repo_path_commit"],
        as_of=row["snapshot_date"],
    )
    # The table has no digests: layers of one size to the byte are one base, but for tiny ones.
    digest = f"bytes:{size}" if int(size) > 1e6 else f"{name}/{number}"
    return Layer(
        digest=digest,
        compressed=float(size),
        unpack_ratio=own if known else figure("image.unpack_ratio"),
    )


class Program(NamedTuple):
    """What is known of a program beside its figures."""

    key: str
    """Names its figures: app.KEY.startup_cpu and others."""
    threads: int = 1
    """Threads or workers of its start that run at once."""


PROGRAMS = {
    "tomcat": Program("tomcat", threads=2),
    "node-express": Program("node"),
    "flask-gunicorn": Program("flask", threads=2),
    "mariadb-ready-datadir": Program("mariadb_ready"),
    "mariadb-empty-datadir": Program("mariadb"),
    "redis": Program("redis"),
    "nginx": Program("nginx"),
}


@remembered
def program(name: str) -> App:
    """The program of that name, from the fork of its process to the first healthy answer.

    Raises:
        UnknownName: it is not in the catalogue.
    """
    if name not in PROGRAMS:
        raise unknown("app", name, PROGRAMS)
    key, threads = PROGRAMS[name]
    read = f"app.{key}.startup_read"
    return App(
        name=name,
        startup=Step(
            cpu=figure(f"app.{key}.startup_cpu"),
            core=core_of(f"app.{key}.startup_cpu"),
            wait=figure(f"app.{key}.startup_wait"),
            threads=threads,
            spread=figure("spread.boot"),
        ),
        private=figure(f"app.{key}.private"),
        hot_files=figure(f"app.{key}.file_cache"),
        startup_read=figure(read if read in figures() else f"app.{key}.file_cache"),
    )


SERVERS = ("java", "node", "redis", "mariadb")
"""Small servers of which the memory of many side by side was measured."""


def server(name: str, *, serves: bool) -> App:
    """The small server of that name.

    Args:
        serves: whether it has had requests, and gets few; else none at all.

    Raises:
        UnknownName: it is not in the catalogue.
    """
    if name not in SERVERS:
        raise unknown("server", name, SERVERS)
    own = f"server.{name}"

    def one(*keys: str) -> Cited:
        return next(figure(key) for key in keys if key in figures())

    private = one(*([f"{own}.at_work"] if serves else []), f"{own}.private")
    at_rest = figures().get(f"{own}.at_rest", private) if serves else private
    return App(
        name=name,
        private=private,
        gives_back=private.value - at_rest.value,
        kernel_memory=one(f"{own}.kernel_memory", f"app.{name}.kernel_memory"),
        hot_files=figure(f"app.{name}.mapped"),
    )


def programs_host() -> Machine:
    """The machine on which they were measured."""
    host = validation_hosts()["epyc"]
    return Machine(
        name=host.name,
        vcpu=host.processor.cpus,
        memory=host.memory,
        core_speed=core_of("app.node.startup_cpu"),
        disk=figure(f"host.{host.name}.disk"),
        quota_period=figure("linux.quota_period"),
    )
