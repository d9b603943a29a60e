"""From compose files to drafts: a part for each service that is on."""

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sim.core.names import nearest
from sim.files.compose.merging import as_mapping
from sim.files.compose.project import Project, variables
from sim.files.compose.services import container_of, volumes_of
from sim.files.draft import Drafts, PartDraft, refuse_crowd
from sim.files.text.findings import Findings
from sim.files.text.place import TextPlace
from sim.files.text.source import SourceText
from sim.files.text.value import Value
from sim.workload import HealthCheck, Wait
from sim.workload.application import NO_EFFECT
from sim.workload.waiting import Condition

MOST_UNKNOWN = 20
"""Keys that compose does not know which are told, with what was likely meant."""
CONDITIONS: dict[str, Condition] = {
    "service_started": "started",
    "service_healthy": "healthy",
    "service_completed_successfully": "completed",
}


def read_compose(
    files: Sequence[tuple[SourceText, Value]],
    env: Sequence[Path],
    profiles: Sequence[str],
    findings: Findings,
) -> Drafts:
    """What compose files say, each laid over those before it."""
    first = files[0][0]
    for source, node in files:
        services = node["services"].value
        refuse_crowd(source.name, len(services) if isinstance(services, dict) else 0)
    known = variables(list(env) or _beside(first), findings)
    project = Project(known, findings, os.environ)
    whole = project.model([(source.folder, node) for source, node in files])
    if project.interpolation.unset:
        for name in project.interpolation.unset:
            findings.note("variables that are not set, and empty", name)
    for name in project.interpolation.of_the_shell:
        findings.note("variables of the shell, which compose takes first", name)
    model = Value(whole, TextPlace(first.name, 0), findings)
    name = model["name"].text() or known.get("COMPOSE_PROJECT_NAME") or _folder(first)
    on = {*profiles, *filter(None, known.get("COMPOSE_PROFILES", "").split(","))}
    services = _switched_on(model["services"], on, findings)
    _count_ignored(model, services.on, findings)
    _tell_unknown(services.on, findings)
    parts = [_part(each, node, services, name) for each, node in services.on.items()]
    _settle(parts)
    return Drafts(name=name, parts=parts, whole=model)


def _beside(first: SourceText) -> list[Path]:
    path = first.folder / ".env"
    return [path] if first.path is not None and path.is_file() else []


def _folder(first: SourceText) -> str:
    return first.folder.resolve().name or "compose"


class Services(NamedTuple):
    """The services of a project."""

    on: dict[str, Value]
    off: Collection[str]
    """Names of those whose profile is off."""


def _switched_on(services: Value, on: Collection[str], findings: Findings) -> Services:
    """Services without a profile, and those with one that is on."""
    found: dict[str, Value] = {}
    off: dict[str, Value] = {}
    names: set[str | None] = set()
    for name, node in services.fields("a mapping of names to services"):
        mine = {each.text() for each in node.mapping("a service")["profiles"].items()}
        names |= mine
        (found if not mine or mine & {*on, "*"} or "*" in on else off)[name] = node
    for each in off:
        profiles = ", ".join(sorted(str(name) for name in names))
        findings.note(f"left out, for their profile is off (--profile {profiles})", each)
    for profile in sorted(set(on) - names - {"*"}):
        near = nearest(profile, [str(name) for name in names])
        hint = f"; did you mean {near[0]!r}?" if near else ""
        findings.note(f"no service has the profile {profile!r}{hint}")
    return Services(found, off)


def _part(name: str, service: Value, services: Services, project: str) -> PartDraft:
    part = PartDraft(name=name, main=container_of(name, service, project))
    deploy = service["deploy"].mapping()
    replicas, scale = deploy["replicas"].count(0, 100_000), service["scale"].count(0, 100_000)
    part.copies = next((n for n in (scale, replicas) if n is not None), 1)
    mode = deploy["mode"].text() or "replicated"
    part.daemon = mode.startswith("global")
    part.once = mode.endswith("-job")
    part.most_per_host = deploy.at("placement", "max_replicas_per_node").count(0) or None
    part.volumes = volumes_of(name, service)
    part.after = _waits(service, services)
    return part


def _waits(service: Value, services: Services) -> list[Wait]:
    """What it waits for before it is started."""
    found: dict[str, Wait] = {}
    for other, condition, node in _dependencies(service):
        if other in services.on:
            found.setdefault(other, Wait(part=other, until=condition))
        elif other in services.off:
            node.findings.note("waited for, but its profile is off", other)
        elif not node.value or node["required"].value is not False:
            near = nearest(other, services.on)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(services.on)}"
            node.say(f"there is no service {other!r}; {hint}")
    return list(found.values())


