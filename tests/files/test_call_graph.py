"""Calls as users write them, alone or beside another file; and `sim calls` on them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli.app import app
from sim.core.question import BadInput
from sim.files.calls.beside import with_calls
from sim.files.calls.proposals import Proposal, accepted, proposals
from sim.files.reading import read
from sim.workload import Call

SHOP = """\
application: shop
entry: {web.home: 3, web.pay: 1}
parts:
  web:
    app: node
    cpu: 0.5
    memory: 256MiB
    copies: 2
    threads: 64
    home: {cpu_ms: 4, calls: [db, {to: ads.get, how: parallel, timeout: 100ms, optional: true}]}
    pay: {cpu_ms: 6, variation: 0, calls: [{to: db.query, times: 2.5, bytes: 20KiB, retries: 1}]}
  ads: {cpu: 0.25, memory: 128MiB, get: {cpu_ms: 1}}
  db: {app: mysql, query: {cpu_ms: 2, wait: 3ms}}
"""

COMPOSE = """\
services:
  web: {image: "node:22", deploy: {resources: {limits: {cpus: "1", memory: 256M}}}}
  db: {image: "mysql:8", deploy: {resources: {limits: {cpus: "1", memory: 512M}}}}
"""

BESIDE = """\
entry: web.home
parts:
  web: {home: {cpu_ms: 4, calls: [db.query]}, threads: 8}
  db: {query: {cpu_ms: 2}}
"""


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["calls", *map(str, arguments)])
    return done.exit_code, done.output


def test_a_file_says_what_each_part_does_and_what_it_calls(tmp_path: Path) -> None:
    """Milliseconds of CPU, waits with a unit; a part with one operation is called by its name."""
    shop = read(written(tmp_path, "shop.yaml", SHOP))
    home, pay = shop.part("web").operations

    assert [(entry.to, entry.weight) for entry in shop.entries] == [("web.home", 3), ("web.pay", 1)]
    assert (home.cpu, pay.cpu, pay.variation) == (0.004, 0.006, 0.0)
    assert home.calls[0] == Call(to="db")
    assert home.calls[1] == Call(to="ads.get", how="parallel", timeout=0.1, optional=True)
    assert pay.calls[0] == Call(to="db.query", times=2.5, bytes=20480, retries=1)
    assert (shop.part("web").threads, shop.part("web").copies) == (64, 2)
    assert shop.part("ads").operations[0].cpu == 0.001
    assert shop.part("db").service.app.name == "mysql"


def test_calls_may_stand_beside_a_compose_file(tmp_path: Path) -> None:
    """The compose file says what the services need, the other what they do."""
    application = read(written(tmp_path, "compose.yaml", COMPOSE))
    shop = with_calls(application, written(tmp_path, "calls.yaml", BESIDE))

    assert shop.part("web").service.memory == 256 * 2**20
    assert shop.part("web").threads == 8
    assert [entry.to for entry in shop.entries] == ["web.home"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("calls: [db,", "calls: [adds,", "operation: 'adds' is not known; did you mean 'ads'"),
        ("cpu_ms: 4", "cpu_mss: 4", "did you mean 'cpu_ms'"),
        ("cpu: 0.5", "cpus: 0.5", "did you mean 'cpu'"),
        ("how: parallel", "how: paralel", "did you mean 'parallel'"),
        ("timeout: 100ms", "timeout: 100", "timeout"),
        ("web.home: 3", "wep.home: 3", "did you mean 'web.home'"),
        ("entry:", "entries:", "did you mean 'entry'"),
        ("2, wait: 3ms}", "2, calls: [web.home]}", "circle"),
    ],
)
def test_every_mistake_is_told_with_its_place_and_what_was_meant(
    old: str, new: str, told: str, tmp_path: Path
) -> None:
    """The file, the field, the value, what is allowed."""
    with pytest.raises(BadInput) as refused:
        read(written(tmp_path, "bad.yaml", SHOP.replace(old, new)))

    assert told in str(refused.value)
    assert "bad.yaml" in str(refused.value)


def test_a_part_of_another_application_is_not_there(tmp_path: Path) -> None:
    """Calls beside a file are of its services."""
    application = read(written(tmp_path, "compose.yaml", COMPOSE))
    wrong = written(tmp_path, "calls.yaml", BESIDE.replace("  web:", "  wep:"))

    with pytest.raises(BadInput, match="did you mean 'web'"):
        with_calls(application, wrong)


def test_the_verb_answers_in_words_and_as_data(tmp_path: Path) -> None:
    """A sentence, a row a service, a row an entry; JSON and nothing else."""
    shop = written(tmp_path, "shop.yaml", SHOP)
    little = ["--rate", 50, "--requests", 100, "--replications", 2, "--no-one-more", "--out"]
    code, said = run(shop, *little, tmp_path / "out", "--no-monolith")
    done, data = run(shop, *little, tmp_path / "out", "--json")

    assert code == done == 0
    assert "The bottleneck is" in said
    assert "web.pay" in said
    answer = json.loads(data[data.index("{") : data.rindex("}") + 1])
    assert {row["name"] for row in answer["services"]} == {"web", "ads", "db"}
    assert answer["one_program"]["saturates_per_s"] > 0.0


def test_a_rate_that_cannot_be_is_3_and_a_mistake_2(tmp_path: Path) -> None:
    """With the rate that is possible; with all that is wrong."""
    shop = written(tmp_path, "shop.yaml", SHOP)

    assert run(shop, "--rate", 5000)[0] == 3
    assert "are more than" in run(shop, "--rate", 5000)[1]
    code, told = run(shop, "--rate", 50, "--users", 3)
    assert code == 2
    assert "one of rate, users and ramp" in told
    assert run("--rate", 5)[0] == 2
    assert run(tmp_path / "none.yaml", "--rate", 5)[0] == 2


KUBERNETES = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: front}
spec:
  template:
    spec:
      containers:
        - name: server
          image: front:1
          env:
            - {name: CART_SERVICE_ADDR, value: "cart:7070"}
            - {name: MAIL, value: "http://mail.shop.svc.cluster.local/send"}
            - {name: PORT, value: "8080"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart}
spec:
  template:
    spec:
      containers: [{name: server, image: "cart:1", env: [{name: BACK, value: "front:80"}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: mail}
spec: {template: {spec: {containers: [{name: server, image: "mail:1"}]}}}
"""


