"""Run all notebooks, or those that are named, and keep their outputs: `make notebooks`."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

WIDGET = "application/vnd.jupyter.widget-view+json"

STILL = '''
import ipywidgets
from IPython.display import display as _display

def _value(choice):
    options = getattr(choice, "options", choice)
    return getattr(choice, "value", None) or options[0]

def _still(called=None, **choices):
    """Stands for `interact`: one call, at the values that the sliders begin with."""
    def run(function):
        import inspect
        given = {name: _value(choice) for name, choice in choices.items()}
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.default is not inspect.Parameter.empty:
                given[name] = parameter.default
        at = ", ".join(f"{name} = {value}" for name, value in given.items())
        print(f"Stored at {at}. Run the notebook to move the sliders.")
        shown = function(**given)
        if shown is not None:
            _display(shown)
    return run if called is None else run(called)

ipywidgets.interact = _still
'''
"""A widget needs a running kernel: on a forge it would be an empty box."""


def main() -> None:
    """Run each in a kernel of its own."""
    named = [Path(name) for name in sys.argv[1:]]
    for path in named or sorted(Path(__file__).parent.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        notebook.cells.insert(0, nbformat.v4.new_code_cell(STILL))
        NotebookClient(notebook, timeout=300, kernel_name="python3", record_timing=False).execute()
        del notebook.cells[0]
        notebook.metadata.pop("widgets", None)
        _keep(notebook)
        nbformat.write(notebook, path)
        print(f"ran {path}")


def _keep(notebook: nbformat.NotebookNode) -> None:
    """What a reader sees: no progress, no widgets, cells numbered from 1."""
    code = (cell for cell in notebook.cells if cell.cell_type == "code")
    for number, cell in enumerate(code, 1):
        cell.execution_count = number
        cell.outputs = [
            one
            for one in cell.outputs
            if one.get("name") != "stderr" and WIDGET not in one.get("data", {})
        ]
        for one in cell.outputs:
            if one.output_type == "execute_result":
                one.execution_count = number


if __name__ == "__main__":
    main()
