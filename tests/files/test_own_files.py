"""An app and an application of one's own: data that reads back as it was written."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from reading import Reading
from typer.testing import CliRunner

from sim.cli.app import app as cli
from sim.core.cited import plain
from sim.core.question import BadInput
from sim.files import read
from sim.files.own.writing import written
from sim.units import GiB, MiB
from sim.workload import Application

APP = """
app: checkout
like: java
startup: {cpu: 12.5, wait: 2s, threads: 4}
private: 300MiB
works_on: 200
image: shop/checkout:1
image_size: 180MB
cpu: 0.5
cpu_limit: 2
memory: 1GiB
"""


def test_an_app_of_ones_own_is_data(reading: Reading) -> None:
    """Start-up work, memory, threads, image and sizes, without a line of Python."""
    app = reading(APP)
    service = app.parts[0].service

    assert (app.name, service.name, service.app.name) == ("checkout", "checkout", "checkout")
    assert (service.app.startup.work, service.app.startup.delay) == (12.5, 2.0)
    assert (service.app.startup.threads, service.app.threads) == (4, 200)
    assert plain(service.app.private or 0.0) == 300 * MiB
    assert service.image is not None and service.image.wire == 180e6
    assert (service.cpu, service.cap, service.memory) == (0.5, 2.0, GiB)


def test_what_is_written_to_start_from_is_read(tmp_path: Path) -> None:
    """`sim app init`; a file that is there is left as it is."""
    path = tmp_path / "mine.yaml"
    run = CliRunner().invoke
    first, again = run(cli, ["app", "init", str(path)]), run(cli, ["app", "init", str(path)])
    app = read(path)

    assert (first.exit_code, again.exit_code) == (0, 2)
    assert (app.parts[0].name, app.parts[0].service.memory) == ("mine", 512 * MiB)
    assert app.parts[0].size_from == "file" and app.notes == ()


SHOP = """
application: shop
entry: {web.home: 3, web.buy: 1}
parts:
  web:
    app: node
    cpu: 0.5
    memory: 256MiB
    copies: 2
    threads: 64
    after: [db, {part: cache, until: healthy}]
    home: {cpu_ms: 4, calls: [cache.get, {to: db.query, how: parallel, timeout: 100ms}]}
    buy: {cpu_ms: 10, calls: [db.query]}
  cache: {image: redis, get: {cpu_ms: 0.1}, check: {interval: 5s}}
  db: {image: postgres, memory: 1GiB, query: {cpu_ms: 2, wait: 3ms}}
"""


def test_an_application_has_parts_operations_and_entries(reading: Reading) -> None:
    """Operations stand among the fields of a part; short forms are written out."""
    app = reading(SHOP)
    web = app.part("web")
    home = next(each for each in web.operations if each.name == "home")

    assert [(entry.to, entry.weight) for entry in app.entries] == [("web.buy", 1), ("web.home", 3)]
    assert [(w.part, w.until) for w in web.after] == [("cache", "healthy"), ("db", "started")]
    assert (web.copies, web.threads, web.service.app.name) == (2, 64, "node")
    assert (home.cpu, [call.to for call in home.calls]) == (0.004, ["cache.get", "db.query"])
    assert [call.how for call in home.calls] == ["sync", "parallel"]
    assert [part.name for part in app.parts if part.size_from == "image"] == ["cache"]


COMPOSE = """
services:
  web:
    image: a
    deploy: {replicas: 3, resources: {limits: {cpus: '0.5', memory: 1g}}}
    depends_on: {db: {condition: service_healthy}}
    ports: ['80:80']
    volumes: ['d:/d', './x:/x']
  db:
    image: 'postgres:16'
    healthcheck: {test: x, interval: 3s, start_period: 9s}
    volumes: ['d:/d']
  init: {build: ., environment: [JAVA_OPTS=-Xmx100m]}
"""
MANIFEST = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  replicas: 2
  volumeClaimTemplates: [{metadata: {name: d}, spec: {resources: {requests: {storage: 3Gi}}}}]
  template:
    metadata: {labels: {a: b}}
    spec:
      topologySpreadConstraints: [{topologyKey: kubernetes.io/hostname}]
      initContainers: [{name: first, image: busybox}]
      containers:
        - {name: a, image: nginx, resources: {requests: {cpu: 33m}, limits: {memory: 100M}},
           readinessProbe: {initialDelaySeconds: 3, periodSeconds: 7}}
        - {name: b, image: envoy, resources: {limits: {nvidia.com/gpu: 1}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: h}
spec: {scaleTargetRef: {kind: StatefulSet, name: web}, maxReplicas: 9}
"""


def bare(app: Application) -> Application:
    """Without what was said on the way."""
    return replace(app, notes=(), ignored=())


@pytest.mark.parametrize("text", [COMPOSE, MANIFEST, SHOP, APP])
def test_what_is_written_reads_back_equal(reading: Reading, text: str) -> None:
    """Whatever dialect it was in, and as often as one likes."""
    app = reading(text)
    once = reading(written(app), "shop.yaml")
    twice = reading(written(once), "shop.yaml")

    assert bare(once) == bare(app)
    assert twice == once


def test_sim_read_writes_it(tmp_path: Path) -> None:
    """To be changed by hand."""
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    out = tmp_path / "shop.yaml"
    result = CliRunner().invoke(cli, ["read", str(tmp_path / "compose.yaml"), "--write", str(out)])

    assert result.exit_code == 0
    assert list(yaml.safe_load(out.read_text())["parts"]) == ["db", "init", "web"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (APP.replace("java", "jave"), "did you mean 'java'"),
        (APP.replace("wait: 2s", "wiat: 2s"), "file.yaml:4: startup.wiat: there is no such field"),
        (APP.replace("1GiB", "1"), "file.yaml:11: memory: "),
        (SHOP.replace("db.query,", "db.qury,"), "did you mean 'db.query'"),
        (SHOP.replace("copies: 2", "copies: two"), "file.yaml:9: parts.web.copies: 'two'"),
        (SHOP.replace("until: healthy", "until: well"), "parts.web.after.1.until: 'well'"),
        (SHOP.replace("after: [db", "after: [cach"), "did you mean 'cache'"),
        (SHOP.replace("copies: 2", "copies: true"), "copies: True is a truth value"),
        (
            SHOP.replace("copies: 2", "works_on: 1000000000"),
            "works_on: 1000000000 is not allowed; at",
        ),
        ("application: a\nentry: {'': 1}\nparts: {a: {}}\n", "a text with something in it"),
        ("application: shop\nparts: {}\n", "parts: {} is not allowed; one or more"),
        (
            "application: shop\nparts: [a]\n",
            "is not allowed; a mapping of names",
        ),
    ],
)
def test_mistakes_of_ones_own_files(reading: Reading, text: str, words: str) -> None:
    """All of them by line and field."""
    with pytest.raises(BadInput) as caught:
        reading(text)

    assert words in str(caught.value)