def test_a_variable_that_names_a_service_proposes_a_call_and_is_not_used_unasked(
    tmp_path: Path,
) -> None:
    """A host with a port, a host of the cluster; a port alone is none, a circle is cut."""
    path = written(tmp_path, "shop.yaml", KUBERNETES)
    application = read(path)
    edges = proposals([path], application)
    code, told = run(path, "--rate", 5)

    assert edges == [
        Proposal("cart", "front", "BACK"),
        Proposal("front", "cart", "CART_SERVICE_ADDR"),
        Proposal("front", "mail", "MAIL"),
    ]
    assert not application.operations
    assert code == 2
    assert "front calls cart (CART_SERVICE_ADDR)" in told
    shop = accepted(application, edges)
    assert [entry.to for entry in shop.entries] == ["front"]
    assert [call.to for call in shop.part("front").operations[0].calls] == ["cart", "mail"]
    assert shop.part("cart").operations[0].calls == ()
    assert any("proposed" in note for note in shop.notes)


@pytest.mark.parametrize("variables", ['{DB: "mysql://root@db:3306/x"}', '["DB=db"]'])
def test_compose_proposes_in_both_of_its_forms(variables: str, tmp_path: Path) -> None:
    """A mapping, and a list of NAME=value."""
    text = COMPOSE.replace('image: "node:22",', f'image: "node:22", environment: {variables},')
    path = written(tmp_path, "compose.yaml", text)

    assert proposals([path], read(path)) == [Proposal("web", "db", "DB")]
