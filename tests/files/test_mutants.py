"""Files with mistakes in them: an answer or a message, never anything else."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from clocks import soon
from tree_mutants import mutants as tree_mutants

from sim.cli.options import clipped
from sim.core.question import BadInput
from sim.files import read
from sim.files.text.place import without_places
from sim.files.text.source import SourceText
from sim.files.text.yaml_values import documents
from sim.workload import Application

COMPOSE = """\
name: shop
include: [other.yaml]
x-common: &common
  restart: always
  environment: {JAVA_OPTS: -Xmx256m}
services:
  web:
    <<: *common
    image: "nginx:${TAG:-1.27}"
    ports: ["127.0.0.1:8080-8081:80", {target: 443, published: 8443}]
    depends_on: {db: {condition: service_healthy, required: false}, init: {}}
    deploy:
      replicas: 2
      placement: {max_replicas_per_node: 1}
      resources:
        limits: {cpus: '0.50', memory: 512M}
        reservations: {memory: 64m, devices: [{capabilities: [gpu], count: 1}]}
    healthcheck: {test: [CMD, x], interval: 10s, timeout: 2s, retries: 3, start_period: 1m30s}
    x-sim: {startup: {cpu: 2.5, wait: 300ms}, works_on: 4}
  db:
    extends: {service: base}
    mem_limit: ${LIMIT:-1g}
    volumes: ["data:/d", {type: bind, source: ./x, target: /x}]
  base: {image: postgres, shm_size: 128mb, profiles: [never]}
  init: {build: ., command: "true", network_mode: host, links: [db]}
volumes: {data: {}}
"""
MANIFESTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {a: b}}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: web}}
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - topologyKey: kubernetes.io/hostname
              labelSelector: {matchExpressions: [{key: app, operator: In, values: [web]}]}
      topologySpreadConstraints: [{topologyKey: zone, maxSkew: 1}]
      initContainers:
        - {name: i, image: busybox}
        - {name: mesh, image: envoy, restartPolicy: Always}
      containers:
        - name: main
          image: nginx
          env: [{name: O, value: -Xmx1g}]
          ports: [{containerPort: 80, hostPort: 8080}]
          resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 1, memory: 1.5Gi}}
          readinessProbe: {initialDelaySeconds: 3, periodSeconds: 5, successThreshold: 1}
      volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: h}
spec:
  scaleTargetRef: {kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 9
  metrics: [{resource: {name: cpu, target: {averageUtilization: 60}}}]
---
{apiVersion: v1, kind: LimitRange, metadata: {name: l},
 spec: {limits: [{type: Container, default: {cpu: 1}}]}}
---
{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {pods: 2, cpu: 100m}}}
"""
TASKS = """\
{"taskDefinitions": [{"family": "web", "cpu": ".5 vCPU", "memory": "1024",
  "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc",
  "volumes": [{"name": "v", "efsVolumeConfiguration": {}}, {"name": "h", "host": {}}],
  "containerDefinitions": [
   {"name": "a", "image": "nginx", "cpu": 128, "memoryReservation": 64, "essential": true,
    "dependsOn": [{"containerName": "b", "condition": "SUCCESS"}],
    "portMappings": [{"containerPort": 80, "hostPort": 80}],
    "healthCheck": {"command": ["x"], "interval": 5, "retries": 2, "startPeriod": 10},
    "resourceRequirements": [{"type": "GPU", "value": "1"}]},
   {"name": "b", "image": "busybox", "essential": false, "command": ["-Xmx64m"]}]}],
 "services": [{"serviceName": "s", "taskDefinition": "web:3", "desiredCount": 2,
  "schedulingStrategy": "REPLICA", "placementStrategy": [{"type": "spread", "field": "host"}],
  "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}]}]}
"""
TEMPLATE = """\
Parameters: {Cpu: {Default: 256}, Image: {Default: nginx}, N: {Type: Number}}
Mappings: {M: {a: {memory: 512}}}
Resources:
  T:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Cpu: !Ref Cpu
      Memory: !FindInMap [M, a, memory]
      ContainerDefinitions:
        - {Name: x, Image: !Sub "${Image}:1", Environment: [{Name: a, Value: b}]}
  S:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: {Ref: T}
      DesiredCount: !If [A, 2, 3]
      ServiceName: !Join [-, [a, b]]
  G:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties: {MinCapacity: 1, MaxCapacity: 4, ResourceId: !GetAtt S.Name}
"""
OWN = """\
application: shop
entry: {web.home: 3}
parts:
  web:
    app: node
    cpu: 0.5
    memory: 256MiB
    copies: 2
    threads: 64
    after: [db, {part: cache, until: healthy}]
    home: {cpu_ms: 4, calls: [cache.get, {to: db.q, how: parallel, timeout: 100ms}]}
    sidecars: [{name: log, image: fluent/fluent-bit, essential: false}]
    autoscaling: {least: 1, most: 5}
    volumes: [{name: d, storage: shared, size: 1GiB}]
  cache: {image: redis, get: {cpu_ms: 0.1}, check: {interval: 5s, first: 1s}}
  db: {image: postgres, memory: 1GiB, startup: {cpu: 1, wait: 1s}, q: {cpu_ms: 2}}
"""
APP = "app: mine\nlike: java\nstartup: {cpu: 1.5, threads: 2}\nprivate: 100MiB\nmemory: 1GiB\n"
FILES = {
    "compose.yaml": COMPOSE,
    "manifests.yaml": MANIFESTS,
    "tasks.json": TASKS,
    "template.yaml": TEMPLATE,
    "shop.yaml": OWN,
    "app.yaml": APP,
}

