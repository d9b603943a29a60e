"""The shape of the house: short modules, short functions, nothing above what it stands on."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

MODULES = sorted(Path("sim").rglob("*.py"))


def test_modules_are_short_and_so_are_functions() -> None:
    """No module above 600 lines, and 9 functions of 10 within 25."""
    lengths: list[int] = []
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 600, path
        lengths += [
            (node.end_lineno or 0) - node.lineno + 1
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef)
        ]

    assert np.quantile(lengths, 0.9) <= 25


@pytest.mark.parametrize(
    ("module", "above"),
    [
        ("sim.sharing.capacity", ["pandas", "pydantic", "sim.host", "sim.catalog"]),
        ("sim.platforms", ["pandas", "matplotlib", "scipy", "sim.catalog", "sim.experiment"]),
        ("sim.experiment", ["pandas", "matplotlib", "scipy", "sim.platforms", "sim.catalog"]),
        ("sim.catalog", ["pandas", "matplotlib", "scipy", "sim.experiment", "sim.studies"]),
        ("sim", ["simpy", "numpy", "sim.core"]),
    ],
)
def test_importing_a_floor_imports_nothing_above_it(module: str, above: list[str]) -> None:
    """Seen in a fresh interpreter."""
    code = f"import sys, {module}; print([m for m in {above} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("cpu_quota", "most"), [(False, 20), (True, 24)])
def test_a_start_on_ecs_with_a_warm_image_costs_few_events(cpu_quota: bool, most: int) -> None:
    """Counted, which does not depend on the machine; a quota has bursts, a wait, whole periods."""
    from sim import catalog
    from sim.core.world import World

    node = catalog.service("node", cpu_quota=cpu_quota)
    image = [node.image] if node.image else []
    world = World()
    deployment = catalog.ecs("m5.xlarge", warm=image).deploy(world)
    world.env.run()
    before = next(world.env._eid)
    deployment.launch(node, 1)
    world.env.run()
    events = next(world.env._eid) - before - 1

    assert events < most


def test_every_answer_and_what_describes_ones_own_app_is_at_the_top() -> None:
    """Whatever `sim` lists is there."""
    import sim

    answers = {"density", "lifecycle", "one_server", "scale_in", "scale_out", "startup", "storm"}
    assert {*answers, "who_runs_it", "App", "Step"} <= set(dir(sim))
    assert all(hasattr(sim, name) for name in dir(sim))
