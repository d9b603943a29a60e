"""Files of one orchestrator on another: the plan says that they do not run there as they are."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli.app import app
from sim.core.names import Dialect
from sim.studies import platforms
from sim.studies.plan.dialect import unchanged_line

MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - {name: web, image: "nginx:1.27", resources: {requests: {cpu: 250m, memory: 256Mi}}}
"""
ONLY_EKS = "Your manifests run unchanged on EKS only; ECS needs task definitions."


def _plan(folder: Path, *options: str) -> tuple[str, str, list[str]]:
    """The run id, the JSON, and what is told below the tables."""
    file, out = folder / "app.yaml", folder / "out"
    file.write_text(MANIFEST)
    done = CliRunner().invoke(
        app, ["plan", str(file), "--no-start", "--json", "--out", str(out), *options]
    )
    assert done.exit_code == 0, done.output
    (run,) = {answer.resolve().parent for answer in out.glob("plan/*/answer.json")}
    return run.name, done.stdout, json.loads((run / "answer.json").read_text())["lines"]


def test_manifests_that_are_to_run_on_ecs_are_told_as_work(tmp_path: Path) -> None:
    run, said, lines = _plan(tmp_path, "--platform", "ecs", "--platform", "fargate")

    assert ONLY_EKS in lines
    assert "unchanged" not in said, "it is not in the JSON"
    again = _plan(tmp_path, "--platform", "ecs", "--platform", "fargate", "--as", "kubernetes")
    assert again[0] == run, "what the files are written in does not change what is run"


def test_manifests_on_eks_need_no_word(tmp_path: Path) -> None:
    *_, lines = _plan(tmp_path, "--platform", "eks")

    assert not any("unchanged" in line for line in lines)


@pytest.mark.parametrize(
    ("dialect", "taken", "needs"),
    [
        ("kubernetes", "eks", "ECS needs task definitions"),
        ("ecs", ("ecs", "fargate"), "EKS needs manifests"),
        ("cloudformation", ("ecs", "fargate"), "EKS needs manifests"),
    ],
)
def test_each_platform_takes_its_own_files_or_says_what_it_needs(
    dialect: Dialect, taken: str | tuple[str, ...], needs: str
) -> None:
    lines = {row.name: unchanged_line(dialect, row) for row in platforms.plannable()}

    assert {name for name, line in lines.items() if not line} == {
        name for name in lines if name.startswith(taken)
    }
    assert any(needs in line for line in lines.values())
    assert all("needs" in line for line in lines.values() if line), "every platform of ours does"


@pytest.mark.parametrize("dialect", [None, "compose", "terraform", "own"])
def test_what_belongs_to_no_orchestrator_is_not_told(dialect: Dialect | None) -> None:
    assert not any(unchanged_line(dialect, row) for row in platforms.plannable())
