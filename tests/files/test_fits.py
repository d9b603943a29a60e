"""The file of a fit: it reads back as it was, and what is wrong in it is named."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import catalog
from sim.core.question import BadInput
from sim.files.fitted.fit import Fit, FittedSize, fitted_figure
from sim.files.fitted.reading import fit_of, read_fit
from sim.files.fitted.writing import write, written
from sim.files.text.source import SourceText
from sim.workload.sizing.use import Use, use_of

PASSPORT = {"n": 18, "source": "tasks.json", "as_of": "2026-11"}


def fit(**more: float) -> Fit:
    """Of Fargate's wait for a microVM."""
    value = more.get("value", 12.5)
    return Fit(
        fitted=(
            fitted_figure("fargate.provision", value, low=11.0, high=18.0, **PASSPORT),
            fitted_figure("fargate.provision.spread", 0.28, **PASSPORT),
        ),
        sizes=(
            FittedSize(
                name="web",
                cpu=Use(p50=0.1, p95=0.3, peak=0.5),
                memory=Use(p95=1e8, peak=2e8),
                memory_request=2.3e8,
                rule="krr",
                **PASSPORT,
            ),
        ),
    )


def read_text(text: str) -> Fit:
    return fit_of(SourceText("fit.yaml", text, Path()))


def test_a_fit_reads_back_as_it_was(tmp_path: Path) -> None:
    """Figures, their spreads, and sizes; what it stands in for is told anew."""
    write(fit(), tmp_path / "folder" / "fit.yaml")

    assert read_fit(tmp_path / "folder" / "fit.yaml") == fit()
    assert read_text(written(Fit())) == Fit()
    assert fit().figures["fargate.provision"].note == (
        "fitted from 18 starts; was derived 13.77 s (12.4 to 21.2)"
    )


@given(
    value=st.floats(0.01, 1e4),
    key=st.sampled_from([*catalog.figures()]),
    n=st.integers(1, 10**6),
)
def test_any_figure_of_the_catalogue_reads_back(value: float, key: str, n: int) -> None:
    """To the last bit, in base units; what it cannot be is refused by its key."""
    try:
        one = fitted_figure(key, value, n=n, source="a.json", as_of="2026")
    except ValueError as error:
        assert str(error).startswith(f"{key}: ")
    else:
        assert read_text(written(Fit(fitted=(one,)))) == Fit(fitted=(one,))


def test_readings_stay_where_they_are() -> None:
    """A series is not written: only its quantiles leave the machine."""
    size = FittedSize(name="web", cpu=use_of([0.0, 60.0], [0.25, 0.5]), **PASSPORT)

    assert "series" not in written(Fit(sizes=(size,)))
    assert read_text(written(Fit(sizes=(size,)))).sizes[0].cpu.peak == 0.5


@pytest.mark.parametrize(
    "source", ["a/b.json", "c:\\b.json", "arn:aws:ecs:x", "of 123456789012.json", ""]
)
def test_no_account_and_no_folder_leaves_the_machine(source: str) -> None:
    """Neither from Python nor from a file by hand."""
    with pytest.raises(ValueError, match="without folders, ARNs or account numbers"):
        fitted_figure("fargate.provision", 1.0, n=1, source=source, as_of="2026")


WRONG = """\
figures:
  fargate.provison: {value: 12, n: 3, source: a.json, as_of: 2026}
  fargate.provision: {value: -1, n: 0, source: a.json, as_of: soon}
  ecs.placement: {n: 3, source: a.json, as_of: 2026, medium: 3}
  ecs.eni_attach: {value: 5, low: 6, high: 7, n: 3, source: /home/me/a.json, as_of: 2026}
  ecs.run_task.call: {value: 1e9, n: 3, source: a.json, as_of: 2026}
sizes:
  web: {cpu: {p95: much}, n: 3, source: a.json, as_of: 2026}
"""


def test_all_mistakes_of_a_fit_are_told_at_once() -> None:
    """With their lines, and the nearest that there is."""
    with pytest.raises(BadInput) as told:
        read_text(WRONG)

    text = str(told.value)
    for part in (
        "fit.yaml:2: figures.fargate.provison: 'fargate.provison' is not known; did you mean "
        "'fargate.provision'",
        "fit.yaml:3: figures.fargate.provision.value: -1 is not allowed",
        "fit.yaml:3: figures.fargate.provision.n: 0 is not allowed",
        "as_of: 'soon' is not allowed; a date such as 2026-11",
        "ecs.placement.medium: 'medium' is not allowed; known: value",
        "ecs.placement: value is missing",
        "source: '/home/me/a.json' is not allowed; the bare name",
        "ecs.run_task.call: 1000000000.0 is not allowed",
        "sizes.web.cpu.p95: 'much' is not allowed; a number",
    ):
        assert part in text
    assert "Traceback" not in text


@pytest.mark.parametrize("text", ["", "- 1\n", "services: {}\n", "figures: {}\n---\nsizes: {}\n"])
def test_what_is_no_fit_is_refused(text: str) -> None:
    """Whatever else it is."""
    with pytest.raises(BadInput, match="it is no fit"):
        read_text(text)


def test_a_fit_with_mistakes_is_a_fit_or_a_message_never_anything_else() -> None:
    """300 files with pieces taken out and others put in."""
    signs = ["{", "}", "[", "]", ":", ",", "\n", "null", "~", "1e999", "-1", "nan", ".inf", "&a"]
    chance, whole = random.Random(4), written(fit())
    for _ in range(300):
        at, length = chance.randrange(len(whole)), chance.randint(0, 8)
        text = whole[:at] + chance.choice(signs) + whole[at + length :]
        try:
            found = read_text(text)
        except BadInput as error:
            assert str(error)
        else:
            assert read_text(written(found)) == found


def test_a_size_whose_name_cannot_be_is_a_mistake_of_the_file(tmp_path: Path) -> None:
    """Whatever is written there."""
    use = "{p50: 1, p95: 1, p99_5: 1, peak: 1, instant: 1, request: 1}"
    passport = "rule: p95, n: 1, source: seen, as_of: 2026-11"
    file = tmp_path / "fit.yaml"
    file.write_text(f"sizes:\n  {'x' * 300}: {{cpu: {use}, memory: {use}, {passport}}}\n")
    with pytest.raises(BadInput, match=r"fit\.yaml") as told:
        read_fit(file)

    assert "at most 200 characters" in str(told.value)
