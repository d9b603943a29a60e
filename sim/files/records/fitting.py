"""`sim.fit`: files of records in, figures of one's own out."""

from os import PathLike
from pathlib import Path

from sim.core.question import BadInput, ask
from sim.files.records.reading import read_records
from sim.studies.fit.answer import FitAnswer
from sim.studies.fit.question import FitQuestion
from sim.studies.fit.study import answer


def fit(
    *files: str | PathLike[str], holdout: float = 0.3, rule: str = "vpa", names: bool = False
) -> FitAnswer:
    """The phases of one's own starts, and how far off they are.

    Args:
        files: records of ECS tasks, pods and events, `docker events` and `docker stats`, Container
            Insights, kube-burner, node-latency-for-k8s, ranges of Prometheus, recommendations of a
            vertical autoscaler or of KRR; `-` is standard input.
        holdout: share of the starts, the last in time, that nothing is fitted to.
        rule: how sizes are made of what containers use.
        names: keep the names of containers.

    Raises:
        BadInput: all that is wrong with the files, one mistake a line, or nothing in them is of
            use.
    """
    if not files:
        raise BadInput("files: it is missing; records of starts or of use")
    question = ask(FitQuestion, {"holdout": holdout, "rule": rule, "names": names})
    return answer(question, read_records([Path(each) for each in files]))
