"""Images that many people run: their layers, and what the program in them needs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sim.catalog.apps import app, images, program
from sim.catalog.data import rows
from sim.catalog.figures import cited, figure
from sim.core.cited import Cited
from sim.core.fitted import remembered
from sim.core.names import Architecture
from sim.host import Step
from sim.image import Image, Layer
from sim.workload import App

MEMORY = ("memory.at_work", "memory.idle", "memory.reported")
"""Figures of memory in use, the best one first."""
MEASURED_ELSEWHERE = {
    "nginx": lambda: program("nginx"),
    "redis": lambda: program("redis"),
    "valkey": lambda: program("redis"),
    "tomcat": lambda: program("tomcat"),
    "mariadb": lambda: program("mariadb-empty-datadir"),
    "mysql": lambda: app("mysql"),
}
"""Programs whose figures stand among the catalogue's apps; Valkey is taken as Redis."""

_REGISTRIES = re.compile(
    r"(?:(?:docker\.io|index\.docker\.io|registry-1\.docker\.io|mirror\.gcr\.io"
    r"|public\.ecr\.aws/docker|[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/docker-hub)/)?"
    r"(?:library/)?"
)
"""Where official images are, under the names of Docker Hub, its mirrors and its caches."""
_REFERENCE = re.compile(
    r"(?P<name>(?:[\w.-]+(?::\d+)?/)?[\w.-]+(?:/[\w.-]+)*)(?::(?P<tag>\w[\w.-]*))?(?:@[\w:+.-]+)?"
)
_MAKERS = re.compile(r"(?:public\.ecr\.aws/)?bitnami(?:legacy|secure)?/")
"""Repackage programs under their own names."""
_HOMES = {
    "docker.elastic.co/elasticsearch/elasticsearch": "elasticsearch",
    "docker.elastic.co/kibana/kibana": "kibana",
    "docker.elastic.co/logstash/logstash": "logstash",
    "docker.elastic.co/beats/filebeat": "filebeat",
    "quay.io/coreos/etcd": "etcd",
    "gcr.io/etcd-development/etcd": "etcd",
    "registry.k8s.io/etcd": "etcd",
    "quay.io/prometheus/prometheus": "prom/prometheus",
    "quay.io/prometheus/node-exporter": "prom/node-exporter",
    "quay.io/prometheus/alertmanager": "prom/alertmanager",
    "quay.io/prometheus/blackbox-exporter": "prom/blackbox-exporter",
    "prometheus": "prom/prometheus",
    "node-exporter": "prom/node-exporter",
    "grafana": "grafana/grafana",
    "grafana/grafana-oss": "grafana/grafana",
    "quay.io/keycloak/keycloak": "keycloak",
    "jenkins": "jenkins/jenkins",
    "minio/minio": "minio",
    "quay.io/minio/minio": "minio",
    "apache/kafka": "kafka",
    "edoburu/pgbouncer": "pgbouncer",
    "valkey/valkey": "valkey",
    "hashicorp/vault": "vault",
    "hashicorp/consul": "consul",
    "opensearchproject/opensearch": "opensearch",
    "opensearchproject/opensearch-dashboards": "opensearch-dashboards",
    "phpmyadmin/phpmyadmin": "phpmyadmin",
    "fluent/fluent-bit": "fluent-bit",
    "gitea/gitea": "gitea",
    "docker.n8n.io/n8nio/n8n": "n8nio/n8n",
    "registry.k8s.io/metrics-server/metrics-server": "metrics-server",
    "registry.k8s.io/kube-state-metrics/kube-state-metrics": "kube-state-metrics",
}
"""Other names of a program, and the one that its figures stand under."""
_SMALL = frozenset({"alpine", "slim", "perl", "fpm", "jdk", "jre"})
"""Words of a tag that another size goes with: a tag without them is no stand-in."""
_RELEASES = frozenset(
    {"latest", "lts", "stable", "mainline", "community", "debian", "ubuntu"}
    | {"bullseye", "bookworm", "trixie", "jammy", "noble"}
)
"""Words of a tag that say when it was made, not what is in it."""


@dataclass(frozen=True, slots=True)
class KnownImage:
    """What is known of an image by its reference."""

    name: str
    """The program's name, without registry and tag, such as `postgres`."""
    image: Image | None
    """Its layers; None: no tag like it is known."""
    exact: bool
    """Whether the layers are those of the very tag; else of the nearest one, see `image.name`."""
    source: str
    """Where the layers were read, and when; empty where they are not known."""
    app: App | None
    """What it does until it is ready, and what it keeps; None: its start was not measured, or
    there is no program in it but the user's own."""
    needs: Mapping[str, Cited]
    """What is known by figure: `memory.idle`, `memory.request`, `cpu.limit` and others."""

    @property
    def memory(self) -> Cited | None:
        """Bytes in use: measured at work, else idle, else what others report; None: not known."""
        measured = self.app.private if self.app is not None else None
        if isinstance(measured, Cited):
            return measured
        return next((self.needs[key] for key in MEMORY if key in self.needs), None)


