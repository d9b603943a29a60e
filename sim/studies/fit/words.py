"""What is said of a fit."""

from collections.abc import Iterator, Mapping

from sim.core.quantity import shown_duration
from sim.studies.fit.answer import FitAnswer, FittedGroup
from sim.studies.fit.estimates.held_out import BAR, HeldOut
from sim.studies.fit.estimates.phases import FEW, FittedPhase
from sim.studies.fit.figures import dates
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
    "restarted": "a container that restarted no longer tells its first start: list pods soon after "
    "they start",
    "not ready yet": "list pods again when they are ready",
    "not started": "list tasks again when they run: aws ecs describe-tasks",
    "without the stamps of a pull": "a record of a start has pullStartedAt and pullStoppedAt: aws "
    "ecs describe-tasks",
}
"""What helps against a reason for which records are left out."""


def counted(left_out: Mapping[str, int]) -> str:
    """Reasons with how many: `42 restarted, 1 out of order`."""
    return ", ".join(f"{number} {reason}" for reason, number in left_out.items()) or "none is told"


def remedies(left_out: Mapping[str, int]) -> Iterator[str]:
    """What to do about the reasons."""
    yield from (REMEDIES[reason] for reason in left_out if reason in REMEDIES)


def sentences(answer: FitAnswer) -> Iterator[str]:
    """The answer: one sentence a platform, one for sizes."""
    for each in answer.groups:
        yield _platform(each)
    if answer.sizes:
        many = len(answer.sizes)
        names = "container" if many == 1 else "containers"
        yield f"Use of {many} {names}; the size of each by the rule {answer.question.rule}."


def _platform(each: FittedGroup) -> str:
    group, whole = each.group, each.whole
    n = len(group.starts)
    first, last = dates(group)
    version = f"platform {group.version}" if group.version else ""
    when = first if first == last else f"{first} to {last}"
    told = ", ".join(part for part in (version, when) if part)
    head = f"{n} {NOUNS[group.where][n != 1]}{f' ({told})' if told else ''}"
    if whole is None:
        return f"{head}: no record tells a whole start."
    slow = f", {shown(whole.p90_s)} at p90" if whole.p90_s is not None else ""
    at_most = f", at most {shown(whole.longest_s)}" if whole.n > 1 else ""
    middle = " in the median" if whole.n > 1 else ""
    return f"{head}: {ENDS[group.where]} takes {shown(whole.p50_s)}{middle}{slow}{at_most}."


def shown(seconds: float) -> str:
    """A time in a sentence: `13.8 s`, `45 ms`."""
    return shown_duration(seconds, least=0.9995)


def interval(phase: FittedPhase) -> str:
    """The 95 % interval of a median; `-` where the sample has none."""
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
            yield f"Nothing is judged: {judged.reason}."
            continue
        first = judged.of - judged.starts
        yield (
            f"Held out: the last {judged.starts} of {judged.of} starts, beside what the first "
            f"{first} would have said of them. A quantile passes within {100 * BAR:.0f} %."
        )
        if judged.of < FEW:
            yield f"Below {FEW} starts there is no verdict: these are points, and no proof."


def verdict(row: HeldOut) -> str:
    """A verdict as the table has it."""
    return "no bar" if row.verdict == "NO BAR" else row.verdict


def notes(answer: FitAnswer) -> Iterator[str]:
    """What to know of it."""
    if answer.left_out:
        yield f"left out: {counted(answer.left_out)}"
        yield from remedies(answer.left_out)
    for each in answer.groups:
        yield from each.notes
        yield from _line(each)
        yield from _second_kinds(each)
        if each.group.where in ("fargate", "ecs"):
            yield (
                "the API call and PROVISIONING come before createdAt: no record tells them, and "
                "request stays the catalogue's"
            )
        regions = {start.region for start in each.group.starts} - {""}
        if len(regions) > 1:
            yield f"the starts are of {len(regions)} regions, and are taken together"
        if any(phase.coarse for phase in each.phases):
            yield (
                "stamps of whole seconds: a phase lies within a second either way, and its median "
                "is that of the likeliest lognormal"
            )
    for basis in dict.fromkeys(size.rests_on for size in answer.sizes):
        if basis:
            yield f"sizes rest on: {basis}"
    yield from answer.notes


def _line(each: FittedGroup) -> Iterator[str]:
    line = each.line
    if line is not None:
        rate = f"{line.bytes_per_s / 1e6:.3g} MB/s"
        if line.low_bytes_per_s is not None and line.high_bytes_per_s is not None:
            low, high = line.low_bytes_per_s / 1e6, line.high_bytes_per_s / 1e6
            rate += f" (95 % interval {low:.3g} to {high:.3g})"
        yield f"a pull takes {shown(line.base_s)}, and its image's bytes come at {rate}"


def _second_kinds(each: FittedGroup) -> Iterator[str]:
    for phase in each.phases:
        if phase.phase.endswith("second kind"):
            least, most = phase.spells[0].seconds, phase.spells[-1].seconds
            yield (
                f"a second kind of start: {phase.n} take {shown(least)} to {shown(most)} after the "
                f"pull, at least twice as long as any other, and are fitted apart"
            )
