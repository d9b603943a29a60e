"""One service of compose: its container, its sizes, its check, its volumes."""

from collections.abc import Iterator
from typing import Any

from sim.files.compose.merging import as_mapping
from sim.files.compose.ports import published_ports
from sim.files.draft import ContainerDraft
from sim.files.own.reading import applied, program_of
from sim.files.quantities import compose_bytes, compose_cpus, go_seconds
from sim.files.reference import without_account
from sim.files.sizes.heap import heap_of
from sim.files.text.value import Value
from sim.workload import HealthCheck, Volume


def container_of(name: str, service: Value, project: str) -> ContainerDraft:
    """The container that a service starts; what is built here has the name compose gives it."""
    limits = service.at("deploy", "resources", "limits").mapping()
    asked = service.at("deploy", "resources", "reservations").mapping()
    image = service["image"].text() or None
    if image is None and service["build"]:
        image = f"{project}-{name}"
        service.findings.note("built from source, so the size of its image is assumed", name)
    draft = ContainerDraft(
        name=service["container_name"].text() or name,
        node=service,
        image=without_account(image),
        cpu=asked["cpus"].parsed(compose_cpus),
        cpu_limit=_first(limits["cpus"].parsed(compose_cpus), service["cpus"].parsed(compose_cpus)),
        memory=_first(
            asked["memory"].parsed(compose_bytes),
            service["mem_reservation"].parsed(compose_bytes),
        ),
        memory_limit=_first(
            limits["memory"].parsed(compose_bytes), service["mem_limit"].parsed(compose_bytes)
        ),
        shared_memory=service["shm_size"].parsed(compose_bytes) or 0.0,
        heap=heap_of(_said(service)),
        gpus=_gpus(service, asked),
        published_ports=published_ports(service),
        check=check_of(service["healthcheck"]),
    )
    if (own := program_of(service["x-sim"])) is not None:
        applied(own, draft)
    return draft


def _first(*sizes: float | None) -> float | None:
    """The first that is there and not 0, which is no limit."""
    return next((size for size in sizes if size), None)


def _said(service: Value) -> Iterator[tuple[str, str]]:
    """Its environment and its command, in which a heap may stand."""
    environment = service["environment"]
    environment = environment.with_value(as_mapping(environment.value, "environment"))
    for key, each in environment.fields("a mapping of names to values, or a list of NAME=value"):
        yield key, str(each.value)
    for key in ("command", "entrypoint"):
        value: Any = service[key].value
        if value is not None:
            yield "", " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _gpus(service: Value, asked: Value) -> int:
    found = 0
    for device in asked["devices"].items("a list of devices"):
        if "gpu" in [kind.text() for kind in device.mapping()["capabilities"].items()]:
            found += _counted(device)
    gpus = service["gpus"]
    if gpus.value == "all":
        return max(found, 1)
    for each in gpus.items("all, or a list") if isinstance(gpus.value, list) else ():
        found += _counted(each)
    return found


def _counted(device: Value) -> int:
    """All of them is one: how many the host has is not known here."""
    return 1 if device["count"].value in (None, "all") else device["count"].count(0, 64) or 0


def check_of(node: Value) -> HealthCheck | None:
    """Its health check; None where there is none, or it is switched off."""
    if not node.mapping() or node["disable"].flag():
        return None
    test = node["test"].value
    if test in ("NONE", ["NONE"]):
        return None
    usual = HealthCheck()
    start_period = node["start_period"].parsed(go_seconds) or 0.0
    start_interval = node["start_interval"].parsed(go_seconds) or usual.start_interval
    return HealthCheck(
        interval=node["interval"].parsed(go_seconds) or usual.interval,
        timeout=node["timeout"].parsed(go_seconds) or usual.timeout,
        start_period=start_period,
        start_interval=start_interval if start_period else None,
        retries=node["retries"].count(0, 100_000) or usual.retries,
    )


def volumes_of(name: str, service: Value) -> list[Volume]:
    """Volumes by name, folders of the host, and unnamed ones of its own."""
    return list(_volumes(name, service))


def _volumes(name: str, service: Value) -> Iterator[Volume]:
    for number, node in enumerate(service["volumes"].items("a list of volumes")):
        unnamed = f"{name}-{number}"
        if isinstance(node.value, dict):
            kind = node["type"].text() or "volume"
            source = node["source"].text() or unnamed
        else:
            text = node.text("a volume such as data:/var/lib/data") or ""
            first, colon, _ = text.partition(":")
            source = first if colon and first else unnamed
            kind = "bind" if source.startswith((".", "/", "~", "\\")) else "volume"
        if kind in ("bind", "npipe"):
            yield Volume(name=source[:255], storage="bind")
        elif kind == "volume":
            yield Volume(name=source[:255])
