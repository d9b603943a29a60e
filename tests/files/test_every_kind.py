"""Every kind of file that is read: whatever is in it, an answer or a sentence, in a moment."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from byte_mutants import mutants
from clocks import soon
from records_of_starts import DIALECTS, TRUTH, moments
from test_fits import fit
from test_inventory_files import TABLES
from test_mutants import FILES, PYTHONS_OWN
from test_sizes import DOCKER, KRR, VERTICAL
from test_terraform_files import plan
from test_traces import SHOP, alibaba, jaeger, otlp, zipkin

import sim
from sim.cli.options import clipped
from sim.core.question import BadInput
from sim.files.fitted.reading import read_fit
from sim.files.fitted.writing import written
from sim.files.inventory.reading import read_inventory


def beside(name: str, text: str) -> Callable[[Path], object]:
    """Read a compose file with the file as one of its options."""

    def reader(path: Path) -> object:
        compose = path.with_name("c.yaml")
        compose.write_text(text)
        return sim.read(compose, **{name: path})

    return reader


STARTS = moments(TRUTH, 3, seed=5)
KINDS: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    **{name: (sim.read, [text]) for name, text in FILES.items()},
    "plan.json": (sim.read, [json.dumps(plan(), indent=1)]),
    "traces.json": (sim.read_traces, [json.dumps(f(SHOP)) for f in (jaeger, otlp, zipkin)]),
    "traces.csv": (sim.read_traces, [alibaba(SHOP)]),
    "records.json": (sim.fit, [write(STARTS) for write in DIALECTS.values()]),
    "fit.yaml": (read_fit, [written(fit())]),
    "sizes.json": (beside("sizes", "services: {web: {image: a}}"), [DOCKER, KRR, VERTICAL]),
    "vars.env": (beside("env", "services: {web: {image: 'a:$A'}}"), ["A=1\nexport B='a b' # x\n"]),
    "own.csv": (lambda path: read_inventory(path).rows(), [*TABLES.values()]),
}
ALL = [text for _, texts in KINDS.values() for text in texts]


def attack(name: str, count: int, seed: int, folder: Path) -> None:
    """Read so many mutants of each good file of a kind."""
    read, texts = KINDS[name]
    for text in texts:
        for data in mutants(text, ALL, count, seed):
            (folder / name).write_bytes(data)
            with soon(data[:500]):
                try:
                    read(folder / name)
                except BadInput as error:
                    said = clipped(str(error))
                    assert said.strip(), data[:500]
                    assert not PYTHONS_OWN.search(said), (data[:500], said)
                    assert len(said.encode()) < 2000, data[:500]


@pytest.mark.parametrize("name", KINDS)
def test_a_file_is_an_answer_or_a_sentence(name: str, tmp_path: Path) -> None:
    """A few that are nearly right, of every kind."""
    read, texts = KINDS[name]
    for text in texts:
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / "other.yaml").write_text("services: {cache: {image: redis}}")
        assert read(tmp_path / name) is not None

    attack(name, 5 - len(texts) if len(texts) < 5 else 1, 1, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", KINDS)
def test_ten_thousand_files(name: str, seed: int, tmp_path: Path) -> None:
    """Of every kind, in five parts."""
    attack(name, 2_000 // len(KINDS[name][1]), seed + 2, tmp_path)
