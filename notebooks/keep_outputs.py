"""Run all notebooks, or those that are named, and keep their outputs: `make notebooks`."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def main() -> None:
    """Times of day are not kept, nor what goes to standard error (progress)."""
    named = [Path(name) for name in sys.argv[1:]]
    for path in named or sorted(Path(__file__).parent.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(notebook, timeout=300, kernel_name="python3", record_timing=False).execute()
        notebook.metadata.pop("widgets", None)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = [one for one in cell.outputs if one.get("name") != "stderr"]
        nbformat.write(notebook, path)
        print(f"ran {path}")


if __name__ == "__main__":
    main()
