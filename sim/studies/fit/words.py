"""What is said of a fit."""

from collections.abc import Iterator, Mapping

from sim.core.cited import Cited
from sim.core.quantity import shown_duration
from sim.studies.fit.answer import FitAnswer, FittedGroup
from sim.studies.fit.estimates.held_out import BAR, HeldOut
from sim.studies.fit.estimates.phases import FEW, FittedPhase
from sim.studies.fit.figures import dates, key_of, less, was
from sim.studies.fit.observed import Observed

NOUNS: dict[Observed, tuple[str, str]] = {
    "fargate": ("Fargate start", "Fargate starts"),
    "ecs": ("ECS start on EC2", "ECS starts on EC2"),
    "kubernetes": ("pod", "pods"),
    "docker": ("Docker container", "Docker containers"),
    "node": ("Kubernetes node", "Kubernetes nodes"),
}
ENDS: dict[Observed, str] = {
    "fargate": "created to started",
    "ecs": "created to started",
    "kubernetes": "created to ready",
    "docker": "created to up",
    "node": "pending to ready",
}
REMEDIES = {
    "restarted": "a pod that restarted has lost the times of its first start: list pods soon after "
    "they start",
    "not ready yet": "list pods again when they are ready",
    "not started": "list tasks again when they are running: aws ecs describe-tasks",
    "without the timestamps of a pull": "records of a start need pullStartedAt and pullStoppedAt: "
    "aws ecs describe-tasks",
}
"""What to do about records that are left out for a reason."""


def counted(left_out: Mapping[str, int]) -> str:
    """Reasons with how many: `42 restarted, 1 out of order`."""
    return (
        ", ".join(f"{number} {reason}" for reason, number in left_out.items())
        or "no start is in it"
    )


def remedies(left_out: Mapping[str, int]) -> Iterator[str]:
    """What to do about the reasons."""
    yield from (REMEDIES[reason] for reason in left_out if reason in REMEDIES)


def sentences(answer: FitAnswer) -> Iterator[str]:
    """The answer: how long starts take, how well they are predicted; then sizes."""
    for each in answer.groups:
        yield f"{_platform(each)} {_verdict(each)}".strip()
        yield from _outside(each)
    if answer.sizes:
        many = len(answer.sizes)
        names = "container" if many == 1 else "containers"
        yield f"Use of {many} {names}, sized by the rule {answer.question.rule}."


def _verdict(each: FittedGroup) -> str:
    """How many of the held-out quantiles are predicted; empty where none is judged."""
    rows = [row for row in each.judged.rows if row.verdict != "NO BAR"]
    off = [row for row in rows if row.verdict == "EXCEEDS"]
    if not rows:
        return ""
    head = (
        f"{len(rows) - len(off)} of {len(rows)} held-out quantiles are predicted within {BAR:.0%}"
    )
    if not off:
        return f"{head}."
    worst = max(off, key=lambda row: abs(row.error_pct))
    return (
        f"{head}; the worst is {worst.phase} p{100 * worst.quantile:.0f}, predicted "
        f"{shown(worst.predicted_s)} instead of {shown(worst.measured_s)}."
    )


def _outside(each: FittedGroup) -> Iterator[str]:
    """Phases whose median is outside of the catalogue's range."""
    told = []
    for phase in each.phases:
        before = was(key_of(each.group.where, phase.phase))
        if before is not None and not _within(before, phase.median_s - less(before.key)):
            told.append(f"{phase.phase} {shown(phase.median_s)} instead of {before.shown()}")
    if told:
        yield f"Outside the catalogue's range: {', '.join(told)}."


def _within(before: Cited, seconds: float) -> bool:
    low, high = before.low, before.high
    return (low is None or low <= seconds) and (high is None or seconds <= high)


