"""A user's own instance types: rows like those of the table, in a file of the user's.

`sim instances --update FILE` checks and keeps them; they are read beside AWS's ever after.
"""

import csv
import io
import os
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path

from sim.catalog.data import rows
from sim.core.quantity import number_in
from sim.core.question import BadInput

PLACE = "BERTHSIM_INSTANCES"
"""The environment variable that names another file."""
LARGEST, MOST_TYPES = 4 * 10**6, 10_000
"""Bytes of a file, and its rows; all of AWS's types are below 1 MB."""
NEEDED = ("instance_type", "arch", "vcpu", "memory_mib_nominal")
"""Columns that may not be blank; any other one may, or be missing: then it is not known."""


def place() -> Path:
    """The file of the user's own types; it need not be there."""
    named = os.environ.get(PLACE)
    if named:
        return Path(named)
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    # Unlike Path.expanduser, this leaves the ~ of somebody without a home as it is.
    return Path(os.path.expanduser(home)) / "berthsim" / "instances.csv"


def own_types() -> list[dict[str, str]]:
    """The rows that are kept; checked when they were.

    Raises:
        BadInput: somebody has written nonsense into the file since, or it is no file.
    """
    path = place()
    try:
        return read(path) if path.exists() and str(path) != os.devnull else []
    except OSError as error:
        raise BadInput(f"{PLACE}: {str(path)[:80]}: {error.strerror}") from None
    except ValueError as error:
        raise BadInput(f"{PLACE}: {error}") from None


def update(path: Path) -> list[str]:
    """Keep the types of a file, in the place of those of the same name; all of them or none.

    Returns:
        Their names.

    Raises:
        ValueError: a row is wrong; the message names every mistake, a line each.
        OSError: it cannot be read, or the user's file cannot be written.
    """
    from sim.experiment.storage.whole_file import write_whole  # a floor that few need

    new = read(path)
    if not new:
        raise ValueError(f"{path}: it has no types")
    kept = {row["instance_type"]: row for row in (*own_types(), *new)}
    if place().parts[0] == "~":
        raise ValueError(f"nobody's home is known; name a file in {PLACE}")
    place().parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns(), lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(kept.values())
    write_whole(place(), text.getvalue())
    return [row["instance_type"] for row in new]


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a file of types, with every column.

    Raises:
        ValueError: a row is wrong; the message names every mistake, a line each.
    """
    if path.exists() and not (path.is_file() and path.stat().st_size <= LARGEST):
        raise ValueError(f"{path}: it is not a file of at most {LARGEST // 10**6} MB")
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        try:
            found = list(islice(reader, MOST_TYPES + 1))
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{path} is not a CSV file: byte {error.start} is no text in UTF-8"
            ) from None
        except csv.Error as error:
            raise ValueError(f"{path} is not a CSV file: {error}") from None
        except OSError as error:
            raise ValueError(f"{path}: it cannot be read: {error.strerror}") from None
    if len(found) > MOST_TYPES:
        raise ValueError(f"{path}: it has more than {MOST_TYPES:,} types; no more are read")
    known, heads = columns(), reader.fieldnames or ()
    wrong = [f"{head}: there is no such column" for head in heads if head not in known]
    wrong += [f"{head}: the column is missing" for head in NEEDED if head not in heads]
    if not wrong:
        wrong = [
            f"line {line}: {mistake}" for line, row in enumerate(found, 2) for mistake in _of(row)
        ]
        names = [row["instance_type"] for row in found]
        wrong += [f"{name}: it stands there twice" for name in _twice(names)]
    if wrong:
        raise ValueError("\n".join([f"{path}:", *wrong]))
    return [
        {**dict.fromkeys(known, ""), **row, "source": f"the user's own: {path.name}"}
        for row in found
    ]


def columns() -> list[str]:
    """Those of the table."""
    return list(rows("ec2_instances.csv")[0])


def _of(row: Mapping[str | None, str | None]) -> Iterable[str]:
    """What is wrong with a row."""
    if None in row or None in row.values():
        yield "it has more or fewer cells than there are columns"
        return
    for column, text in row.items():
        allowed, good = _ALLOWED.get(str(column), _AMOUNT)
        if not text and column in NEEDED:
            yield f"{column} is blank; {allowed}"
        elif text and not good(text):
            yield f"{column}: {text!r} is not allowed; {allowed}"
    seen, nominal = row.get("memory_mib_os_visible"), row.get("memory_mib_nominal")
    if seen and nominal and _number(seen) and _number(nominal) and float(seen) > float(nominal):
        yield f"memory_mib_os_visible: {seen} is not allowed; at most memory_mib_nominal"


def _number(text: str) -> bool:
    found = number_in(text)
    return found is not None and 0.0 <= found < 1e12


def _whole(low: int) -> Callable[[str], bool]:
    return lambda text: text.isascii() and text.isdigit() and low <= float(text) < 1e12


def _above_0(text: str) -> bool:
    return _number(text) and float(text) > 0.0


def _name(text: str) -> bool:
    size = text.partition(".")[2]
    return bool(size) and text == text.strip() and not any(c in text for c in "*?[] \t,")


_TEXT = ("any text", lambda _: True)
_AMOUNT: tuple[str, Callable[[str], bool]] = ("a number of at least 0, or blank", _number)
_COUNT: tuple[str, Callable[[str], bool]] = ("a whole number of at least 0, or blank", _whole(0))
_ALLOWED: dict[str, tuple[str, Callable[[str], bool]]] = {
    "instance_type": ("a name such as m5.large", _name),
    "arch": ("amd64 or arm64", ("amd64", "arm64").__contains__),
    "vcpu": ("a whole number of at least 1", _whole(1)),
    "memory_mib_nominal": ("a number above 0", _above_0),
    "memory_mib_os_visible": ("a number above 0, or blank", _above_0),
    "bare_metal": ("true, false or blank", ("true", "false").__contains__),
    "max_eni": ("a whole number of at least 1, or blank", _whole(1)),
    "ipv4_per_eni": ("a whole number of at least 2, or blank", _whole(2)),
    "max_pods": ("a whole number of at least 4, or blank", _whole(4)),
    "ebs_mbps": ("a number above 0, or blank", _above_0),
    "network_mbps": ("a number above 0, or blank", _above_0),
    "network_burst_mbps": ("a number above 0, or blank", _above_0),
    "price_usd_hr_us_east_1": ("a number above 0, or blank", _above_0),
    "coremark_iter_s": ("a number above 0, or blank", _above_0),
    **dict.fromkeys(
        ("branch_eni", "ecs_trunk_tasks", "gpu_count", "accelerator_count", "generation"), _COUNT
    ),
    **dict.fromkeys(
        (
            "cpu_manufacturer",
            "hypervisor",
            "gpu_name",
            "accelerator_name",
            "karpenter_alloc_cpu",
            "karpenter_alloc_mem",
        ),
        _TEXT,
    ),
}


def _twice(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]
