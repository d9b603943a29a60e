"""On a screen of 80 columns no line is wider, and no name in a table is cut."""

from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from sim.cli.app import app

SHOP = Path("scenarios/shop.yaml").resolve()
SCENARIO = """
name: {name}
platform: ecs
host: {{instance: {instance}}}
service: {{app: node}}
replications: 2
"""
ASKED = {
    "storm --starts 20 --replications 1": ["first request to last ready"],
    "fail --platform eks-karpenter --replications 1": ["eks-karpenter"],
    "neighbours --bad disk --replications 1": ["containers, no limits", "VMs, a volume each"],
    "isolation --replications 1": ["microVM (Firecracker)", "ENI, other zone", "bandwidth"],
    f"calls {SHOP} --rate 20 --replications 1": ["catalog", "front"],
    "fit {records}": ["provision", "whole start"],
    "compare one two": ["time_to_running_s", "machine.name"],
    "sensitivity one.yaml --budget 0": ["core.epyc-guest.speed", "swing"],
    "sensitivity one.yaml --budget 400": ["core.epyc-guest.speed", "first", "total"],
}
"""By command, what must be whole on the screen: keys of its rows."""
LONG = ("isolation", "calls")
"""Verbs that simulate for seconds."""


def _command(text: str) -> object:
    return pytest.param(text, marks=pytest.mark.long if text.startswith(LONG) else ())


@pytest.mark.parametrize("command", [*map(_command, ASKED)])
def test_an_answer_fits_80_columns_and_its_keys_are_whole(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths of files stay whole whatever they take, so that they can be copied."""
    records = Path("scenarios/records/describe_tasks.json").resolve()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    for name, instance in (("one", "m5.xlarge"), ("two", "m6i.xlarge")):
        text = SCENARIO.format(name=name, instance=instance)
        Path(f"{name}.yaml").write_text(text, encoding="utf-8")
        if command.startswith("compare"):
            runner.invoke(app, ["run", f"{name}.yaml", "--jobs", "1"], catch_exceptions=False)
    words = command.format(records=records).split()
    result = runner.invoke(app, words, catch_exceptions=False)
    wide = [line for line in result.stdout.splitlines() if cell_len(line) > 80]

    assert result.exit_code in (0, 3), result.output
    assert [line for line in wide if not line.startswith("wrote ")] == []
    assert all(key in result.stdout for key in ASKED[command])
    assert "…" not in result.stdout
