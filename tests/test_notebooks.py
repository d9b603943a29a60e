"""The notebooks run from top to bottom, and are kept without outputs."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted(Path("notebooks").glob("*.ipynb"))


MOVE = """
import ipywidgets
from ipywidgets.widgets.widget import _instances
for widget in [*_instances.values()]:
    if isinstance(widget, ipywidgets.SelectionSlider | ipywidgets.Dropdown):
        widget.index = len(widget.options) - 1
    elif isinstance(widget, ipywidgets.IntSlider | ipywidgets.FloatSlider):
        widget.value = widget.max
shown = [one for one in _instances.values() if isinstance(one, ipywidgets.Output)]
wrong = [out for one in shown for out in one.outputs if out["output_type"] == "error"]
ipywidgets.Widget.close_all()
assert not wrong, wrong
"""
"""Moves what can be moved as far as it goes, and looks whether anything broke."""


@pytest.fixture(scope="module")
def client() -> Iterator[NotebookClient]:
    """A kernel for all of them: what they share is imported once."""
    one = NotebookClient(nbformat.v4.new_notebook(), timeout=120, kernel_name="python3")
    with one.setup_kernel():
        yield one


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("default")  # jupyter's own packages warn about one another
def test_notebook_runs(path: Path, client: NotebookClient) -> None:
    """Every cell, in order, with no name left of another notebook; then its sliders are moved."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("%reset -f"))
    client.nb = notebook
    client.reset_execution_trackers()
    notebook.cells.append(nbformat.v4.new_code_cell(MOVE))
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
def test_notebook_is_kept_without_outputs_and_ends_with_something_to_try(path: Path) -> None:
    """Outputs are made by running it."""
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    words = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]

    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert words[-1].startswith("## Try this")
    assert all(len(cell.source.splitlines()) <= 12 for cell in code)
