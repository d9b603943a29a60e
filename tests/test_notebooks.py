"""The notebooks run from top to bottom, and are kept with their outputs."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from clocks import HANGS
from nbclient import NotebookClient

NOTEBOOKS = sorted(Path("notebooks").glob("*.ipynb"))


ENDS = """
import ipywidgets

def _ends(choice):
    if isinstance(choice, tuple):
        return choice[:2]
    if hasattr(choice, "min"):
        return choice.min, choice.max
    options = getattr(choice, "options", choice)
    return options[0], options[-1]

def _at_both_ends(called=None, **choices):
    def run(function):
        for end in (0, 1):
            function(**{name: _ends(choice)[end] for name, choice in choices.items()})
        return function
    return run if called is None else run(called)

ipywidgets.interact = _at_both_ends
"""
"""Stands for `interact`: what a slider moves is called at both of its ends, and what breaks is
seen. (Live widgets under nbclient wait now and then for a message that never comes.)"""

ANEW = """
import gc as _gc
for _name in [name for name in globals() if not name.startswith("_")]:
    if _name not in ("In", "Out", "get_ipython", "exit", "quit", "open"):
        del globals()[_name]
_gc.freeze()
get_ipython().run_line_magic(
    "config", "InlineBackend.print_figure_kwargs = {'bbox_inches': None, 'dpi': 40}"
)
"""
"""No name is left of another notebook. What stays alive is not looked at again each time that a
picture is closed, which collects garbage. Nobody looks at the dots, which are few and not cut."""


@pytest.fixture(scope="module")
def client() -> Iterator[NotebookClient]:
    """A kernel for all of them: what they share is imported once."""
    one = NotebookClient(
        nbformat.v4.new_notebook(), timeout=round(5.0 * HANGS), kernel_name="python3"
    )
    with one.setup_kernel():
        yield one


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("default")  # jupyter's own packages warn about one another
def test_notebook_runs(path: Path, client: NotebookClient) -> None:
    """Every cell, in order, with no name left of another notebook, and each slider at both ends."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(ANEW))
    client.nb = notebook
    client.reset_execution_trackers()
    notebook.cells.insert(1, nbformat.v4.new_code_cell(ENDS))
    for number, cell in enumerate(notebook.cells):
        client.execute_cell(cell, number)
    pictures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]

    assert pictures


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_kept_with_outputs_and_ends_with_something_to_try(path: Path) -> None:
    """`make notebooks` makes them, so that they are seen without running anything."""
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    words = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]

    outputs = [output for cell in code for output in cell.outputs]

    kinds = {kind for output in outputs for kind in output.get("data", {})}
    sliders = any("interact(" in cell.source for cell in code)
    still = any("Run the notebook to move" in output.get("text", "") for output in outputs)

    assert not any("widget" in kind for kind in kinds), "a forge shows an empty box"
    assert sliders == still
    assert all(cell.execution_count for cell in code)
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not any(output.output_type == "error" for output in outputs)
    assert not any("...<" in output.get("data", {}).get("text/html", "") for output in outputs)
    assert words[-1].startswith("## Try this")
    assert all(len(cell.source.splitlines()) <= 12 for cell in code)
