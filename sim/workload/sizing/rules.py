"""The published rules by which a program is given a size for what it was seen to use.

Each rule is pure: from the use of CPU and of memory to a size. What a rule refuses, or what nobody
has seen, stays as it is, and the answer says so.
"""

from typing import Literal, NamedTuple, Protocol

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.workload.sizing.histogram import Buckets, peaks
from sim.workload.sizing.use import Seen, Series, Use

DAY = 86400.0


class TooLittle(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """A rule refuses what was seen: too few readings, or too short a time."""


class Advised(NamedTuple):
    """What a rule gives of one resource."""

    request: float
    limit: float | None
    """None: none."""
    said: str
    """Of what, in words: `p95`, `peak x 1.15`."""


class Rule(Protocol):
    """A published rule."""

    def cpu(self, use: Use) -> Advised:
        """vCPUs, of a use of which more is known than one instant.

        Raises:
            TooLittle: it refuses.
        """

    def memory(self, use: Use) -> Advised:
        """Bytes; raises as `cpu`."""


class RightSize(NamedTuple):
    """A size, and what each half of it rests on."""

    cpu: float
    memory: float
    cpu_from: str
    memory_from: str
    cpu_limit: float | None = None
    memory_limit: float | None = None


@description
class Instant:
    """What is made of one reading, which no rule takes."""

    cpu_factor: Number
    memory_factor: Number


@description
class ComputeOptimizer:
    """AWS Compute Optimizer: a percentile of CPU, the peak of memory, and headroom on both."""

    cpu_percentile: Number
    cpu_headroom: Number
    memory_headroom: Number

    def cpu(self, use: Use) -> Advised:
        """The percentile and its headroom."""
        return _times(use.at(plain(self.cpu_percentile)), 1.0 + plain(self.cpu_headroom))

    def memory(self, use: Use) -> Advised:
        """The peak and its headroom."""
        return _times(use.at(1.0), 1.0 + plain(self.memory_headroom))


@description
class VerticalPodAutoscaler:
    """The recommender of Kubernetes' VPA: percentiles of fading histograms, and a margin."""

    percentile: Number
    lower_percentile: Number
    upper_percentile: Number
    margin: Number
    half_life: Number
    """Seconds in which a sample loses half of its weight."""
    memory_interval: Number
    """Seconds of which the peak is one sample of memory."""
    memory_intervals: Number
    """How many of them are looked back on."""
    cpu_buckets: Buckets
    memory_buckets: Buckets
    least_cpu: Number
    least_memory: Number
    lower_multiplier: Number
    lower_exponent: Number
    """Of a division: lower bounds are divided by (1 + multiplier / confidence) to this power."""
    upper_multiplier: Number
    upper_exponent: Number

    def cpu(self, use: Use) -> Advised:
        """The target; limits are left alone."""
        return self._target(use, self.cpu_buckets, plain(self.least_cpu))

    def memory(self, use: Use) -> Advised:
        """The target on the peaks of days."""
        return self._target(_peaks_of(self, use), self.memory_buckets, plain(self.least_memory))

    def cpu_bounds(self, use: Use) -> tuple[float, float]:
        """Lower and upper bound of vCPUs.

        Raises:
            TooLittle: there is no series, or one of a single moment.
        """
        bounds = self._bounds(use, use, self.cpu_buckets)
        return max(bounds[0], plain(self.least_cpu)), max(bounds[1], plain(self.least_cpu))

    def memory_bounds(self, use: Use) -> tuple[float, float]:
        """Lower and upper bound of bytes; raises as `cpu_bounds`."""
        bounds = self._bounds(use, _peaks_of(self, use), self.memory_buckets)
        return max(bounds[0], plain(self.least_memory)), max(bounds[1], plain(self.least_memory))

    def _target(self, use: Use, buckets: Buckets, least: float) -> Advised:
        share, margin = plain(self.percentile), 1.0 + plain(self.margin)
        if use.series is None:
            seen = use.at(share)
            seen = Seen(buckets.end(seen.amount), seen.said)
        else:
            half_life = plain(self.half_life)
            amount = buckets.percentile(use.series, share, half_life)
            seen = Seen(amount, f"p{100 * share:g} of a fading histogram")
        advised = _times(seen, margin)
        return advised._replace(request=max(least, advised.request))

    def _bounds(self, all_of_it: Use, use: Use, buckets: Buckets) -> tuple[float, float]:
        if all_of_it.series is None or use.series is None:
            raise TooLittle("bounds hang on how long and how often was looked: a series is needed")
        trust = confidence(all_of_it.series)
        if trust <= 0.0:
            raise TooLittle("bounds hang on how long was looked: one moment tells nothing")
        half_life, margin = plain(self.half_life), 1.0 + plain(self.margin)
        low = buckets.percentile(use.series, plain(self.lower_percentile), half_life) * margin
        high = buckets.percentile(use.series, plain(self.upper_percentile), half_life) * margin
        exponent = -plain(self.lower_exponent)
        return (
            with_confidence(low, trust, plain(self.lower_multiplier), exponent),
            with_confidence(high, trust, plain(self.upper_multiplier), plain(self.upper_exponent)),
        )


@description
class Krr:
    """Robusta's KRR: a percentile of CPU without a limit, the peak of memory and a buffer."""

    cpu_percentile: Number
    memory_buffer: Number
    least_points: Number
    least_span: Number
    """Seconds."""
    least_cpu: Number
    least_memory: Number

    def cpu(self, use: Use) -> Advised:
        """The percentile, at least the floor; no limit."""
        self._enough(use)
        seen = use.at(plain(self.cpu_percentile))
        return Advised(max(seen.amount, plain(self.least_cpu)), None, seen.said)

    def memory(self, use: Use) -> Advised:
        """The peak and the buffer; the limit is the request."""
        self._enough(use)
        advised = _times(use.at(1.0), 1.0 + plain(self.memory_buffer))
        bytes_ = max(advised.request, plain(self.least_memory))
        return Advised(bytes_, bytes_, advised.said)

    def _enough(self, use: Use) -> None:
        if use.series is None:
            return  # somebody else has made quantiles of it, and had enough for them
        points, span = len(use.series.times), use.series.span
        if points < plain(self.least_points):
            raise TooLittle(f"{points} readings, and KRR needs {plain(self.least_points):g}")
        if span < plain(self.least_span):
            raise TooLittle(
                f"{span / 3600:.3g} h of readings, and KRR needs {plain(self.least_span) / 3600:g}"
            )


@description
class Goldilocks:
    """Fairwinds' Goldilocks, its burstable answer: the VPA's bounds as request and limit.

    Its guaranteed answer is the target of the VPA for both.
    """

    vpa: VerticalPodAutoscaler

    def cpu(self, use: Use) -> Advised:
        """From the lower bound to the upper one."""
        return Advised(*self.vpa.cpu_bounds(use), "bounds of the VPA")

    def memory(self, use: Use) -> Advised:
        """From the lower bound to the upper one."""
        return Advised(*self.vpa.memory_bounds(use), "bounds of the VPA")


@description
class AsIs:
    """No rule: what it has, it keeps."""


def right_size(
    rule: Rule | AsIs, cpu: Use, memory: Use, *, has_cpu: float, has_memory: float, instant: Instant
) -> RightSize:
    """The size that a rule gives, and what it rests on.

    Args:
        cpu: use in vCPUs.
        memory: use in bytes.
        has_cpu: vCPUs that it has now; kept where the rule gives none.
        has_memory: bytes, as `has_cpu`.
        instant: what is made of one reading.
    """
    one = _advised(rule, "cpu", cpu, has_cpu, plain(instant.cpu_factor))
    other = _advised(rule, "memory", memory, has_memory, plain(instant.memory_factor))
    return RightSize(one.request, other.request, one.said, other.said, one.limit, other.limit)


def _advised(
    rule: Rule | AsIs, resource: Literal["cpu", "memory"], use: Use, has: float, factor: float
) -> Advised:
    """By the rule; else from one reading, and never more than it has; else as it is."""
    kept = Advised(has, None, "as it is")
    if isinstance(rule, AsIs):
        return kept
    if not use.several:
        once = use.instant
        said = f"one instant x {factor:g}"
        return kept if once is None else Advised(min(has, once * factor), None, said)
    try:
        return rule.cpu(use) if resource == "cpu" else rule.memory(use)
    except TooLittle as refusal:
        return kept._replace(said=f"as it is: {refusal}")


def confidence(series: Series) -> float:
    """How far the VPA trusts a history: its days, or its minutes with a sample, the fewer."""
    return min(series.span / DAY, len(series.times) / 1440.0)


def with_confidence(base: float, trust: float, multiplier: float, exponent: float) -> float:
    """A bound, the farther from its base the less is known (estimator.go)."""
    return float(base * (1.0 + multiplier / trust) ** exponent)


def _peaks_of(vpa: VerticalPodAutoscaler, use: Use) -> Use:
    """Memory as the VPA looks at it: the peak of each day, of the last eight."""
    if use.series is None:
        return use if use.peak is None else Use(peak=use.peak)
    every = peaks(use.series, plain(vpa.memory_interval))
    kept = int(plain(vpa.memory_intervals))
    return Use(series=Series(times=every.times[-kept:], amounts=every.amounts[-kept:]))


def _times(seen: Seen, factor: float) -> Advised:
    request = seen.amount * factor
    return Advised(request, None, f"{seen.said} x {factor:g}")
