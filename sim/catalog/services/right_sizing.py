"""The published rules of right-sizing, with the defaults of those who publish them."""

from collections.abc import Callable
from typing import Literal, TypeAlias

from sim.catalog.figures import figure
from sim.core.names import unknown
from sim.workload.sizing.histogram import Buckets
from sim.workload.sizing.rules import (
    AsIs,
    ComputeOptimizer,
    Goldilocks,
    Instant,
    Krr,
    RightSize,
    Rule,
    VerticalPodAutoscaler,
)
from sim.workload.sizing.rules import right_size as sized_by
from sim.workload.sizing.use import Use

RuleName: TypeAlias = Literal["compute-optimizer", "vpa", "krr", "goldilocks", "as-is"]


def compute_optimizer() -> ComputeOptimizer:
    """What is taken where no preference is set."""
    return ComputeOptimizer(
        cpu_percentile=figure("compute_optimizer.cpu_percentile"),
        cpu_headroom=figure("compute_optimizer.cpu_headroom"),
        memory_headroom=figure("compute_optimizer.memory_headroom"),
    )


def vertical_pod_autoscaler() -> VerticalPodAutoscaler:
    """The recommender with the defaults of its flags."""
    growth = figure("vpa.histogram.growth")
    return VerticalPodAutoscaler(
        percentile=figure("vpa.percentile"),
        lower_percentile=figure("vpa.lower_percentile"),
        upper_percentile=figure("vpa.upper_percentile"),
        margin=figure("vpa.margin"),
        half_life=figure("vpa.half_life"),
        memory_interval=figure("vpa.memory_interval"),
        memory_intervals=figure("vpa.memory_intervals"),
        cpu_buckets=Buckets(first=figure("vpa.histogram.first_cpu"), growth=growth),
        memory_buckets=Buckets(first=figure("vpa.histogram.first_memory"), growth=growth),
        least_cpu=figure("vpa.least_cpu"),
        least_memory=figure("vpa.least_memory"),
        lower_multiplier=figure("vpa.lower_multiplier"),
        lower_exponent=figure("vpa.lower_exponent"),
        upper_multiplier=figure("vpa.upper_multiplier"),
        upper_exponent=figure("vpa.upper_exponent"),
    )


def krr() -> Krr:
    """Its simple strategy."""
    return Krr(
        cpu_percentile=figure("krr.cpu_percentile"),
        memory_buffer=figure("krr.memory_buffer"),
        least_points=figure("krr.least_points"),
        least_span=figure("krr.least_span"),
        least_cpu=figure("krr.least_cpu"),
        least_memory=figure("krr.least_memory"),
    )


RULES: dict[str, Callable[[], Rule | AsIs]] = {
    "compute-optimizer": compute_optimizer,
    "vpa": vertical_pod_autoscaler,
    "krr": krr,
    "goldilocks": lambda: Goldilocks(vpa=vertical_pod_autoscaler()),
    "as-is": AsIs,
}
"""The rules by name."""


def right_size(name: str, cpu: Use, memory: Use, *, has_cpu: float, has_memory: float) -> RightSize:
    """The size that the rule of that name gives, and what it rests on.

    Args:
        name: `compute-optimizer`, `vpa`, `krr`, `goldilocks` or `as-is`.
        cpu: use in vCPUs.
        memory: use in bytes.
        has_cpu: vCPUs that it has now; kept where the rule gives none.
        has_memory: bytes, as `has_cpu`.

    Raises:
        UnknownName: there is no such rule.
    """
    if name not in RULES:
        raise unknown("rule", name, RULES)
    instant = Instant(
        cpu_factor=figure("size.instant.cpu_factor"),
        memory_factor=figure("size.instant.memory_factor"),
    )
    rule = RULES[name]()
    return sized_by(rule, cpu, memory, has_cpu=has_cpu, has_memory=has_memory, instant=instant)
