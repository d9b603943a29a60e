"""`sim plan`: files in, one decision out."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli.app import app

QUICK = ["--no-start"]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The application that `--init` writes, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["plan", "--init"])
    assert done.exit_code == 0, done.output
    return tmp_path / "application.yaml"


def test_init_writes_an_application_that_can_be_planned(shop: Path) -> None:
    done = CliRunner().invoke(app, ["plan", str(shop), *QUICK])

    assert done.exit_code == 0, done.output
    assert done.output.startswith("shop is 3 services with 8 copies: 3.75 vCPU and 4.75 GiB.")
    assert "Run it on" in done.output
    assert (shop.parent / "results" / "plan").is_dir()


@pytest.mark.usefixtures("shop")
def test_init_writes_over_nothing() -> None:
    done = CliRunner().invoke(app, ["plan", "--init"])

    assert done.exit_code == 2
    assert "application.yaml is there already" in done.output


def test_json_is_the_answer_and_nothing_else(shop: Path) -> None:
    done = CliRunner().invoke(app, ["plan", str(shop), "--json", *QUICK])
    data = json.loads(done.stdout)

    waits = {row["name"]: row["waits_for"] for row in data["services"]}
    assert waits == {"api": ["db"], "db": [], "web": ["api"]}
    assert data["recommendation"]["platform"] == data["platforms"][0]["platform"]


def test_a_limit_that_none_keeps_to_is_exit_1(shop: Path) -> None:
    done = CliRunner().invoke(app, ["plan", str(shop), "--require", "cost<=1", *QUICK])

    assert done.exit_code == 1
    assert "No platform meets cost<=1" in done.output


def test_an_application_that_fits_nowhere_is_exit_3(shop: Path) -> None:
    asked = ["--platform", "docker", "--instance", "m5.large"]
    done = CliRunner().invoke(app, ["plan", str(shop), *asked, *QUICK])

    assert done.exit_code == 3
    assert "does not fit on m5.large" in done.output


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ([], "files: it is missing"),
        (["nowhere.yaml"], "nowhere.yaml"),
        (["application.yaml", "--instance", "m9.huge"], "instance: 'm9.huge' is not known"),
        (["application.yaml", "--for", "fun"], "for: 'fun' is not known"),
        (["application.yaml", "--spare", "9"], "spare: '9' is not allowed; 0 to 2"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_what_cannot_be_answered_is_exit_2(typed: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["plan", *typed, *QUICK])

    assert done.exit_code == 2
    assert said in done.output


def test_caveats_stand_behind_explain(shop: Path) -> None:
    """The answer and what could make it wrong come first; what it rests on when asked."""
    plain = CliRunner().invoke(app, ["plan", str(shop), *QUICK]).output
    told = CliRunner().invoke(app, ["plan", str(shop), *QUICK, "--explain"]).output

    assert "never recommended" in plain and "never recommended" in told
    assert "A month is 730 hours" not in plain and "A month is 730 hours" in told
    assert "--explain" in plain and "--explain" not in told


def test_fargate_has_sizes_and_ec2_has_types(tmp_path: Path) -> None:
    """However many there are."""
    for count in (2, 3):
        parts = "".join(f"  s{n}: {{image: nginx, cpus: {2**n}}}\n" for n in range(count))
        file = tmp_path / f"compose{count}.yaml"
        file.write_text(f"services:\n{parts}", encoding="utf-8")
        said = CliRunner().invoke(app, ["plan", str(file), *QUICK, "--out", str(tmp_path)]).stdout
        rows = [" ".join(line.split()) for line in said.splitlines()]

        assert any(row.startswith(f"fargate {count} sizes {count} ") for row in rows)
        assert any(row.startswith(f"ec2 {count} types {count} ") for row in rows)


def test_what_fargate_does_not_take_is_said_with_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "app.yaml"
    file.write_text(
        "application: shop\nparts: {web: {image: nginx, host_ports: [80]}}\n", encoding="utf-8"
    )
    asked = ["plan", str(file), *QUICK, "--out", str(tmp_path)]
    said = " ".join(CliRunner().invoke(app, asked).stdout.split())

    assert "not supported on Fargate (port contains HostIP or HostPort)" in said


def test_where_published_ports_are_taken_is_told_to_whoever_has_some(tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    for ports, said in (("ports: ['80:80']", True), ("expose: ['80']", False)):
        file.write_text(f"services:\n  web: {{image: nginx, {ports}}}\n", encoding="utf-8")
        asked = ["plan", str(file), *QUICK, "--platform", "ecs", "--out", str(tmp_path)]
        told = " ".join(CliRunner().invoke(app, [*asked, "--explain"]).stdout.split())

        assert ("Published ports are taken in Docker alone" in told) is said
