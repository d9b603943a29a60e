"""Pages made from the program itself: each verb's help, scenario fields, parameters, the gallery.

They are written into `docs/reference/` and `docs/gallery/` before Sphinx reads anything, and are
not kept in git.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from typer.testing import CliRunner

from sim.catalog import core_speeds, figures
from sim.cli.app import VERBS, app
from sim.scenario_file import schema

DOCS = Path(__file__).resolve().parent.parent
ROOT = DOCS.parent
QUICK = ["--replications", "5"]


def write(*_: object) -> None:
    """All of them."""
    _page("reference/commands.md", _commands())
    _page("reference/scenario_file.md", _scenario_file(schema()))
    _page("reference/parameters.md", _parameters())
    _notebooks()
    _gallery()


def _page(name: str, text: str) -> None:
    """Write only what changed, so that a second build is quick."""
    path = DOCS / name
    path.parent.mkdir(exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _commands() -> str:
    os.environ["COLUMNS"] = "88"
    page = ["# Commands", "Every verb with all its options, as `sim VERB --help` prints them."]
    for verb in VERBS:
        shown = CliRunner().invoke(app, [verb, "--help"], prog_name="sim")
        page += [f"## sim {verb}", VERBS[verb], "```text", shown.output.strip(), "```"]
    return "\n\n".join(page) + "\n"


def _scenario_file(whole: Mapping[str, Any]) -> str:
    page = [
        "# Fields of a scenario file",
        "`sim run scenario.yaml` reads such a file; `sim schema` prints the same as a JSON schema, "
        "which editors understand. A size such as `512MiB`, a duration such as `30s` and a machine "
        "such as `m5.xlarge` are written as text.",
        "## The file",
        _fields(whole, whole["$defs"]),
    ]
    for name, part in whole["$defs"].items():
        told = _one_line(part.get("description", ""))
        page += [f"## {name}", told, _fields(part, whole["$defs"])]
    return "\n\n".join(page) + "\n"


def _fields(part: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    needed = set(part.get("required", ()))
    rows = ["| field | type | default | meaning |", "|---|---|---|---|"]
    for name, field in part.get("properties", {}).items():
        default = "required" if name in needed else _code(field.get("default"))
        inner = parts.get(field.get("$ref", "").rpartition("/")[2], {})
        meaning = _one_line(field.get("description") or inner.get("description", ""))
        rows.append(f"| `{name}` | {_kind(field)} | {default} | {meaning} |")
    return "\n".join(rows)


def _kind(field: Mapping[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        kinds = (_kind(kind) for kind in field["anyOf"] if kind.get("type") != "null")
        return " or ".join(dict.fromkeys(kinds))
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {}))}"
    if field.get("type") == "object" and isinstance(field.get("additionalProperties"), dict):
        return f"name: {_kind(field['additionalProperties'])}"
    bounds = [str(field[key]) for key in ("minimum", "maximum") if key in field]
    return str(field.get("type", "any")) + (f" ({' to '.join(bounds)})" if bounds else "")


def _code(value: object) -> str:
    return "" if value in (None, "", [], {}) else f"`{value}`"


def _parameters() -> str:
    groups: dict[str, list[str]] = defaultdict(list)
    for cited in {**figures(), **core_speeds()}.values():
        cells = (
            f"`{cited.key}`",
            cited.shown(),
            cited.grade,
            cited.as_of,
            cited.source,
            cited.note,
        )
        row = "| " + " | ".join(_one_line(cell).replace("|", "/") for cell in cells) + " |"
        groups[cited.key.split(".")[0]].append(row)
    page = [
        "# Parameters",
        "Every figure about the world that an answer can rest on, with its range, grade, date and "
        "source. Grades: A primary source or measured, B secondary, C derived, D anecdote; "
        "*assumed* is a judgement, and answers that rest on one say so.",
    ]
    head = (
        "| parameter | value (range) | grade | as of | source | note |\n|---|---|---|---|---|---|"
    )
    for name in sorted(groups):
        page += [f"## {name}", "\n".join([head, *sorted(groups[name])])]
    return "\n\n".join(page) + "\n"


def _one_line(text: str) -> str:
    return " ".join(str(text).split())


def _notebooks() -> None:
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        at = DOCS / "notebooks" / path.name
        at.parent.mkdir(exist_ok=True)
        if not at.exists() or at.read_bytes() != path.read_bytes():
            shutil.copyfile(path, at)

    titles = "# Notebooks\n\nWith their outputs; `make lab` opens them.\n"
    _page("notebooks/index.md", f"{titles}\n```{{toctree}}\n:glob:\n\n*\n```\n")


def _gallery() -> None:
    """Run each script, once for a state of the sources, and show what it says and draws."""
    scripts = sorted((ROOT / "scenarios").glob("*.py"))
    sources = _digest(path for path in (ROOT / "sim").rglob("*") if path.suffix in {".py", ".csv"})
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        shown = [*pool.map(lambda script: _shown(script, sources), scripts)]
    page = ["# Gallery", "What each script in `scenarios/` asks, says and draws.", *shown]
    _page("gallery/index.md", "\n\n".join(page) + "\n")


def _shown(script: Path, sources: str) -> str:
    """One script: its question, its command, its answer, its pictures."""
    folder = DOCS / "gallery" / script.stem
    said = folder / "answer.txt"
    state, now = folder / "state.txt", f"{sources} {_digest([script])}"
    if not state.exists() or state.read_text(encoding="utf-8") != now:
        _run(script, folder)
        state.write_text(now, encoding="utf-8")
    text = script.read_text(encoding="utf-8")
    question = text.split('"""')[1].splitlines()[0]
    pictures = sorted(folder.glob("*.png"))
    drawn = [f"![{path.stem}]({path.relative_to(DOCS / 'gallery')})" for path in pictures]
    answer = f"```text\n{said.read_text(encoding='utf-8').strip()}\n```"
    source = f"```{{literalinclude}} ../../scenarios/{script.name}\n:language: python\n```"
    code = f":::{{admonition}} scenarios/{script.name}\n:class: dropdown\n{source}\n:::"
    return "\n\n".join([f"## {script.stem}", question, answer, *drawn, code])


def _digest(paths: Iterable[Path]) -> str:
    """Of what the files hold: a checkout gives files new times and leaves them as they are."""
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(f"{path.relative_to(ROOT)} ".encode() + path.read_bytes())
    return whole.hexdigest()


def _run(script: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [sys.executable, str(script), *QUICK, "--jobs", "1", "--out", str(folder / "runs")]
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "88", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(f"{script.name} ended with {ran.returncode}:\n{ran.stderr[-2000:]}")
    for path in sorted((folder / "runs").rglob("*.png")):
        shutil.copyfile(path, folder / path.name)
    (folder / "answer.txt").write_text(
        ran.stdout.replace(f"{folder}/runs", "results"), encoding="utf-8"
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before any is read."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
