"""An application as YAML of one's own, which reads back as it was; and an app to start from."""

from typing import Any

import yaml

from sim import catalog
from sim.core.cited import plain
from sim.files.sizes.ladder import known_program
from sim.image import Image
from sim.workload import App, AutoscalingRange, HealthCheck, Part, Service, Volume, Wait
from sim.workload.application import Application
from sim.workload.calls import Operation

HEAD = """\
# An application of your own, as sim read understood it. Change sizes, copies and order as you
# like, then: sim read {name}.yaml
"""


def written(app: Application) -> str:
    """An application as YAML: equal again once it is read, but for notes and what was ignored."""
    whole: dict[str, Any] = {"application": app.name}
    if app.entries:
        whole["entry"] = {entry.to: plain(entry.weight) for entry in app.entries}
    whole["parts"] = {part.name: _part(part) for part in app.parts}
    text = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=98)
    return HEAD.format(name=app.name) + text


def _part(part: Part) -> dict[str, Any]:
    made = _program(part.service)
    made |= {"size_from": part.size_from, "cpu_from": part.cpu_from}
    made |= {
        "copies": part.copies,
        "after": _waits(part.after),
        "init": [_container(each, part) for each in part.service.init],
        "sidecars": [_container(each, part) for each in part.service.sidecars],
        "daemon": part.daemon,
        "once": part.once,
        "most_per_host": part.most_per_host,
        "apart_from": list(part.apart_from),
        "spread": part.spread,
        "autoscaling": _range(part.autoscaling),
        "volumes": [_volume(each) for each in part.volumes],
        "threads": part.threads,
    }
    made |= {one.name: _operation(one) for one in part.operations}
    return _said(made)


def _waits(waits: tuple[Wait, ...]) -> list[dict[str, str]]:
    return [{"part": wait.part, "until": wait.until} for wait in waits]


def _volume(volume: Volume) -> dict[str, Any]:
    size = None if volume.size is None else bytes_text(volume.size)
    return _said({"name": volume.name, "storage": volume.storage, "size": size})


_ROOM = {"cpu", "cpu_limit", "cpu_quota", "memory", "memory_reservation", "memory_limited"}
"""What is not said of an init container that asks for none."""


def _container(service: Service, part: Part) -> dict[str, Any]:
    made = {"name": service.name} | _program(service) | {"essential": service.essential}
    if not service.asks:
        return _said({key: value for key, value in made.items() if key not in _ROOM})
    return _said(made | {"size_from": part.size_from, "cpu_from": part.cpu_from})


def _said(fields: dict[str, Any]) -> dict[str, Any]:
    """Without what is not said, or is as it is unless said otherwise."""
    usual: dict[str, Any] = {
        "copies": 1, "daemon": False, "once": False, "spread": False, "essential": True,
        "size_from": "file", "cpu_from": "file", "storage": "own", "gpus": 0, "cpu_quota": True,
        "memory_limited": True,
    }  # fmt: skip
    return {
        key: value
        for key, value in fields.items()
        if value not in (None, [], {}) and not (key in usual and value == usual[key])
    }


def _program(service: Service) -> dict[str, Any]:
    reference = service.image.name if service.image else None
    made: dict[str, Any] = {"image": reference, "image_size": _image_size(service.image)}
    made |= _app(service, reference)
    return made | {
        "cpu": service.cpu,
        "cpu_limit": service.cpu_limit,
        "cpu_quota": service.cpu_quota,
        "memory": bytes_text(service.memory),
        "memory_reservation": None
        if service.memory_reservation is None
        else bytes_text(service.memory_reservation),
        "memory_limited": service.memory_limited,
        "gpus": service.gpus,
        "host_ports": list(service.host_ports),
        "published_ports": list(service.published_ports),
        "check": _check(service.check),
        "after_containers": _waits(service.after),
    }


def _image_size(image: Image | None) -> str | None:
    """The size of an image of which somebody said no more than that."""
    sizes = [] if image is None else [layer.compressed for layer in image.layers]
    own = len(sizes) == 1 and isinstance(sizes[0], float)
    if image is None or not own or image.layers[0].digest != f"{image.name}/0":
        return None
    return bytes_text(plain(sizes[0] or 0.0))


