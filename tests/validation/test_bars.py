"""Cases, errors, bars and verdicts."""

import pytest

from sim.validation.bars import Bar, summaries, verdict
from sim.validation.case import Case


def case(
    error: float | None, *, split: str = "held out", bar: float | None = 50.0, tag: str = ""
) -> Case:
    """A case that is `error` percent off; None: not predicted."""
    return Case(
        group="g",
        case="c",
        unit="s",
        measured=2.0,
        split=split,  # type: ignore[arg-type]
        predicted=None if error is None else 2.0 * (1.0 + error / 100.0),
        bar_pct=bar,
        reason="" if error is not None else "its name is not known",
        tags=frozenset([tag] if tag else []),
    )


def test_an_error_is_signed_and_a_percentage_of_what_was_measured() -> None:
    """1 s where 2 were measured is -50%."""
    assert case(-50.0).error_pct == pytest.approx(-50.0)


@pytest.mark.parametrize(
    ("error", "bar", "inside"),
    [(19.0, 20.0, True), (-21.0, 20.0, False), (0.0, None, None), (None, 20.0, None)],
)
def test_inside_is_said_only_where_there_are_bar_and_prediction(
    error: float | None, bar: float | None, inside: bool | None
) -> None:
    """No bar is never a pass."""
    assert case(error, bar=bar).inside is inside


def test_json_leaves_out_what_is_not_known() -> None:
    """And has the reason instead."""
    known, unknown = case(10.0).json(), case(None).json()

    assert set(known) == {
        *("group", "case", "measured", "unit", "predicted"),
        *("error_pct", "split", "bar_pct", "inside"),
    }
    assert "predicted" not in unknown and "error_pct" not in unknown and "inside" not in unknown
    assert unknown["reason"] == "its name is not known"
    assert "inside" not in case(10.0, bar=None).json()


@pytest.mark.parametrize(
    ("bar", "held"),
    [
        (Bar("median", 10.1), True),
        (Bar("median", 9.0), False),
        (Bar("p90", 31.0), False),
        (Bar("p90", 33.0), True),
        (Bar("median", 1.0, "quota"), False),
        (Bar("median", 5.1, "calibrated"), True),
        (Bar("outside", 19.0), False),
        (Bar("outside", 20.0), True),
        (Bar("outside", 0.0, "calibrated"), True),
        (Bar("outside", 0.0, "quota"), True),
        (Bar("outside", 24.0, "held out"), False),
    ],
)
def test_bars_are_of_absolute_errors(bar: Bar, held: bool) -> None:
    """Errors of -10, 10, 20, -40 and 5%: one has a quota, the last is calibrated, -40 outside."""
    cases = [
        case(-10.0),
        case(10.0, tag="quota"),
        case(20.0),
        case(-40.0, bar=30.0),
        case(5.0, split="calibrated"),
    ]
    found = verdict("g", bar, cases)

    assert found is not None and found.held is held


def test_without_a_case_there_is_no_verdict() -> None:
    """Neither for no cases nor for cases without a prediction or without a bar."""
    assert verdict("g", Bar("median", 10.0), []) is None
    assert verdict("g", Bar("median", 10.0), [case(1.0, bar=None)]) is None
    assert verdict("g", Bar("median", 10.0), [case(None)]) is None


def test_a_summary_has_median_worst_and_bias_of_each_split() -> None:
    """Median of the absolute errors, the worst with its sign, the mean with its sign."""
    (calibrated, held_out) = summaries(
        [case(-60.0), case(10.0), case(20.0), case(1.0, split="calibrated"), case(None)]
    )

    assert (calibrated.split, calibrated.cases, calibrated.outside) == ("calibrated", 1, 0)
    assert held_out.median_pct == pytest.approx(20.0)
    assert held_out.worst_pct == pytest.approx(-60.0)
    assert held_out.bias_pct == pytest.approx(-10.0)
    assert held_out.outside == 1
