"""Files of an application, as verbs take them beside their own options."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from sim.core.description import description
from sim.core.names import UnknownName
from sim.core.question import BadInput, Mistake, Typed, ask, differing, names_of, typed
from sim.files.question import HowRead, Paths, ReadQuestion

if TYPE_CHECKING:
    from sim.workload import Application, Part

Q = TypeVar("Q")

HOW_READ = names_of(HowRead)
SAID_BY_FILES = frozenset({"app", "cpu", "memory"})
"""What files say of a service."""


@description
class OwnFiles(HowRead):
    """Files that describe an application of one's own."""

    files: Annotated[Paths, Typed(shape="FILE", argument=True, repeats=True)] = ()
    """Compose files, Kubernetes manifests, ECS task definitions, an application file of your own,
    or a folder of them; - is standard input."""

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """How files are read says nothing without any."""
        for name in HOW_READ:
            if name in given and not self.files:
                yield Mistake((name, "files"), "not allowed without files to read")

    def application(self, question: object, heeded: Sequence[str]) -> "Application":
        """The application in them.

        Args:
            question: what else was asked.
            heeded: names of its fields that have an effect on an application.

        Raises:
            BadInput: they cannot be read, or a field was given that has no effect.
        """
        from sim.files.reading import understood

        idle = [name for name in differing(question) if name not in heeded]
        if idle:
            first = typed(type(question), sorted(idle)[0]).name
            few = [f"--{typed(type(question), name).name}" for name in heeded][:6]
            raise BadInput(
                f"{first}: not allowed beside files, which say what runs; they go with "
                f"{', '.join(few)}"
            )
        how = {name: getattr(self, name) for name in HOW_READ}
        return understood(ask(ReadQuestion, {"files": self.files, **how}))


@description
class ServiceOfFiles(OwnFiles):
    """One service of an application of one's own."""

    service: Annotated[str | None, Typed(shape="<name>")] = None
    """Which service of the files, if they have several."""

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """There is none without files."""
        yield from OwnFiles.conflicts(self, given)
        if "service" in given and not self.files:
            yield Mistake(("service", "files"), "not allowed without files that have it")

    def of(self, question: Q, said_by_files: Set[str]) -> Q:
        """The question about that service.

        Args:
            said_by_files: names of fields that have no effect beside files.

        Raises:
            BadInput: there are several, or none of that name.
        """
        about: Q = replace(question, app=self.part(question, said_by_files).service)  # type: ignore[type-var]
        return about

    def part(self, question: object, said_by_files: Set[str]) -> "Part":
        """That service with its copies; arguments and errors are those of `of`."""
        heeded = [
            field.name
            for field in fields(question)  # type: ignore[arg-type]
            if field.name not in said_by_files
        ]
        app = self.application(question, heeded)
        if self.service is None and len(app.parts) > 1:
            names = ", ".join(part.name for part in app.parts)
            raise BadInput(f"service: missing; --service with one of {names}")
        try:
            return app.parts[0] if self.service is None else app.part(self.service)
        except UnknownName as error:
            raise BadInput(str(error).replace("part", "service", 1)) from None


def shared(question: object, heeded: Sequence[str]) -> dict[str, Any]:
    """The fields of a question that an answer about an application takes as well."""
    names = {field.name for field in fields(question)}  # type: ignore[arg-type]
    return {name: getattr(question, name) for name in heeded if name in names}