def _app(service: Service, reference: str | None) -> dict[str, Any]:
    """A program: known of its image, or what differs from the likest one of the catalogue."""
    usual = catalog.load()
    known = known_program(reference, service.name, service.memory)
    if (service.app, service.load) == (known, usual):
        return {}
    bases = [(None, App(name=service.name)), *catalog.apps().items()]
    ways = [
        ({"app": like} if like else {}) | _differing(service.app, base)
        for like, base in bases
        if service.load == catalog.load(None, like or "generic")
    ]
    return min(ways, key=len, default={})


def _differing(app: App, base: App) -> dict[str, Any]:
    """What is said of a program beside the one that it is like."""
    made: dict[str, Any] = {}
    if (app.startup, plain(app.startup_read)) != (base.startup, plain(base.startup_read)):
        read = plain(app.startup_read)
        made["startup"] = _said(
            {
                "cpu": app.startup.work,
                "wait": f"{app.startup.delay:.15g}s",
                "threads": app.startup.threads,
                "read": bytes_text(read) if read else None,
            }
        )
    for name in ("private", "hot_files"):
        own = getattr(app, name)
        if own != getattr(base, name) and own is not None:
            made[name] = bytes_text(plain(own))
    if app.threads not in (None, base.threads):
        made["works_on"] = app.threads
    return made


def _check(check: HealthCheck | None) -> dict[str, Any]:
    if check is None:
        return {}
    made: dict[str, Any] = {
        "interval": f"{check.interval:.15g}s",
        "first": None if check.first is None else f"{check.first:.15g}s",
        "timeout": f"{check.timeout:.15g}s",
        "start_period": f"{check.start_period:.15g}s",
    }
    made = {key: value for key, value in made.items() if value is not None}
    early = check.start_interval
    return made | {
        "start_interval": None if early is None else f"{early:.15g}s",
        "retries": check.retries,
        "successes": check.successes,
    }


def _range(bounds: AutoscalingRange | None) -> dict[str, Any]:
    if bounds is None:
        return {}
    made = {"least": bounds.least, "most": bounds.most}
    return made if bounds.target_cpu is None else made | {"target_cpu": bounds.target_cpu}


def _operation(one: Operation) -> dict[str, Any]:
    calls = [
        {
            "to": call.to,
            "times": plain(call.times),
            "how": call.how,
            "retries": call.retries,
            "bytes": plain(call.bytes),
            "optional": call.optional,
        }
        | ({} if call.timeout is None else {"timeout": f"{plain(call.timeout):.15g}s"})
        for call in one.calls
    ]
    return {
        "cpu_ms": 1e3 * plain(one.cpu),
        "variation": plain(one.variation),
        "wait": f"{plain(one.wait):.15g}s",
        "calls": calls,
    }


def bytes_text(size: float) -> str:
    """Bytes in the largest unit that tells them exactly: `512MiB`."""
    for unit, scale in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= scale and size % scale == 0:
            return f"{size / scale:.0f}{unit}"
    return f"{size:.17g}B"


EXAMPLE = """\
# One app of your own. Every verb takes it: sim density --app {file}, sim startup --app {file}
# A line that you delete is taken from `like`, from what is known of the image, or assumed; every
# answer says which it was.
app: {name}

# An app of the catalogue that it is like in what is not said here: java, node, mysql or generic.
like: generic

# From exec to its first healthy answer, with its files in memory.
startup:
  cpu: 2.0       # core-seconds of an m5 vCPU; measure: CPU time of the process when it is ready
  wait: 500ms    # seconds that are not CPU: timers, a database that answers late
  threads: 1     # threads of it that can run at once
  read: 40MiB    # bytes of the image's files that it reads

# Memory at work: private pages (smaps_rollup: Private_Dirty), and pages of its files in use.
private: 180MiB
hot_files: 30MiB

# Requests that it works on at once: 1 for Node.js, the workers of gunicorn, Tomcat's threads.
works_on: 8

# Its image, and bytes of all its layers as they are pulled (docker manifest inspect adds them up).
image: registry.example.com/{name}:1.0
image_size: 120MB

# The room it is given.
cpu: 0.5         # vCPUs: reservation and quota; with cpu_limit it may use more
memory: 512MiB   # hard limit; memory_reservation is what placement reserves
"""


def example(name: str, file: str) -> str:
    """A commented app to start from."""
    return EXAMPLE.format(name=name, file=file)
