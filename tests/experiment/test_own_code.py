"""The user's own code in the fingerprint: edited, it is run again; unchanged, its runs are kept."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from runs import scenario

import sim
from sim.experiment import Scenario, replicate
from sim.experiment.running.own_code import MODEL, code_digest, own_code

PLATFORM = """
from worlds import docker, machine
from sim.core.description import description
from own_helper import vcpus

@description
class OwnPlatform:
    def deploy(self, world):
        return docker(machine(vcpu=vcpus())).deploy(world)
"""
HELPER = "def vcpus():\n    return {vcpu}\n"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A platform of the user's own in a module of its own, which asks another one."""
    (tmp_path / "own_platform.py").write_text(PLATFORM, encoding="utf-8")
    (tmp_path / "own_helper.py").write_text(HELPER.format(vcpu=4.0), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    for name in ("own_platform", "own_helper"):
        sys.modules.pop(name, None)


def loaded() -> Scenario:
    """With the platform as its file is now, as a new process would have it."""
    module = None
    for name in ("own_helper", "own_platform"):
        module = importlib.import_module(name)
        importlib.reload(module)
    assert isinstance(module, ModuleType)
    return scenario(module.OwnPlatform(), tasks=4)


def seconds(what: Scenario, out: Path, **where: Any) -> float:
    """Mean time to ready of a run that is kept in a folder."""
    results = replicate(what, times=2, seed=1, out=out, **where)
    return float(results.runs["time_to_ready_s"].mean())


@pytest.mark.usefixtures("one_worker")
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_platform_that_was_edited_is_run_again(
    own: Path, tmp_path: Path, jobs: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the same `out`; also when what it refers to was edited, and in workers that stay."""
    quick = seconds(loaded(), tmp_path / "out", jobs=jobs)
    (own / "own_helper.py").write_text(HELPER.format(vcpu=0.25), encoding="utf-8")
    slow = seconds(loaded(), tmp_path / "out", jobs=jobs)
    edited = PLATFORM.replace("vcpus()).d", "2 * vcpus()).d").replace(
        "vcpu=vcpus", "vcpu=2 * vcpus"
    )
    (own / "own_platform.py").write_text(edited, encoding="utf-8")
    between = seconds(loaded(), tmp_path / "out", jobs=jobs)

    assert slow > between > quick
    assert capsys.readouterr().err.count("another version of the model; made again") == 2


def test_runs_of_an_unchanged_platform_are_kept(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second command makes none."""
    first = seconds(loaded(), tmp_path / "out", jobs=1)
    monkeypatch.setattr("sim.experiment.running.workers.perform", None)

    assert (own / "own_platform.py").is_file()
    assert seconds(loaded(), tmp_path / "out", jobs=1) == first


def executed(vcpu: float) -> Scenario:
    """A platform that `exec` made, which has no source."""
    names: dict[str, Any] = {"__name__": "typed_in"}
    exec(PLATFORM.replace("from own_helper import vcpus", f"def vcpus(): return {vcpu}"), names)
    return scenario(names["OwnPlatform"](), tasks=4)


def test_without_a_source_nothing_is_used_again_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once a call; without a folder there is nothing to say."""
    replicate(executed(4.0), times=1, jobs=1)
    assert capsys.readouterr().err == ""
    quick = seconds(executed(4.0), tmp_path, jobs=1)
    assert capsys.readouterr().err.count("earlier runs are not used again") == 1

    assert seconds(executed(0.25), tmp_path, jobs=1) > quick
    assert own_code([executed(1.0)]).unknown == ("typed_in.OwnPlatform.deploy", "typed_in.vcpus")


def test_cells_of_a_notebook_have_a_source_and_so_have_values_they_use() -> None:
    """Cells are in `linecache`; a global number that `deploy` uses counts like a line of it."""
    import linecache

    def cell(number: int, text: str, names: dict[str, Any]) -> None:
        file = f"ipykernel/{number}.py"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), names)

    def digest(vcpu: float, body: str = "") -> str:
        names: dict[str, Any] = {"__name__": "a_notebook"}
        cell(1, f"CORES = {vcpu}", names)
        cell(2, f"def vcpus():\n    return CORES\n{body}", names)
        cell(3, PLATFORM.replace("from own_helper import vcpus", ""), names)
        found = own_code([scenario(names["OwnPlatform"]())])
        assert found.unknown == ()
        return found.digest

    assert digest(4.0) == digest(4.0)
    assert len({digest(4.0), digest(2.0), digest(4.0, "# edited")}) == 3


def test_a_closure_counts_with_the_values_it_is_closed_over() -> None:
    """Two platforms of one factory are two models."""
    from worlds import docker, machine

    from sim.core.description import description

    def factory(vcpu: float) -> Any:
        @description
        class Closed:
            def deploy(self, world: Any) -> Any:
                return docker(machine(vcpu=vcpu)).deploy(world)

        return Closed()

    digests = {own_code([scenario(factory(vcpu))]).digest for vcpu in (1.0, 2.0, 2.0)}

    assert len(digests) == 2


def test_descriptions_of_our_own_have_no_own_code() -> None:
    """The fingerprint of the model covers them."""
    from sim import Burst, catalog

    ours = Scenario(
        name="ours",
        platform=catalog.eks("m5.xlarge"),
        arrivals=(Burst(service=catalog.service("node")),),
    )

    assert own_code([ours]) == ("", {}, ())


def test_all_that_a_run_is_made_of_is_in_the_fingerprint() -> None:
    """What was run before an edit is not taken for what runs now.

    Docstrings decide nothing, and the version is in the id of a run.
    """
    code = (
        "import sys, sim.platforms, sim.experiment.running.run, sim.experiment.running.scenario\n"
        "print(*(m.__file__ for name, m in sys.modules.items() if name.startswith('sim.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    home = Path(sim.__file__).parent
    read = {Path(file).relative_to(home) for file in done.stdout.split()}
    beside = {
        path
        for path in read
        if path.name != "__init__.py" and not any(path.is_relative_to(part) for part in MODEL)
    }

    assert {path.as_posix() for path in beside} <= {"facade.py", "docstrings.py", "version.py"}


def test_a_part_of_the_model_that_is_not_there_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A fingerprint of nothing would mix runs of different models."""
    code_digest.cache_clear()
    monkeypatch.setattr("sim.experiment.running.own_code.MODEL", (*MODEL, "moved/away"))

    with pytest.raises(FileNotFoundError, match="moved/away: it belongs to the model"):
        code_digest()
    monkeypatch.undo()
    assert len(code_digest()) == 16
