"""A run id is a fingerprint of the whole question: no other question writes into its folder."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import sim
from sim import catalog
from sim.experiment.storage.manifest import new_manifest
from sim.studies.migrate.guest import OldGuest
from sim.studies.migrate.inventory import Inventory
from sim.units import GiB

MORE_OF_THE_SAME = "more runs of the same question share a folder, which keeps the most of them"
PLACE = "where answers are written"
SHOWN = "it is shown, not written"


PRICES = {
    **{"region": "eu-west-1", "purchase": "spot", "savings_rate": 0.7},
    **{"public_ipv4": True, "cluster_tier": "extended"},
}
NO_RUN = "runs are the same at every price"
A_PLAN = {"savings_rate": {"purchase": "savings-plan"}}


@dataclass(frozen=True)
class Verb:
    """A question, and for each of its arguments another value that makes it another question."""

    ask: Callable[..., Any]
    base: Mapping[str, Any]
    other: Mapping[str, Any]
    besides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What stands beside an argument that says nothing in the base question."""
    together: Mapping[str, Any] = field(default_factory=dict)
    """Arguments that are recorded by one line, and tried at once."""
    same: Mapping[str, str] = field(default_factory=dict)
    """Arguments that leave the id as it is, and why."""


NODES: dict[str, Any] = {
    **{"ami": "al2", "group": "self-managed", "custom_networking": True, "security_groups": True},
    **{"kube_reserved": "600Mi", "system_reserved": "100Mi", "eviction": "5%"},
    "daemon_sets": ["100m/128Mi"],
    "parallel_pulls": 1,
    "pull_mode": "soci-parallel",
}

OURS = Inventory(
    name="ours",
    guests=(
        OldGuest(name="web-1", vcpu=2.0, memory=4 * GiB, groups={"cluster": "a"}),
        OldGuest(name="ad", vcpu=2.0, memory=4 * GiB, os="Windows", groups={"cluster": "b"}),
    ),
    off=(OldGuest(name="old", vcpu=2.0, memory=4 * GiB),),
)

VERBS = {
    "migrate": Verb(
        sim.migrate,
        {"inventory": OURS, "to": "ec2", "start": False},
        {
            **{"inventory": replace(OURS, guests=OURS.guests[:1]), "to": "ecs"},
            **{"instance": "m5.large", "rule": "as-is", "only": ("web-*",), "group": "cluster"},
            **{"as_container": ("ad",), "as_instance": ("web-1",), "spare": 0, "core_speed": 0.5},
            **{"include_off": True, "start": True, "replications": 2, "seed": 2},
            **{"region": "eu-west-1", "purchase": "spot", "savings_rate": 0.7},
        },
        besides=A_PLAN,
    ),
    "density": Verb(
        sim.density,
        {"use_on": (), "instance": "c6g.4xlarge"},
        {
            **{"instance": "m6g.4xlarge", "host": "8x32GiB", "app": "java", "cpu": 0.75},
            **{"memory": 3 * GiB, "cpu_weight_only": True, "cpu_overcommit": 2.0},
            **{"burstable": False, "architecture": "arm64", "max_pods": 20, "by": "use"},
            **{"load": 0.3, "slowdown": 3.0, "window": 5.0, "use_on": ["vm"], "seed": 2},
            **{"replications": 2, "threads": 2, "variation": 0.5, "gpus": 1, "tasks": 3},
            **PRICES,
            **NODES,
            "reserved_memory": 0.5 * GiB,
            "credits": "standard",
        },
        besides={"use_on": {"window": 1.0}, **A_PLAN},
        same={"explain": SHOWN},
    ),
    "startup": Verb(
        sim.startup,
        {"platform": "docker", "replications": 1},
        {
            **{"app": "node", "platform": "vm", "instance": "m5.large", "host": "8x32GiB"},
            **{"cpu": 0.75, "memory": 3 * GiB, "network": "awsvpc", "architecture": "amd64"},
            **{"lazy": True, "tasks": 2, "seed": 2, "gpus": 1},
            "reserved_memory": 0.5 * GiB,
        },
        together={"platform": "eks", **NODES},
        besides={"network": {"platform": "ecs"}, "reserved_memory": {"platform": "ecs"}},
        same={"explain": SHOWN, "replications": MORE_OF_THE_SAME},
    ),
    "scale": Verb(
        sim.scale_out,
        {"platform": "ecs-asg", "to": 4, "replications": 1},
        {
            **{"platform": "fargate", "begin": 1, "to": 5, "cpu": 0.5, "memory": 3 * GiB},
            **{"instance": "m5.xlarge", "image": "node:22", "services": 2, "seed": 2},
            "app": catalog.service("node"),
            "quotas": {"ec2.run_instances.refill": 1.0},
            "gpus": 1,
        },
        together={"platform": "eks-cas", **NODES},
        same={
            "replications": MORE_OF_THE_SAME,
            "explain": SHOWN,
            **dict.fromkeys(PRICES, NO_RUN),
        },
    ),
    "scale_in": Verb(
        sim.scale_in,
        {"platform": "ecs-asg", "begin": 4, "to": 1, "replications": 1},
        {
            **{"platform": "eks-karpenter", "begin": 5, "to": 2, "cpu": 0.5, "memory": 3 * GiB},
            **{"instance": "m5.xlarge", "image": "node:22", "seed": 2},
            "app": catalog.service("node"),
            "quotas": {"ec2.run_instances.refill": 1.0},
            "gpus": 1,
        },
        together={"platform": "eks-cas", **NODES},
        same={"replications": MORE_OF_THE_SAME, **dict.fromkeys(PRICES, NO_RUN)},
    ),
    "one_server": Verb(
        sim.one_server,
        {"serve": 1.0, "replications": 1},
        {"instance": "m5.2xlarge", "platforms": ["vm"], "serve": 2.0, "seed": 2},
        same={"replications": MORE_OF_THE_SAME, "out": PLACE},
    ),
    "who_runs_it": Verb(
        sim.who_runs_it,
        {"replications": 1},
        {
            **{"app": "java", "cpu": 0.75, "memory": 3 * GiB, "instance": "m5.2xlarge"},
            **{"platforms": ["ecs", "eks"], "seed": 2},
        },
        same={
            **{"replications": MORE_OF_THE_SAME, "out": PLACE},
            **dict.fromkeys(
                ("tasks", "region", "purchase"), "prices are of the table, not the runs"
            ),
        },
    ),
}
STEPS = "the sizes and seconds that it gives to steps are"
LIFECYCLE_SAME = {"exclude": PLACE, "explain": SHOWN, "history": STEPS, "build_log": STEPS}
LIFECYCLE: dict[str, Any] = {
    **{"registry": "docker-hub", "platform": "docker", "instance": "m5.large"},
    **{"builder": "m5.large", "architecture": "arm64", "run_sizes": {1: 2e6}},
    **{"run_cpus": {1: 2.0}, "copy_sizes": {2: 2e6}, "build_args": {"LEVEL": "2"}},
    **{"target": "build", "startup_cpu": 0.0, "app": "node", "cpu": 0.75, "memory": 3 * GiB},
    **{"change": "index.js", "seed": 2},
    "bases": {"node:22": catalog.image("python:3.12")},
}
SIZES = {"run_sizes": {1: 1e6}, "run_cpus": {1: 1.0}, "copy_sizes": {2: 1e6}}
DOCKERFILE = """FROM node:22 AS build
ARG LEVEL=1
COPY index.js .
RUN npm run build $LEVEL
FROM node:22
COPY --from=build /made /app
"""