def known_image(reference: str, architecture: Architecture = "amd64") -> KnownImage | None:
    """What is known of the image that a reference names, as a compose file or a FROM has it.

    Tag and digest may be missing. A tag that is not in the catalogue gets the layers of the
    nearest one of its kind (an alpine only those of an alpine), and `exact` is False.
    """
    match = _REFERENCE.fullmatch(reference.strip())
    if match is None:
        return None
    name, tag = _REGISTRIES.sub("", match["name"], count=1), match["tag"] or "latest"
    layers = _nearest(name, tag, architecture)
    called = _program(name, tag)
    needs, own_app = _needs().get(called, {}), _app(called)
    if layers is None and not needs and own_app is None and name not in _tags():
        return None
    image, exact, source = layers if layers is not None else (None, False, "")
    return KnownImage(name, image, exact, source, own_app, needs)


@dataclass(frozen=True, slots=True)
class _Tag:
    tag: str
    architecture: Architecture
    image: Image
    source: str


def _nearest(name: str, tag: str, architecture: Architecture) -> tuple[Image, bool, str] | None:
    """Layers of the tag or of the nearest one, whether it is the very tag, and their source."""
    wanted = _kind(tag)
    fitting = [
        one
        for one in _tags().get(name, ())
        if one.tag == tag or _kind(one.tag) & _SMALL == wanted & _SMALL
    ]
    if not fitting:
        return None

    def likeness(one: _Tag) -> tuple[bool, int, int, bool]:
        return (
            one.tag == tag,
            -len(_kind(one.tag) ^ wanted),
            -round(10 * abs(_version(one.tag) - _version(tag))),
            one.architecture == architecture,
        )

    best = max(fitting, key=likeness)
    return best.image, best.tag == tag and best.architecture == architecture, best.source


def _kind(tag: str) -> frozenset[str]:
    """The words of a tag that say what is in it: `jre` and `alpine` of `21-jre-alpine3.20`."""
    words = (word.rstrip("0123456789.") for word in re.split(r"[-_]", tag))
    return frozenset(word for word in words if word and not word[0].isdigit()) - _RELEASES


def _version(tag: str) -> float:
    """The version a tag begins with; a large one where it has none: the newest."""
    match = re.match(r"v?(\d{1,9}(?:\.\d{1,9})?)(?!\d)", tag)
    return float(match[1]) if match is not None else 1e6


@remembered
def _tags() -> Mapping[str, tuple[_Tag, ...]]:
    """All tags whose layers are known, by the image's name."""
    by_name: dict[str, list[_Tag]] = {}
    for name, image in images().items():
        repository, _, tag = name.partition(":")
        source = _source(next(r for r in rows("images.csv") if r["image"].split(" ")[0] == name))
        by_name.setdefault(repository, []).append(_Tag(tag, "amd64", image, source))
    for row in rows("known_images.csv"):
        arch: Architecture = "arm64" if row["arch"] == "arm64" else "amd64"
        image = Image(name=f"{row['image']}:{row['tag']}", layers=tuple(_layers(row)))
        source = f"{row['source']}, {row['as_of']}"
        by_name.setdefault(row["image"], []).append(_Tag(row["tag"], arch, image, source))
    return {name: tuple(tags) for name, tags in by_name.items()}


def _source(row: Mapping[str, str]) -> str:
    return f"{row['source_repo_path_commit']}, {row['snapshot_date']}"


def _layers(row: Mapping[str, str]) -> Iterable[Layer]:
    """Its layers from the base up; one of all its bytes where only their sum is published."""
    sizes = row["layer_bytes_compressed"].split(";")
    digests = row["layer_digests"].split(";")
    for size, digest in zip(sizes, digests, strict=True):
        own = f"sha256:{digest}" if digest else f"{row['image']}:{row['tag']}/{row['arch']}"
        ratio = figure("image.unpack_ratio")
        yield Layer(digest=own, compressed=float(size), unpack_ratio=ratio)


def _program(name: str, tag: str) -> str:
    """The name that the figures of an image's program stand under."""
    name = _MAKERS.sub("", name, count=1)
    return "php-fpm" if name == "php" and "fpm" in _kind(tag) else _HOMES.get(name, name)


@remembered
def _needs() -> Mapping[str, Mapping[str, Cited]]:
    """What is known of each program, by figure."""
    by_name: dict[str, dict[str, Cited]] = {}
    for row in rows("known_needs.csv"):
        key = f"image.{row['program']}.{row['figure']}"
        core = "xeon-guest" if row["unit"] == "core-s" else ""
        by_name.setdefault(row["program"], {})[row["figure"]] = cited(row, key, core)
    return by_name


@remembered
def _app(name: str) -> App | None:
    """The program from exec to its first good answer, and what it keeps in memory."""
    if name in MEASURED_ELSEWHERE:
        return MEASURED_ELSEWHERE[name]()
    needs = _needs().get(name, {})
    if "startup_cpu" not in needs:
        return None
    return App(
        name=name,
        startup=Step(
            cpu=needs["startup_cpu"],
            core=figure("core.xeon-guest.speed"),
            wall=needs["startup_ready"],
            spread=figure("spread.boot"),
        ),
        private=next(needs[key] for key in MEMORY if key in needs),
        kernel_memory=figure("image.kernel_memory"),
        hot_files=needs["mapped_files"],
        startup_read=needs["mapped_files"],
    )