def _platform(each: FittedGroup) -> str:
    group, whole = each.group, each.whole
    n = len(group.starts)
    first, last = dates(group)
    version = f"platform {group.version}" if group.version else ""
    when = first if first == last else f"{first} to {last}"
    told = ", ".join(part for part in (version, when) if part)
    head = f"{n} {NOUNS[group.where][n != 1]}{f' ({told})' if told else ''}"
    if whole is None:
        return f"{head}: no record covers a whole start."
    slow = f", {shown(whole.p90_s)} at p90" if whole.p90_s is not None else ""
    at_most = f", {shown(whole.longest_s)} at most" if whole.n > 1 else ""
    middle = " at the median" if whole.n > 1 else ""
    return f"{head}: {ENDS[group.where]} takes {shown(whole.p50_s)}{middle}{slow}{at_most}."


def shown(seconds: float) -> str:
    """A time in a sentence: `13.8 s`, `45 ms`."""
    return shown_duration(seconds, least=0.9995)


def interval(phase: FittedPhase) -> str:
    """The 95% interval of a median; `-` where the sample has none."""
    if phase.low_s is None or phase.high_s is None:
        return "-"
    if phase.high_s < 0.9995:
        return f"{1000 * phase.low_s:.0f} to {1000 * phase.high_s:.0f} ms"
    return f"{phase.low_s:.1f} to {phase.high_s:.1f} s"


def held_out(answer: FitAnswer) -> Iterator[str]:
    """How many starts were held out, and what the verdict rests on."""
    for each in answer.groups:
        judged = each.judged
        if judged.reason:
            yield f"The fit is not judged: {judged.reason}."
            continue
        first = judged.of - judged.starts
        yield (
            f"Held out: the last {judged.starts} of {judged.of} starts, predicted from the first "
            f"{first}. A quantile passes within {BAR:.0%}."
        )
        if judged.of < FEW:
            yield f"With fewer than {FEW} starts there is no verdict."


def verdict(row: HeldOut) -> str:
    """A verdict as the table has it."""
    return {"PASS": "pass", "EXCEEDS": "exceeds", "NO BAR": "too few"}[row.verdict]


def warnings(answer: FitAnswer) -> Iterator[str]:
    """Records that are not used, and what to do about that."""
    if answer.left_out:
        yield f"left out: {counted(answer.left_out)}"
        yield from remedies(answer.left_out)


def notes(answer: FitAnswer) -> Iterator[str]:
    """What the fit rests on."""
    for each in answer.groups:
        yield from each.notes
        yield from _line(each)
        yield from _second_kinds(each)
        if each.group.where in ("fargate", "ecs"):
            yield (
                "records begin at createdAt, after the API call and PROVISIONING: the request "
                "phase stays the catalogue's"
            )
        regions = {start.region for start in each.group.starts} - {""}
        if len(regions) > 1:
            yield f"the starts are from {len(regions)} regions and are fitted together"
        if any(phase.coarse for phase in each.phases):
            yield (
                "timestamps are whole seconds, so each phase is known to a second either way; its "
                "median is that of the best-fitting lognormal"
            )
    for basis in dict.fromkeys(size.rests_on for size in answer.sizes):
        if basis:
            yield f"sizes are based on: {basis}"
    yield from answer.notes


def _line(each: FittedGroup) -> Iterator[str]:
    line = each.line
    if line is not None:
        rate = f"{line.bytes_per_s / 1e6:.3g} MB/s"
        if line.low_bytes_per_s is not None and line.high_bytes_per_s is not None:
            low, high = line.low_bytes_per_s / 1e6, line.high_bytes_per_s / 1e6
            rate += f" (95% interval {low:.3g} to {high:.3g})"
        yield f"a pull takes {shown(line.base_s)} plus the bytes of the image at {rate}"


def _second_kinds(each: FittedGroup) -> Iterator[str]:
    for phase in each.phases:
        if phase.phase.endswith("second kind"):
            least, most = phase.spells[0].seconds, phase.spells[-1].seconds
            yield (
                f"{phase.n} starts take {shown(least)} to {shown(most)} after the pull, at least "
                f"twice as long as any other; they are fitted separately"
            )
