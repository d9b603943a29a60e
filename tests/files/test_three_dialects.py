"""One application in compose, in manifests and as ECS tasks is one application."""

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck as Check
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Reading

from sim.core.question import BadInput
from sim.workload import Application

IMAGES = ("nginx", "redis:7", "shop/web:1.2", "postgres:16-alpine")

services = st.fixed_dictionaries(
    {
        "image": st.sampled_from(IMAGES),
        "units": st.integers(1, 16).map(lambda n: 128 * n),
        "soft": st.integers(4, 512),
        "more": st.integers(0, 512),
        "copies": st.integers(0, 9),
        "interval": st.integers(5, 300),
        "retries": st.integers(1, 10),
    }
)
shops = st.dictionaries(st.sampled_from("abcdef"), services, min_size=1, max_size=4)


def compose(shop: dict[str, Any]) -> str:
    """As a compose file."""
    made = {}
    for name, each in shop.items():
        limits = {"cpus": f"{each['units'] / 1024}", "memory": f"{each['soft'] + each['more']}m"}
        made[name] = {
            "image": each["image"],
            "healthcheck": {
                "test": "x",
                "interval": f"{each['interval']}s",
                "timeout": "5s",
                "retries": each["retries"],
            },
            "deploy": {
                "replicas": each["copies"],
                "resources": {"limits": limits, "reservations": {"memory": f"{each['soft']}m"}},
            },
        }
    return yaml.safe_dump({"name": "shop", "services": made}, sort_keys=False)


def manifests(shop: dict[str, Any]) -> str:
    """As Deployments; a probe says its first look, which Docker has after one interval."""
    made = []
    for name, each in shop.items():
        cpu = f"{each['units'] / 1024}"
        container = {
            "name": name,
            "image": each["image"],
            "resources": {
                "requests": {"cpu": cpu, "memory": f"{each['soft']}Mi"},
                "limits": {"cpu": cpu, "memory": f"{each['soft'] + each['more']}Mi"},
            },
            "readinessProbe": {
                "initialDelaySeconds": each["interval"],
                "periodSeconds": each["interval"],
                "timeoutSeconds": 5,
                "failureThreshold": each["retries"],
            },
        }
        pod = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
        spec = {"replicas": each["copies"], "template": pod}
        made.append({"kind": "Deployment", "metadata": {"name": name}, "spec": spec})
    return yaml.safe_dump_all(made, sort_keys=False)


def tasks(shop: dict[str, Any]) -> str:
    """As services with their task definitions; a quota is the task's size."""
    definitions, running = [], []
    for name, each in shop.items():
        container = {
            "name": name,
            "image": each["image"],
            "memory": each["soft"] + each["more"],
            "memoryReservation": each["soft"],
            "healthCheck": {"interval": each["interval"], "retries": each["retries"]},
        }
        definition = {"family": name, "cpu": str(each["units"])}
        definitions.append(definition | {"containerDefinitions": [container]})
        running.append(
            {"serviceName": name, "taskDefinition": f"{name}:1", "desiredCount": each["copies"]}
        )
    return json.dumps({"taskDefinitions": definitions, "services": running})


def bare(app: Application) -> Application:
    """Its parts, whatever it is called and whatever was said on the way."""
    return replace(app, name="shop", notes=(), ignored=())


@settings(max_examples=15, deadline=None, suppress_health_check=list(Check))
@given(shops)
def test_three_dialects_say_the_same(reading: Reading, shop: dict[str, Any]) -> None:
    """Image, sizes, limits, copies and health checks are equal, field by field."""
    one = bare(reading(compose(shop), "compose.yaml"))
    two = bare(reading(manifests(shop), "manifests.yaml"))
    three = bare(reading(tasks(shop), "tasks.json"))

    assert one == two == three
    assert {part.name: part.copies for part in one.parts} == {
        name: each["copies"] for name, each in shop.items()
    }


LONG = "x" * 300
TASK = "containerDefinitions: [{name: a, image: b, dependsOn: [\n"
CLAIM = "kind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: a, image: b}]\n  volumes:\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{CLAIM}    - {{name: {LONG}, hostPath: {{}}}}\n", ":6: .*volumes.*name: .*at most 255"),
        (f"{TASK}{{containerName: {LONG}, condition: START}}]}}]", ":2: .*part: .*at most 255"),
        ("application: a\nparts:\n  w:\n    1.5: {cpu_ms: 2}\n", ":3: parts.w: .*without a dot"),
    ],
)
def test_what_no_description_takes_is_told_where_it_stands(
    reading: Reading, text: str, told: str
) -> None:
    """Bounds are those of the descriptions; where a value stands is known to who reads it."""
    with pytest.raises(BadInput, match=told):
        reading(text)
