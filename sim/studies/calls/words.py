"""The answer about a call graph, in the words of an engineer."""

import math
from collections.abc import Iterator

from sim.core.quantity import shown_number
from sim.experiment.statistics.estimate import Estimate
from sim.studies.calls.answer import CallsAnswer, ServiceAnswer, shown_time
from sim.studies.platforms import row


def sentences(answer: CallsAnswer) -> list[str]:
    """What users wait for and the bottleneck; what one program would do; how it scales."""
    lines = [f"{_waits(answer)} {_stops(answer)}".strip()]
    lines += [_one_program(answer)] if answer.one_program is not None else []
    lines += [_scaling(answer)] if answer.scaling is not None else []
    return lines


def shown_rate(rate: float) -> str:
    """Requests a second: `236/s`, `7.8/s`."""
    if rate >= 100.0:
        return f"{rate:,.0f}/s"
    return f"{shown_number(float(f'{rate:.3g}'))}/s"


def shown_difference(seconds: float) -> str:
    """A change of a time: `p95 -38 ms`, `none`."""
    if abs(seconds) < 5e-5:
        return "none"
    return f"p95 {'-' if seconds < 0.0 else '+'}{shown_time(abs(seconds))}"


def shown_interval(estimate: Estimate) -> str:
    """The 95% interval of a time."""
    if estimate.low is None or estimate.high is None:
        return "-"
    return f"{shown_time(max(0.0, estimate.low))} to {shown_time(estimate.high)}"


def _waits(answer: CallsAnswer) -> str:
    times = answer.all.times
    said = [
        f"{shown_time(times[f'{p}_s'].value)} ({p})"
        for p in ("p50", "p95", "p99")
        if f"{p}_s" in times
    ]
    question = answer.question
    at = f"At {shown_rate(question.per_second or answer.throughput_per_s.value)}"
    who = "users" if question.per_second else f"{question.users} users"
    if not said:
        return f"{at} there are too few requests to say how long {who} wait."
    text = f"{at} {who} wait {', '.join(said)}."
    parts = [*_slowest(answer), *_largest(answer)]
    text += f" {'; '.join(parts)}." if parts else ""
    if answer.failed > 0.0:
        text += f" {_share(answer.failed)} of the answers are errors."
    return text


def _slowest(answer: CallsAnswer) -> Iterator[str]:
    """The entry whose users wait longest, of several."""
    slow = [entry for entry in answer.entries if "p95_s" in entry.times]
    if len(slow) > 1:
        worst = max(slow, key=lambda entry: entry.times["p95_s"].value)
        yield f"{worst.name} is the slowest entry (p95 {shown_time(worst.times['p95_s'].value)})"


def _largest(answer: CallsAnswer) -> Iterator[str]:
    """The service in which most of the p95 is spent, of several."""
    largest = max(answer.services, key=lambda each: each.p95_part_s or 0.0, default=None)
    if largest is not None and largest.p95_part_s and len(answer.services) > 1:
        yield f"{largest.name} takes {shown_time(largest.p95_part_s)} of the p95 of all requests"


def _stops(answer: CallsAnswer) -> str:
    first, second = answer.bottleneck, answer.next_bottleneck
    if first is None:
        return "No service does any CPU work, so none is a bottleneck."
    rate, together = first.saturates_per_s, answer.hosts_saturate_per_s
    if together <= rate:
        many = "The host's CPU" if answer.hosts == 1 else f"The CPU of {answer.hosts} hosts"
        return (
            f"{many} saturates at {shown_rate(together)}, before any service does; on hosts of its "
            f"own {first.name} would at {shown_rate(rate)}."
        )
    text = f"The bottleneck is {first.name}: it saturates at {shown_rate(rate)} ({_busy(first)})"
    if second is None:
        return f"{text}; one more copy makes that {shown_rate(_scaled(first))}."
    after = f"{second.name} is next at {shown_rate(second.saturates_per_s)}"
    if _scaled(first) >= second.saturates_per_s:
        return f"{text}; with one more copy, {after}."
    return f"{text}; with {first.copies_for(second.saturates_per_s)} copies, {after}."


