"""Files of a test, written where it runs."""

from pathlib import Path

import pytest
from reading import Reading

from sim.files import read
from sim.workload import Application


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    """Reads texts: a name and a text each; the first one, or all whose names are given."""

    def of(text: str, name: str = "file.yaml", /, **rest: object) -> Application:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return read(tmp_path / name, **rest)  # type: ignore[arg-type]

    return of