AT_THE_END = ("density", "migrate")
"""What is asked of these is recorded when the answer is there; of others before the first run."""


def run_id(answer: Any) -> str:
    """Whatever shape the answer has."""
    found = getattr(answer, "results", answer)
    return str((found() if callable(found) else found).run_id)


class Known(Exception):  # noqa: N818 (it is what was wanted)
    """The id is known, and nothing has to be simulated for it."""


def known_id(ask: Callable[..., Any], *args: Any, **given: Any) -> str:
    """The id of the folder that the runs would go to."""

    def recorded(*described: Any, **rest: Any) -> None:
        raise Known(new_manifest(*described, **rest)["run_id"])

    with patch("sim.experiment.replication.new_manifest", recorded):
        try:
            return run_id(ask(*args, **given))
        except Known as known:
            return str(known)


def arguments(ask: Callable[..., Any]) -> set[str]:
    return set(inspect.signature(ask).parameters)


@pytest.mark.parametrize("name", VERBS)
def test_every_argument_is_in_the_id_or_said_why_not(name: str) -> None:
    """A new argument fails here until it is recorded, too."""
    verb = VERBS[name]
    base = run_id(verb.ask(**verb.base))

    def id_of(**given: Any) -> str:
        return run_id(verb.ask(**given)) if name in AT_THE_END else known_id(verb.ask, **given)

    assert id_of(**verb.base) == base
    assert arguments(verb.ask) == {*verb.other, *verb.together, *verb.same}
    for argument, value in verb.other.items():
        beside = verb.besides.get(argument, {})
        without = id_of(**{**verb.base, **beside}) if beside else base
        assert id_of(**{**verb.base, **beside, argument: value}) != without, argument
    if verb.together:
        platform = {"platform": verb.together["platform"]}
        without = id_of(**{**verb.base, **platform})
        assert id_of(**{**verb.base, **verb.together}) != without


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "index.js").write_text("made")
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    return tmp_path


def life(folder: Path, **more: Any) -> str:
    return known_id(sim.lifecycle, folder / "Dockerfile", **{**SIZES, **more})


def test_every_argument_of_a_lifecycle_is_in_its_id(app: Path, tmp_path: Path) -> None:
    """`startup_cpu` of 0 says when it is ready, which nothing given does not."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "index.js").write_text("other")
    base = life(app)

    told = set(LIFECYCLE) | set(LIFECYCLE_SAME) | {"dockerfile", "context"}
    assert arguments(sim.lifecycle) == told
    for argument, value in {**LIFECYCLE, "context": other}.items():
        assert life(app, **{argument: value}) != base, argument


def test_the_lines_of_a_dockerfile_are_in_the_id(app: Path) -> None:
    """The rows name them, though a comment more changes no layer."""
    base = life(app)
    (app / "Dockerfile").write_text("# a comment\n" + DOCKERFILE)

    assert life(app) != base


def test_a_question_asked_again_has_the_same_id(app: Path) -> None:
    """Nothing of when and where is in it."""
    asked = {"by": "reservation", "architecture": "arm64", "instance": "c6g.4xlarge"}

    assert life(app) == life(app) == run_id(sim.lifecycle(app / "Dockerfile", **SIZES))
    assert run_id(sim.density(**asked)) == run_id(sim.density(**asked))