def _busy(service: ServiceAnswer) -> str:
    if service.stopped_by == "threads":
        return "its threads are held while its calls wait"
    return f"its CPU is {service.use:.0%} busy now"


def _scaled(service: ServiceAnswer) -> float:
    return service.saturates_per_s * (service.copies + 1) / service.copies


def _one_program(answer: CallsAnswer) -> str:
    one = answer.one_program
    assert one is not None
    text = (
        f"As one program on the same {one.vcpus:g} vCPU: p95 {shown_time(one.p95_s.value)}, "
        f"saturates at {shown_rate(one.saturates_per_s)}"
    )
    p95 = answer.all.times.get("p95_s")
    why = " (it pools the cores and makes no calls over the network)"
    better = p95 is not None and one.p95_s.value < p95.value
    alone = answer.bottleneck.name if answer.bottleneck else "each"
    return f"{text}{why if better else ''}. Services let you scale {alone} on its own."


def _scaling(answer: CallsAnswer) -> str:
    scaling, question = answer.scaling, answer.question
    assert scaling is not None and question.ramp is not None
    ramp = question.ramp
    what = "ramp" if ramp.seconds else "step"
    rates = f"from {shown_rate(ramp.begin)} to {shown_rate(ramp.end)}"
    who = {"hpa": "the HPA", "ecs": "ECS target tracking"}[question.autoscale or "hpa"]
    within, late = shown_time(scaling.within_s), _share(scaling.late.value)
    text = f"With {who} at {question.target:.0%}, a {what} {rates}"
    if scaling.holds_again_s is None:
        return (
            f"{text} is never again served within {within} in the 20 minutes after it: {late} "
            "of the answers take longer."
        )
    after = scaling.holds_again_s.value
    text += f" is served within {within}" + (
        f" again after {after:.0f} s" if after else " throughout"
    )
    if scaling.new_copy_s is not None:
        text += f" (a new copy is ready {scaling.new_copy_s.value:.0f} s after it is requested)"
    return f"{text}; until then {late} of the answers take longer." if after else f"{text}."


def where(answer: CallsAnswer) -> str:
    """What the copies run on."""
    question = answer.question
    if question.platform is None:
        return "each copy on a machine of its own"
    if not answer.hosts:
        return f"{row(question.platform).phrase}, copies come and go"
    return f"on {answer.hosts} {question.host or question.instance} ({question.platform})"


def warnings(answer: CallsAnswer) -> list[str]:
    """What could make the answer wrong for its reader."""
    lines = [f"Not given: {reason}." for reason in answer.refused.values()]
    if answer.keeps_up:
        return lines
    rate = shown_rate(answer.throughput_per_s.value)
    told = f"The services do not keep up: only {rate} are answered, and the queue keeps growing"
    return [f"{told}; how long users wait depends on how long that lasts.", *lines]


def caveats(answer: CallsAnswer) -> list[str]:
    """What the numbers rest on."""
    times = answer.question.replications
    lines = ["On shared hosts: --platform."] if answer.question.platform is None else []
    lines.append(
        "of p50, of p95: what each service adds to the requests around that percentile, along the "
        "calls that they waited for; the parts sum to it."
    )
    if any(s.pool_saturates < math.inf for s in answer.services):
        lines.append(
            "Threads saturate at the time that each is held now; the busier the services that "
            "they call, the longer that is."
        )
    if answer.one_more:
        lines.append(
            "one more: the change of p95 with one more copy, under the same random numbers; tried "
            "for services that make up at least 5% of p95."
        )
    lines.append(
        f"Percentiles are means over {times} run{'' if times == 1 else 's'}. waterfall.png shows "
        "the request nearest to that p95; latency.png is simulated at other rates."
    )
    return [*lines, "The time of a network hop is assumed (sim explain network.hop)."]


def _share(part: float) -> str:
    return f"{part:.1%}" if part >= 0.001 else f"{part:.2%}"
