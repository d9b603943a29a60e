"""Files that say the same in another order: a driver that draws them and writes them twice.

What has no order: the keys of a mapping, the services, documents and rows of a file, and lists
that a format reads as a set. What has one stays: the containers of a pod, calls one after another,
steps, and files that are laid over each other.
"""

import json
import random
from collections.abc import Callable
from typing import Any

import yaml

ORDERED = {"initContainers", "containers", "calls", "command", "args", "steps", "init", "sidecars"}
"""Lists whose order is real."""
NAMES = ("web", "api", "db", "cache", "mail", "w1", "w10", "w2")
IMAGES = ("nginx", "redis:7", "node:22", "postgres:16-alpine", "shop/own:1")


def permuted(node: Any, draw: random.Random, key: str = "") -> Any:
    """The same in another order, all the way down."""
    if isinstance(node, dict):
        names = draw.sample(list(node), len(node))
        return {name: permuted(node[name], draw, name) for name in names}
    if isinstance(node, list):
        items = [permuted(each, draw) for each in node]
        if key == "containerDefinitions":  # the first that is essential is the main one
            return [items[0], *draw.sample(items[1:], len(items) - 1)]
        return items if key in ORDERED else draw.sample(items, len(items))
    return node


def shop(draw: random.Random) -> dict[str, dict[str, Any]]:
    """Services with what all dialects can say of them."""
    names = draw.sample(NAMES, draw.randint(2, 4))
    made = {}
    for number, name in enumerate(names):
        made[name] = {
            "image": draw.choice(IMAGES),
            "units": 128 * draw.randint(1, 8),
            "memory": draw.choice((128, 256, 512, 1024)),
            "copies": draw.randint(1, 4),
            "after": draw.sample(names[:number], draw.randint(0, min(2, number))),
            "port": draw.choice((None, 8080)),
            "checked": draw.random() < 0.4,
            "apart": draw.random() < 0.2,
        }
    return made


def compose(made: dict[str, dict[str, Any]]) -> Any:
    """As a compose file."""
    services: dict[str, Any] = {}
    for name, each in made.items():
        limits = {"cpus": f"{each['units'] / 1024}", "memory": f"{each['memory']}m"}
        service = {
            "image": each["image"],
            "environment": {"A": "1", "B": "2"},
            "volumes": ["data:/data", f"{name}:/own"],
            "depends_on": {other: {"condition": "service_started"} for other in each["after"]},
            "deploy": {"replicas": each["copies"], "resources": {"limits": limits}},
            "x-sim": {"startup": {"cpu": 0.5 + len(name), "wait": "1s"}},
        }
        if each["port"]:
            service["ports"] = ["8080", "9000-9001"]
        if each["checked"]:
            service["healthcheck"] = {"test": "x", "interval": "5s", "retries": 3}
        services[name] = service
    return {
        "name": "shop",
        "services": services,
        "volumes": {each: {} for each in ("data", *made)},
    }


def manifests(made: dict[str, dict[str, Any]]) -> Any:
    """As a list of objects."""
    items: list[Any] = []
    for name, each in made.items():
        sizes = {"cpu": f"{each['units'] / 1024}", "memory": f"{each['memory']}Mi"}
        container = {
            "name": name,
            "image": each["image"],
            "resources": {"requests": sizes, "limits": dict(sizes)},
            "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        }
        if each["checked"]:
            container["readinessProbe"] = {"periodSeconds": 5, "initialDelaySeconds": 2}
        beside = {"name": "log", "image": "busybox", "resources": {"requests": {"cpu": "10m"}}}
        pod: dict[str, Any] = {"containers": [container, beside][: 1 + (each["units"] % 256 == 0)]}
        if each["apart"]:
            mine = {"matchLabels": {"app": name, "of": "shop"}}
            terms = [{"topologyKey": "kubernetes.io/hostname", "labelSelector": mine}]
            must = {"requiredDuringSchedulingIgnoredDuringExecution": terms}
            pod["affinity"] = {"podAntiAffinity": must}
        template = {"metadata": {"labels": {"app": name, "of": "shop"}}, "spec": pod}
        spec = {"replicas": each["copies"], "template": template}
        items.append({"kind": "Deployment", "metadata": {"name": name}, "spec": spec})
        if each["port"]:
            items.append({"kind": "Service", "metadata": {"name": name}, "spec": {}})
    return items


def tasks(made: dict[str, dict[str, Any]]) -> Any:
    """As services with their task definitions."""
    definitions, running = [], []
    for name, each in made.items():
        main = {
            "name": "main",
            "image": each["image"],
            "memory": each["memory"],
            "portMappings": [{"containerPort": 80}, {"containerPort": 81}],
            "dependsOn": [
                {"containerName": "first", "condition": "SUCCESS"},
                {"containerName": "log", "condition": "START"},
            ],
        }
        beside = [
            {"name": each_one, "image": "busybox", "memory": 64, "essential": False}
            for each_one in ("log", "first", "envoy")
        ]
        definition = {"family": name, "cpu": str(each["units"] + 256)}
        definitions.append(definition | {"containerDefinitions": [main, *beside]})
        running.append(
            {"serviceName": name, "taskDefinition": name} | {"desiredCount": each["copies"]}
        )
    return {"taskDefinitions": definitions, "services": running}


def own(made: dict[str, dict[str, Any]]) -> Any:
    """As a file of one's own, with calls from each to those that it waits for."""
    parts: dict[str, Any] = {}
    for name, each in made.items():
        calls = [{"to": f"{other}.do", "how": "parallel"} for other in each["after"]]
        part: dict[str, Any] = {
            "image": each["image"],
            "cpu": each["units"] / 1024,
            "memory": f"{each['memory']}MiB",
            "copies": each["copies"],
            "startup": {"cpu": 1.0},
            "after": [{"part": other} for other in each["after"]],
            "do": {"cpu_ms": 1 + each["units"] % 7, "calls": calls},
            "tell": {"cpu_ms": 2},
        }
        parts[name] = part
    entry = {f"{name}.do": 1 + n for n, name in enumerate(sorted(made))}
    return {"application": "shop", "parts": parts, "entry": entry}


def written(data: Any) -> str:
    """As YAML, several objects as documents."""
    if isinstance(data, list):
        return yaml.safe_dump_all(data, sort_keys=False)
    return yaml.safe_dump(data, sort_keys=False)


DIALECTS: dict[str, Callable[[dict[str, dict[str, Any]]], Any]] = {
    "compose": compose,
    "manifests": manifests,
    "tasks": tasks,
    "own": own,
}


def by_rows(node: Any) -> Any:
    """An answer without the order of its rows."""
    if isinstance(node, dict):
        return {key: by_rows(inner) for key, inner in sorted(node.items())}
    if isinstance(node, list):
        return sorted(map(by_rows, node), key=lambda each: json.dumps(each, sort_keys=True))
    return node
