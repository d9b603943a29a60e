"""`sim fit`: records in, figures of one's own out."""

from collections import Counter

from sim.core.question import BadInput
from sim.studies.fit.answer import FitAnswer, FittedGroup
from sim.studies.fit.estimates.held_out import judged
from sim.studies.fit.estimates.phases import phases_of
from sim.studies.fit.estimates.pull_line import pull_line
from sim.studies.fit.estimates.triangle import triangle
from sim.studies.fit.groups import PlatformStarts, grouped
from sim.studies.fit.observed import Records
from sim.studies.fit.question import FitQuestion
from sim.studies.fit.sizes import sizes_of
from sim.studies.fit.words import counted, remedies


def answer(question: FitQuestion, records: Records) -> FitAnswer:
    """The figures that records tell, and how they stand up to the last of them.

    Raises:
        BadInput: not one record is of use; by reason, how many are not.
    """
    groups, left = grouped([] if question.sizes else records.starts)
    left_out = Counter(records.left_out) + left
    if question.sizes and not records.usages:
        raise BadInput("sizes: nothing in the records tells what a container uses")
    if not groups and not records.usages:
        lines = [f"no start can be used: {counted(left_out)}", *remedies(left_out)]
        raise BadInput("\n".join(lines))
    return FitAnswer(
        question=question,
        groups=tuple(_fitted(each, question) for each in groups),
        sizes=tuple(sizes_of(records.usages, question.rule, names=question.names)),
        left_out=dict(sorted(left_out.items(), key=lambda item: (-item[1], item[0]))),
        notes=tuple(records.notes),
    )


def _fitted(group: PlatformStarts, question: FitQuestion) -> FittedGroup:
    phases, notes = phases_of(group.starts)
    return FittedGroup(
        group=group,
        phases=tuple(phases),
        judged=judged(group.starts, question.holdout),
        notes=tuple(notes),
        corners=triangle(group.starts, question.holdout),
        line=pull_line(group.starts),
    )
