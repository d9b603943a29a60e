"""How many copies autoscalers want: Kubernetes' rule, and ECS's alarms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import catalog
from sim.platforms.scaling.horizontal_pod import HorizontalPodAutoscaler
from sim.platforms.scaling.target_tracking import TargetTracking

HPA = HorizontalPodAutoscaler(
    every=15.0, tolerance=0.1, stabilization=300.0, most_pods=4, most_share=1.0, up_period=15.0
)
ECS = TargetTracking(every=60.0, out_points=3, in_points=15, in_below=0.9, cooldown=300.0)


@pytest.mark.parametrize(
    ("use", "pods", "wanted"),
    [
        (0.90, 4, 6),
        (0.64, 5, 5),
        (0.66, 5, 5),
        (0.67, 5, 6),
        (0.54, 5, 5),
        (0.30, 6, 3),
        (0.6, 3, 3),
    ],
)
def test_pods_follow_the_ratio_of_use_to_target_outside_a_tolerance(
    use: float, pods: int, wanted: int
) -> None:
    """ceil(pods x use / target): four at 90% of 60% become six; five at 64% stay."""
    assert HPA.desired([use] * pods, 0, 0.6) == wanted


def test_pods_that_are_not_ready_count_as_idle_on_the_way_up() -> None:
    """Six at 90%, three of them not ready yet: what is there on its way may be enough."""
    assert HPA.desired([0.9] * 3, 3, 0.6) == 6
    assert HPA.desired([1.8] * 3, 3, 0.6) == 9
    assert HPA.desired([], 3, 0.6) == 3


def test_pods_go_only_once_nobody_has_wanted_them_for_five_minutes() -> None:
    """The highest recommendation of the last 300 s counts."""
    live = HPA.begin(0.6, 1, 100)
    assert live.decide(0.0, [0.9] * 4, 0) == 6
    counts = [live.decide(15.0 * n, [0.2] * 6, 0) for n in range(1, 25)]

    assert counts[:20] == [6] * 20  # up to 300 s
    assert counts[20] == 2


def test_pods_at_most_double_or_grow_by_four_in_a_period() -> None:
    """From one: five, ten, twenty."""
    live = HPA.begin(0.5, 1, 100)
    counts = [1]
    for n in range(3):
        counts.append(live.decide(15.0 * n, [50.0] * counts[-1], 0))

    assert counts == [1, 5, 10, 20]


@given(
    uses=st.lists(st.floats(0.0, 5.0), min_size=1, max_size=20),
    unready=st.integers(0, 20),
    target=st.floats(0.1, 1.0),
)
def test_pods_never_move_against_their_use(uses: list[float], unready: int, target: float) -> None:
    """Above the target none goes, below it none comes."""
    wanted, mean = HPA.desired(uses, unready, target), sum(uses) / len(uses)

    if mean > target:
        assert wanted >= len(uses) + unready
    else:
        assert wanted <= len(uses) + unready


def test_tasks_come_after_three_points_and_go_after_fifteen() -> None:
    """Two minutes above the target are none; the third asks for all that is missing."""
    live = ECS.begin(0.6, 1, 100)
    out = [live.decide(60.0 * n, [0.9] * 4, 0) for n in range(3)]
    live = ECS.begin(0.6, 1, 100)
    back = [live.decide(60.0 * n, [0.2] * 6, 0) for n in range(16)]

    assert out == [4, 4, 6]
    assert back[:14] == [6] * 14
    assert back[14] == 2


def test_tasks_that_are_on_their_way_are_not_asked_for_again() -> None:
    """The base is what runs: four at 120% want eight, of which four come already."""
    live = ECS.begin(0.6, 1, 100)
    counts = [live.decide(60.0 * n, [1.2] * 4, unready) for n, unready in enumerate((0, 0, 0, 4))]

    assert counts == [4, 4, 8, 8]


def test_the_defaults_of_both_are_cited() -> None:
    """Every 15 s and every minute."""
    assert float(catalog.autoscaler("hpa").every) == 15.0
    assert float(catalog.autoscaler("ecs").every) == 60.0