WORDS = (
    "-1", "0", "1e999", "9" * 400, ".inf", ".nan", "null", "true", "''", "[]", "{}", "[[1]]", "- a",
    "{a: {b: c}}", "*a", "&a x", "!x y", "${A", "${A:?no}", "$$", "{{ .Values.x }}", "\u202e",
    "\u00e9", "5Q", "512m", "1.5.2", "'", '"', "\t", "|", "0x1F", "1_000",
    "2026-11-29", "~", "<<", "%", "@",
)  # fmt: skip


def mutants(text: str, count: int, seed: int) -> Iterator[str]:
    """A text with one to three slips: words, lines or characters replaced, dropped, doubled."""
    draw = random.Random(seed)
    for _ in range(count):
        made = text
        for _ in range(draw.randint(1, 3)):
            made = draw.choice(_SLIPS)(made, draw)
        yield made


def _word(text: str, draw: random.Random) -> str:
    places = [match.span() for match in re.finditer(r"[\w.:/$%{}-]+", text)]
    start, end = draw.choice(places or [(0, 0)])
    return text[:start] + draw.choice(WORDS) + text[end:]


def _swapped(text: str, draw: random.Random) -> str:
    words = re.findall(r"[\w.-]+", text) or [""]
    return text.replace(draw.choice(words), draw.choice(words), 1)


def _line(text: str, draw: random.Random) -> str:
    lines = text.splitlines(keepends=True) or [""]
    place = draw.randrange(len(lines))
    lines[place : place + 1] = [lines[place]] * draw.choice((0, 2))
    return "".join(lines)


def _indent(text: str, draw: random.Random) -> str:
    lines = text.splitlines(keepends=True) or [""]
    place = draw.randrange(len(lines))
    lines[place] = draw.choice(("  ", " ", "")) + lines[place].lstrip(" ")
    return "".join(lines)


def _character(text: str, draw: random.Random) -> str:
    place = draw.randrange(len(text) + 1)
    return text[:place] + draw.choice(["", *":,{}[]&*!|>'\"#-\n\x00\x07 0a"]) + text[place + 1 :]


_SLIPS = (_word, _word, _swapped, _line, _indent, _character)


def try_all(folder: Path, each: int, seed: int) -> int:
    """Read mutants of every file; how many were refused.

    A refusal names the file, and says more than that; an answer is an application.
    """
    (folder / "other.yaml").write_text("services: {cache: {image: redis}}")
    refused = 0
    for name, text in FILES.items():
        for mutant in mutants(text, each, seed):
            path = folder / name
            path.write_text(mutant, encoding="utf-8")
            try:
                assert isinstance(read(path), Application)
            except BadInput as error:
                refused += 1
                assert name in str(error) or "other.yaml" in str(error), (mutant, str(error))
                assert len(str(error)) < 20_000
    return refused


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_right_before_it_is_wrong(tmp_path: Path, name: str) -> None:
    """So that what is refused is the slip."""
    (tmp_path / "other.yaml").write_text("services: {cache: {image: redis}}")
    (tmp_path / name).write_text(FILES[name])

    assert read(tmp_path / name).parts


def test_a_slip_is_an_answer_or_a_message(tmp_path: Path) -> None:
    """A few hundred mutants; many are refused, and none ends in anything but a message."""
    assert try_all(tmp_path, 50, seed=1) > 50


TREES = {
    "compose.yaml": COMPOSE,
    "manifests.yaml": MANIFESTS.partition("---")[0],
    "tasks.yaml": TASKS,
    "shop.yaml": OWN,
    "app.yaml": APP,
}


def try_trees(folder: Path, each: int, seed: int) -> int:
    """As `try_all`, of files that are changed as trees."""
    (folder / "other.yaml").write_text("services: {cache: {image: redis}}")
    refused = 0
    for name, text in TREES.items():
        (good,) = without_places(documents(SourceText(name, text, folder)))
        for data in tree_mutants(good, each, seed):
            (folder / name).write_bytes(data)
            with soon(data[:500]):
                try:
                    assert isinstance(read(folder / name), Application)
                except BadInput as error:
                    refused += 1
                    said = clipped(str(error))
                    assert name in str(error) or "other.yaml" in str(error), (data[:500], said)
                    assert not PYTHONS_OWN.search(said), (data[:500], said)
                    assert len(said.encode()) < 2000
    return refused


PYTHONS_OWN = re.compile(
    r"validation error|input should|object has no|codec can't|cannot convert|not iterable|"
    r"NoneType|recursion|PlacedMapping|PlacedList|Tagged|invalid literal|string conversion"
)
"""Words of Python and its libraries, which no message has."""


def test_a_tree_that_is_wrong_is_an_answer_or_a_message(tmp_path: Path) -> None:
    """Types that are swapped, keys that stand twice, merges of nothing, other encodings."""
    assert try_trees(tmp_path, 6, seed=1) > 6


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_ten_thousand_trees(tmp_path: Path, seed: int) -> None:
    """The same, for long."""
    assert try_trees(tmp_path, 200, seed=seed + 2) > 200


@pytest.mark.long
@pytest.mark.parametrize("seed", range(17))
def test_ten_thousand_slips(tmp_path: Path, seed: int) -> None:
    """The same, for long."""
    assert try_all(tmp_path, 100, seed=seed + 2) > 100