def _depends_on(depends: Value) -> Iterator[tuple[str, Value]]:
    """The services that stand in it, by name."""
    named = depends.with_value(as_mapping(depends.value, "depends_on"))
    if not isinstance(named.value, list):
        yield from named.fields("a list of services, or a mapping of them")
        return
    for each in depends.items():
        if not isinstance(each.value, str | int | float):
            each.wrong("the name of a service; with a condition, depends_on is a mapping")


def _dependencies(service: Value) -> Iterator[tuple[str, Condition, Value]]:
    for other, node in _depends_on(service["depends_on"]):
        word = node.mapping()["condition"].one_of(CONDITIONS) or "service_started"
        yield other, CONDITIONS[word], node
    for key in ("links", "volumes_from"):
        for each in service[key].items("a list of services"):
            other = (each.text() or "").partition(":")[0]
            if other != "container":
                yield other, "started", each
    for key in ("network_mode", "ipc", "pid"):
        kind, colon, other = (service[key].text() or "").partition(":")
        if kind == "service" and colon:
            yield other, "started", service[key]


def _settle(parts: list[PartDraft]) -> None:
    """What is waited for until it has completed runs once; what shall be healthy has a check."""
    waits = {(wait.part, wait.until) for part in parts for wait in part.after}
    for part in parts:
        part.once = part.once or (part.name, "completed") in waits
        if (part.name, "healthy") in waits and part.main.check is None:
            part.main.check = HealthCheck(start_interval=None)
            part.main.node.findings.note(
                "waited for until healthy, but the file has no check for it: unless its image has "
                "one, docker compose refuses this; a check with Docker's defaults is taken",
                part.name,
            )


_IGNORED = ("networks", "volumes", "secrets", "configs", "models")
_READ = (
    "build", "command", "container_name", "cpus", "depends_on", "deploy", "entrypoint", "env_file",
    "extends", "gpus", "healthcheck", "image", "ipc", "links", "mem_limit", "mem_reservation",
    "network_mode", "pid", "ports", "profiles", "scale", "shm_size", "volumes", "volumes_from",
)  # fmt: skip
"""Keys of a service that are heeded."""
_IGNORED_OF_SERVICE = (
    "annotations", "attach", "blkio_config", "cap_add", "cap_drop", "cgroup", "cgroup_parent",
    "configs", "cpu_count", "cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period",
    "cpu_rt_runtime", "cpu_shares", "cpuset", "credential_spec", "develop", "device_cgroup_rules",
    "devices", "dns", "dns_opt", "dns_search", "domainname", "environment", "expose",
    "external_links", "extra_hosts", "group_add", "hostname", "init", "isolation", "label_file",
    "labels", "logging", "mac_address", "mem_swappiness", "memswap_limit", "models", "networks",
    "oom_kill_disable", "oom_score_adj", "pids_limit", "platform", "post_start", "pre_stop",
    "privileged", "provider", "pull_policy", "read_only", "restart", "runtime", "secrets",
    "security_opt", "stdin_open", "stop_grace_period", "stop_signal", "storage_opt", "sysctls",
    "tmpfs", "tty", "ulimits", "use_api_socket", "user", "userns_mode", "uts", "working_dir",
)  # fmt: skip
"""Keys of the compose specification that take no room and change no start here."""
_OF_DEPLOY = (
    "endpoint_mode", "mode", "placement", "replicas", "resources", "restart_policy",
    "rollback_config", "update_config",
)  # fmt: skip


def _count_ignored(model: Value, services: dict[str, Value], findings: Findings) -> None:
    """What takes no room and changes no start."""
    for key in _IGNORED:
        if isinstance(model[key].value, dict):
            findings.ignore(key, len(model[key].value))
    for service in services.values():
        for key in _IGNORED_OF_SERVICE:
            if service[key]:
                findings.ignore(f"{key} of a service")


def _tell_unknown(services: dict[str, Value], findings: Findings) -> None:
    """Keys that compose itself would refuse; what begins with `x-` is meant for others."""
    known, services_of = {*_READ, *_IGNORED_OF_SERVICE}, dict[str, list[str]]()
    for name, service in services.items():
        for key in service.value if isinstance(service.value, dict) else ():
            if key not in known and not key.startswith("x-"):
                services_of.setdefault(key, []).append(name)
    for key, names in list(services_of.items())[:MOST_UNKNOWN]:
        told = f"{NO_EFFECT}{key[:40]!r} is no key of a service; {_meant(key)}"
        for name in names:
            findings.note(told, name)
    if (more := len(services_of) - MOST_UNKNOWN) > 0:
        findings.note(f"{NO_EFFECT}{more:,} more are no keys of a service")


def _meant(key: str) -> str:
    """What someone who wrote it may have meant."""
    if key in _OF_DEPLOY:
        return f"write it below deploy{', or use scale' * (key == 'replicas')}"
    near = nearest(key, (*_READ, *_IGNORED_OF_SERVICE))
    return f"did you mean {near[0]!r}?" if near else "compose does not know it"
