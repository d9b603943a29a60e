"""The catalogue's tables, as they stand in their files."""

import csv
from importlib.resources import files
from itertools import zip_longest

DATA = files(__name__)


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one of the catalogue's CSV files."""
    with (DATA / name).open(encoding="utf-8") as file:
        names, *lines = csv.reader(file)
    return [dict(zip_longest(names, line)) for line in lines if line]
