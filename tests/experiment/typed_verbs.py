"""Verbs and a script as they are typed, small, and what they leave on disk."""

import contextlib
import io
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pandas as pd
from typer.testing import CliRunner

from sim.cli.script import script
from sim import Burst, Scenario, catalog, replicate
from sim.cli.app import app
from sim.experiment import Results, load
from sim.experiment.storage.finished_runs import LOCK
from sim.experiment.storage.manifest import FILE
from sim.experiment.storage.part_files import FOLDERS, TABLES

SCENARIO = """\
name: small
platform: ecs
host: {instance: m5.large}
service: {app: node, cpu: 0.5, memory: 1GiB}
arrivals: {tasks: 2}
sample_every: 1s
replications: 3
"""
COMPOSE = """\
services:
  web: {image: "node:20", cpus: 0.5, mem_limit: 512m}
  db: {image: "postgres:16", cpus: 0.5, mem_limit: 1g}
"""
CALLS = """\
application: shop
entry: {front.home: 1}
parts:
  front: {app: node, cpu: 0.5, copies: 2, home: {cpu_ms: 3}}
"""
FILES = {
    "SCENARIO": ("small.yaml", SCENARIO),
    "COMPOSE": ("compose.yaml", COMPOSE),
    "CALLS": ("calls.yaml", CALLS),
    "VMS": ("vms.csv", "name,vcpu,memory_gib,cpu_p95,memory_peak_gib\nweb-1,2,4,0.3,2\n"),
    "DOCKERFILE": ("Dockerfile", "FROM node:20\nENV A=b\n"),
}
WORDS = {
    "run": "run SCENARIO",
    "sweep": "sweep SCENARIO --grid arrivals.tasks=1,2 --replications 2",
    "startup": "startup --app node --platform docker --replications 2",
    "density": "density --by reservation",
    "storm": "storm --runtime runc --starts 5 --replications 2",
    "scale": "scale --to 3 --platform ecs-asg --replications 2",
    "scale in": "scale --from 3 --to 1 --platform ecs-asg --replications 2",
    "fail": "fail --tasks 4 --platform ecs --hosts 2 --replications 2",
    "isolation": "isolation --tasks 2",
    "neighbours": "neighbours --window 1s --replications 2",
    "plan": "plan COMPOSE --platform ecs --replications 2",
    "migrate": "migrate VMS --to ecs",
    "calls": "calls CALLS --rate 20",
    "lifecycle": "lifecycle DOCKERFILE",
    "sensitivity": "sensitivity SCENARIO --replications 2 --budget 0",
}
"""As they are typed."""
ALONE = ("density",)
"""There are no workers of it."""
KINDS = ["run", "sweep", "startup", "density", "script"]
"""Those that keep their runs as they are made, the one that makes none, and a script."""
OTHERS = [kind for kind in WORDS if kind not in KINDS]


@script(replications=3)
def main(replications: int, seed: int, out: Path) -> None:
    """A script of one's own."""
    node = catalog.service("node")
    mine = Scenario(
        name="mine",
        platform=catalog.ec2_for(node, burstable=False),
        arrivals=(Burst(service=node, tasks=3),),
    )
    replicate(mine, times=replications, seed=seed, catalogue=catalog.digest()).save(out)


def typed(kind: str, out: Path, jobs: int | str = 1) -> int:
    """Do as it was typed; the exit code.

    Args:
        jobs: how many, or the address of a Dask scheduler.
    """
    where = [] if kind in ALONE else ["--cluster" if isinstance(jobs, str) else "--jobs", str(jobs)]
    rest = ["--out", str(out), *where]
    if kind != "script":
        done = CliRunner().invoke(app, [*map(_file_of(out), WORDS[kind].split()), *rest])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code in (0, 130), done.output
        return done.exit_code
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            main(rest)
        except SystemExit as ended:
            return int(str(ended.code))
    return 0


def _file_of(out: Path) -> Callable[[str], str]:
    """Puts the path of a file beside `out` where a word stands for it."""

    def path(word: str) -> str:
        if word not in FILES:
            return word
        name, text = FILES[word]
        file = out.parent / name
        if not file.exists():
            file.write_text(text, encoding="utf-8")
        return str(file)

    return path


def kept(out: Path) -> dict[str, Results]:
    """What is in each run folder; no draft is left there, nor a part that does not count."""
    hidden = {path.name for path in out.rglob(".*")}
    assert hidden <= {LOCK}, hidden
    homes = {path.parent for path in out.glob(f"*/*/{FILE}") if not path.parent.is_symlink()}
    for home in homes:
        parts = {name: {path.stem for path in (home / name).iterdir()} for name in FOLDERS}
        assert all(those == parts["commits"] for those in parts.values()), parts
    return {str(home.relative_to(out)): load(home) for home in homes}


def beside(out: Path) -> dict[str, bytes]:
    """Whatever stands beside the runs, by its path: pictures, answers, tables."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name not in (LOCK, FILE) and path.parent.name not in FOLDERS
    }


def assert_same(out: Path, undisturbed: Path) -> None:
    """Every table and the summary to the last bit, and every file that stands beside them."""
    one, other = kept(out), kept(undisturbed)
    assert one.keys() == other.keys()
    for run, name in product(one, (*TABLES, "summary")):
        pd.testing.assert_frame_equal(
            getattr(one[run], name), getattr(other[run], name), check_exact=True, obj=name
        )
    assert beside(out) == beside(undisturbed)
