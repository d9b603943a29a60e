"""The answer about a call graph, in the words of an engineer."""

import math

from sim.core.quantity import shown_number
from sim.experiment.statistics.estimate import Estimate
from sim.studies.calls.answer import CallsAnswer, ServiceAnswer, shown_time


def sentences(answer: CallsAnswer) -> list[str]:
    """What users wait for, what stops them, and what one program would do."""
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
    """The 95 % interval of a time."""
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
    at = (
        f"at {shown_rate(question.per_second)}"
        if question.per_second
        else f"when {question.users} users ask, at {shown_rate(answer.throughput_per_s.value)}"
    )
    text = f"A user waits {', '.join(said)} {at}" if said else f"Too few requests {at}"
    slow = [entry for entry in answer.entries if "p95_s" in entry.times]
    if len(slow) > 1:
        worst = max(slow, key=lambda entry: entry.times["p95_s"].value)
        text += (
            f"; {worst.name} is the slowest entry (p95 {shown_time(worst.times['p95_s'].value)})"
        )
    largest = max(answer.services, key=lambda each: each.p95_part_s or 0.0, default=None)
    if largest is not None and largest.p95_part_s and len(answer.services) > 1:
        text += f"; {shown_time(largest.p95_part_s)} of p95 are spent in {largest.name}"
    if answer.failed > 0.0:
        text += f"; {_share(answer.failed)} of the answers are errors"
    return f"{text}."


def _stops(answer: CallsAnswer) -> str:
    first, second = answer.bottleneck, answer.next_bottleneck
    if first is None:
        return "No service does any CPU work, so none saturates."
    rate, together = first.saturates_per_s, answer.hosts_saturate_per_s
    if together <= rate:
        many = "The host's CPU" if answer.hosts == 1 else f"The CPU of {answer.hosts} hosts"
        return (
            f"{many} saturates first, at {shown_rate(together)}; {first.name}, the first service, "
            f"would at {shown_rate(rate)}."
        )
    what = f"{_busy(first)} at {shown_rate(answer.throughput_per_s.value)}"
    text = f"{first.name} saturates first, at {shown_rate(rate)} ({what})"
    if second is None:
        return f"{text}. With one more copy, it saturates at {shown_rate(_scaled(first))}."
    more = "one more copy"
    if _scaled(first) < second.saturates_per_s:
        more = f"{first.copies_for(second.saturates_per_s)} copies of it"
    return f"{text}. With {more}, {second.name} is next, at {shown_rate(second.saturates_per_s)}."


def _busy(service: ServiceAnswer) -> str:
    if service.stopped_by == "threads":
        return "its threads are held while its calls wait;"
    return f"its CPU is {service.use:.0%} busy"


def _scaled(service: ServiceAnswer) -> float:
    return service.saturates_per_s * (service.copies + 1) / service.copies


def _one_program(answer: CallsAnswer) -> str:
    one = answer.one_program
    assert one is not None
    text = (
        f"As one program on the same {one.vcpus:g} vCPUs: p95 {shown_time(one.p95_s.value)}, "
        f"saturates at {shown_rate(one.saturates_per_s)}"
    )
    p95 = answer.all.times.get("p95_s")
    why = " (it pools the cores, and no call leaves it)"
    better = p95 is not None and one.p95_s.value < p95.value
    first = answer.bottleneck
    alone = first.name if first else "each of them"
    return f"{text}{why if better else ''}. As services, {alone} can grow alone."


def _scaling(answer: CallsAnswer) -> str:
    scaling, question = answer.scaling, answer.question
    assert scaling is not None and question.ramp is not None
    ramp = question.ramp
    what = "ramp" if ramp.seconds else "step"
    rates = f"from {shown_rate(ramp.begin)} to {shown_rate(ramp.end)}"
    who = {"hpa": "the HPA", "ecs": "ECS target tracking"}[question.autoscale or "hpa"]
    text = f"With {who} at {question.target:.0%}, a {what} {rates} is served within "
    text += f"{shown_time(scaling.within_s)} "
    if scaling.holds_again_s is None:
        return (
            f"{text}not again in the 20 minutes after it: {_share(scaling.late.value)} are later."
        )
    after = scaling.holds_again_s.value
    text += f"again after {after:.0f} s" if after > 0.0 else "all the time"
    if scaling.new_copy_s is not None:
        text += f" (a copy is ready {scaling.new_copy_s.value:.0f} s after it is asked for)"
    late = f"; {_share(scaling.late.value)} of the answers were later meanwhile" if after else ""
    return f"{text}{late}."


def notes(answer: CallsAnswer) -> list[str]:
    """What the numbers rest on."""
    lines = []
    if not answer.keeps_up:
        lines.append(
            f"It does not keep up: {shown_rate(answer.throughput_per_s.value)} are answered, the "
            "rest waits, and the longer it lasts the longer; what users wait is that of this run."
        )
    question = answer.question
    if question.platform is None:
        lines.append("Each copy has a machine to itself; --platform puts them on hosts.")
    elif answer.hosts:
        host = question.host or question.instance
        lines.append(f"On {answer.hosts} {host} ({question.platform}).")
    lines.append(
        "Parts of p50 and p95 are those of the requests around it, on the way that the request "
        "waited for; they sum to it."
    )
    if any(s.pool_saturates < math.inf for s in answer.services):
        lines.append(
            "A pool saturates at the time that a thread is held now; busier callees hold it longer."
        )
    if answer.one_more:
        lines.append(
            "One copy more: what it does to p95, run under the same random numbers; tried for "
            "those that are a twentieth of p95 or more."
        )
    lines.append("The time of a hop is assumed (sim parameters network.hop).")
    return [*lines, *(f"Not given: {reason}." for reason in answer.refused.values())]


def _share(part: float) -> str:
    return f"{part:.1%}" if part >= 0.001 else f"{part:.2%}"
