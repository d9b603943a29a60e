"""From a Dockerfile to a running container: where do the seconds and the bytes go?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from sim import catalog
from sim.core.cited import plain
from sim.core.names import Architecture
from sim.core.quantity import shown_bytes
from sim.core.question import asking
from sim.experiment import Results, compare
from sim.host import Step
from sim.image import BadDockerfile, Built, Image, build_file
from sim.studies.lifecycle.answer import LifecycleAnswer, table
from sim.studies.lifecycle.question import LifecycleQuestion
from sim.studies.lifecycle.timeline import Life, Lifecycle, Round, timeline_of
from sim.studies.platform_row import PlatformOptions
from sim.studies.platforms import row
from sim.workload import App, Service


def answer(question: LifecycleQuestion) -> LifecycleAnswer:
    """Build an image, push it, pull it on a fresh host and run it there, in one simulation.

    Raises:
        BadDockerfile: all that is wrong with the file, one mistake a line.
    """
    native = catalog.machine(question.builder).architecture
    wanted = question.architecture or native
    built, stand_ins = _built(question, wanted, native)
    rounds = tuple(Round(one, _service(one.image, question)) for one in built)
    setup = _setup(question, rounds[0])
    _fits(question.file, question.registry, setup, built)

    def answered(results: Results) -> LifecycleAnswer:
        return LifecycleAnswer(
            question=question,
            setup=setup,
            rounds=rounds,
            timeline=timeline_of(results),
            kept=results,
            notes=(*stand_ins, *_notes(built, wanted, native)),
        )

    life = Life(setup=setup, rounds=rounds, app_told=question.app_told)
    return answered(
        compare(
            {question.platform: life},
            times=1,
            seed=question.seed,
            catalogue=catalog.digest(),
            summary=lambda results: table(answered(results)),
        )
    )


lifecycle = asking(LifecycleQuestion, answer, "lifecycle")


def _built(
    question: LifecycleQuestion, wanted: Architecture, native: Architecture
) -> tuple[list[Built], list[str]]:
    """The build, and which images stood in for bases that are not known.

    With a change: the build before it, and then the one that meets its cache.
    """
    stand_ins: dict[str, str] = {}
    platforms = {"TARGETPLATFORM": f"linux/{wanted}", "BUILDPLATFORM": f"linux/{native}"}
    build = partial(
        build_file,
        question.file,
        resolve=_resolver(question.bases or {}, wanted, stand_ins),
        ratio=catalog.figure("image.unpack_ratio.unknown"),
        build_args={**platforms, **(question.build_args or {})},
        **question.built_with(),
    )
    built = [build(changed=question.change)]
    if question.change is not None:
        built.append(build(cache=built[0].digests))
    return built, list(stand_ins.values())


def _setup(question: LifecycleQuestion, first: Round) -> Lifecycle:
    """Where it is built, kept and run."""
    return Lifecycle(
        builder=catalog.builder(question.builder),
        repository=catalog.repository(question.registry),
        platform=row(question.platform).made(
            PlatformOptions(
                service=first.service,
                instance=question.instance,
                host=catalog.machine(question.instance),
                pulls_from=catalog.registry(question.registry),
                architecture=first.built.image.architectures[0],
                pulled=True,
            )
        ),
    )


def _resolver(
    bases: Mapping[str, Image], architecture: Architecture, stand_ins: dict[str, str]
) -> Callable[[str], Image]:
    """What finds base images.

    Args:
        stand_ins: where it says, by name, which image stands in for one that is not known.
    """

    def resolve(name: str) -> Image:
        if name in bases:
            return bases[name]
        known = catalog.known_image(name, architecture)
        if known is not None and known.image is not None:
            if not known.exact:
                stand_ins[name] = (
                    f"Layers of {name} ({architecture}) are not in the catalogue: those of "
                    f"{known.image.name} stand in for them ({known.source}); its own are told by "
                    f"--base {name}=FILE (docker manifest inspect)."
                )
            return known.image
        try:
            return catalog.official(name)
        except catalog.UnknownName as error:
            raise catalog.UnknownName(
                f"{error}; or give its manifest: --base {name}=FILE (docker manifest inspect)"
            ) from None

    return resolve


def _service(image: Image, question: LifecycleQuestion) -> Service:
    """The app of the catalogue in this image, or one of which only the start-up work is known."""
    app = question.app
    service = catalog.service(app or "generic", cpu=question.cpu, memory=question.memory)
    program = service.app
    if app is None:
        work = Step(cpu=question.startup_cpu or 0.0, spread=catalog.figure("spread.boot"))
        program = App(name="app", startup=work)
    return Service(
        name="app" if app is None else service.name,
        app=program,
        image=image,
        cpu=service.cpu,
        memory=service.memory,
    )


def _fits(dockerfile: str | Path, registry: str, setup: Lifecycle, built: list[Built]) -> None:
    """Refuse a layer that the registry does not take.

    Raises:
        BadDockerfile: there is one.
    """
    limit = setup.repository.largest_layer
    if limit is None:
        return
    steps = {step.layer.digest: step for step in built[0].steps}
    wrong = []
    for layer in built[0].image.layers:
        if layer.wire > plain(limit):
            step = steps.get(layer.digest)
            line, text = (1, "a layer of its base") if step is None else (step.line, step.text)
            wrong.append(
                f"{dockerfile}:{line}: a layer has {layer.wire / 1e9:,.1f} GB compressed; "
                f"{registry} takes at most {plain(limit) / 1e9:,.1f} GB: {text[:160]}"
            )
    if wrong:
        raise BadDockerfile("\n".join(wrong))


def _notes(built: list[Built], wanted: str, native: str) -> tuple[str, ...]:
    notes = [note for one in built for note in one.notes]
    for _, image in built[0].bases:
        low, high = image.at("low").unpacked, image.at("high").unpacked
        if low < high:
            notes.append(
                f"How many bytes {image.name} unpacks to is not published: taken for "
                f"{shown_bytes(image.unpacked)} ({shown_bytes(low)} to {shown_bytes(high)})."
            )
    if any(step.word == "RUN" for step in built[0].steps):
        notes.append(
            "What a RUN downloads or waits for is not modelled: its CPU work and bytes are."
        )
    if wanted != native:
        notes.append(
            f"A RUN for {wanted} on an {native} builder is emulated there, which is slower by a "
            "factor that is not modelled."
        )
    if any("--from" in step.text and not step.cached for one in built[1:] for step in one.steps):
        notes.append(
            "After a change, COPY --from a stage that was built again counts as changed; BuildKit "
            "compares the files and may find them the same."
        )
    return tuple(dict.fromkeys(notes))
