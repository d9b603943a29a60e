"""Files of an application, as verbs take them beside their own options."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Annotated, Any

from sim.core.description import description
from sim.core.question import BadInput, Question, Typed, ask, differing, typed
from sim.files.question import Paths, ReadQuestion
from sim.files.reading import understood
from sim.workload import Application


@description
class OwnFiles(Question):
    """Files that describe an application of one's own."""

    files: Annotated[Paths, Typed(shape="<file>...", argument=True, repeats=True)] = ()
    """Compose files, Kubernetes manifests, ECS task definitions, an application of one's own, or a
    folder of them; - is standard input."""

    def application(self, question: object, heeded: Sequence[str]) -> Application:
        """The application in them.

        Args:
            question: what else was asked.
            heeded: names of its fields that have an effect on an application.

        Raises:
            BadInput: they cannot be read, or a field was given that has no effect.
        """
        idle = [name for name in differing(question) if name not in heeded]
        if idle:
            first = typed(type(question), sorted(idle)[0]).name
            few = [f"--{typed(type(question), name).name}" for name in heeded][:6]
            raise BadInput(
                f"{first}: not allowed beside files, which say what runs; they go with "
                f"{', '.join(few)}"
            )
        return understood(ask(ReadQuestion, {"files": self.files}))


def shared(question: object, heeded: Sequence[str]) -> dict[str, Any]:
    """The fields of a question that an answer about an application takes as well."""
    names = {field.name for field in fields(question)}  # type: ignore[arg-type]
    return {name: getattr(question, name) for name in heeded if name in names}
