"""The shape of the house: short modules, short functions, nothing above what it stands on."""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Collection
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from pydantic.dataclasses import is_pydantic_dataclass, rebuild_dataclass

from sim.cli.help_making import pages
from sim.cli.help_pages import KEPT

MODULES = sorted(Path("sim").rglob("*.py"))


def test_modules_are_short_and_so_are_functions() -> None:
    """No module above 600 lines, and 9 functions of 10 within 25."""
    lengths: list[int] = []
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 600, path
        lengths += [
            (node.end_lineno or 0) - node.lineno + 1
            for node in _nodes(path)
            if isinstance(node, ast.FunctionDef)
        ]

    assert np.quantile(lengths, 0.9) <= 25


def test_a_room_is_small() -> None:
    """At most 12 modules in a folder; a verb and a figure each have a module of their own."""
    rooms = Counter(path.parent for path in MODULES if not path.stem.startswith("__"))
    full = {str(room): n for room, n in rooms.items() if n > 12}

    assert set(full) <= {"sim/cli", "sim/plots"}


def test_each_file_of_tests_has_a_name_of_its_own() -> None:
    """Two of one name cannot be collected together."""
    names = Counter(path.name for path in Path("tests").rglob("test_*.py"))

    assert [name for name, times in names.items() if times > 1] == []


def test_no_module_imports_what_imports_it() -> None:
    """No circle, imports for the type checker counted."""
    names = {_name(path): path for path in MODULES}
    imports = {name: _imports(path, names) for name, path in names.items()}
    in_order = [*TopologicalSorter(imports).static_order()]  # CycleError names the circle

    assert set(in_order) == set(names)


def test_a_name_means_one_class() -> None:
    """No class name stands in two modules."""
    homes: dict[str, set[str]] = {}
    for path in MODULES:
        for node in _nodes(path):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, set()).add(str(path))

    assert {name: at for name, at in homes.items() if len(at) > 1} == {}


@pytest.mark.parametrize(
    ("recipe", "words", "room", "least"),
    [
        ("a platform", ["eks_cluster_autoscaler", '"eks-cas"'], "", 2),  # on nodes that exist
        ("a verb", ["StormQuestion", '    "storm": "'], "", 3),
        ("a picture", ["ready_ecdf"], "sim/plots", 2),
        ("a figure of the catalogue", ["app.gunicorn.crowding"], "", 1),
        ("a set of measurements", ["CROWDING"], "sim/validation", 2),
    ],
)
def test_a_recipe_touches_as_many_files_as_it_says(
    recipe: str, words: list[str], room: str, least: int
) -> None:
    """The example of each recipe is named in no more files; facades and colours do not count."""
    rows = Path("CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
    told = next(int(row.split("|")[2]) for row in rows if row.startswith(f"| {recipe} |"))
    files = [*MODULES, *Path("sim").rglob("*.csv")]
    touched = {
        path
        for path in files
        if path.name not in {"__init__.py", "palette.py"} or room == "sim/plots"
        if str(path).startswith(room or "sim")
        if any(word in path.read_text(encoding="utf-8") for word in words)
    }

    assert least <= len(touched) <= told, sorted(map(str, touched))


@cache
def _nodes(path: Path) -> list[ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom]:
    """Functions, classes and imports of a module, wherever in it."""
    wanted = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, wanted)]


def _name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path, names: Collection[str]) -> set[str]:
    """Modules of the house that a module imports, wherever in it."""
    found = set()
    for node in _nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {each if each in names else node.module for each in inner}
    return (found & set(names)) - {_name(path)}


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
    """Seen in a fresh interpreter, where all that it offers is asked for."""
    code = f"import sys, {module} as floor; print([m for m in {above} if m in sys.modules])"
    if module != "sim":  # the top has something of every floor
        code = code.replace(";", "; [getattr(floor, name) for name in dir(floor)];")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_what_a_package_offers_is_there() -> None:
    """All of it, under the names that type checkers read."""
    packages = [_name(path) for path in MODULES if "\nfacade(__name__" in path.read_text("utf-8")]
    for package in map(import_module, packages):
        assert dir(package) == sorted(package.__all__)
        assert all(hasattr(package, name) for name in package.__all__), package.__name__

    assert "sim.catalog" in packages


def test_every_description_can_be_made() -> None:
    """Validators are built when the first is made; a wrong one would be met by a user then."""
    kinds = {
        kind
        for path in MODULES
        for kind in vars(import_module(_name(path).removesuffix(".__main__"))).values()
        if isinstance(kind, type) and is_pydantic_dataclass(kind)
    }
    for kind in kinds:
        rebuild_dataclass(kind)  # raises where a type is not known
        assert kind.__pydantic_complete__

    assert len(kinds) > 90


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


def test_each_decision_has_a_number_of_its_own() -> None:
    """And its heading has the same."""
    numbers = [path.name[:4] for path in Path("docs/decisions").glob("0*.md")]
    headings = [
        path.read_text(encoding="utf-8")[2:6] for path in Path("docs/decisions").glob("0*.md")
    ]

    assert numbers == headings
    assert len(set(numbers)) == len(numbers)


def test_the_help_that_is_kept_is_that_of_the_options() -> None:
    """It is printed without them: python -m sim.cli.help_making makes it anew."""
    told = (
        "an option has changed: python -m sim.cli.help_making, and commit sim/cli/help_pages.json"
    )

    assert pages() == KEPT.read_text(encoding="utf-8"), told
