"""From a Dockerfile to a running container: where do the seconds and the bytes go?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim import catalog
from sim.core.cited import plain
from sim.host import Step
from sim.host.machine import Architecture
from sim.image import BadDockerfile, Built, Image, build_file
from sim.studies.influence import Assumed, assumed_figures, explain
from sim.studies.lifecycle.answer import LifecycleAnswer
from sim.studies.lifecycle.timeline import Lifecycle, Round, live
from sim.studies.platform_row import PlatformOptions
from sim.studies.platforms import known, row
from sim.workload import App, Service


def lifecycle(
    dockerfile: str | Path,
    *,
    context: str | Path | None = None,
    registry: str = "ecr",
    platform: str = "ecs",
    instance: str = "m5.xlarge",
    builder: str = "m5.xlarge",
    architecture: Architecture | None = None,
    run_sizes: Mapping[int, float] | None = None,
    run_cpus: Mapping[int, float] | None = None,
    copy_sizes: Mapping[int, float] | None = None,
    build_args: Mapping[str, str] | None = None,
    target: str | None = None,
    bases: Mapping[str, Image] | None = None,
    startup_cpu: float | None = None,
    app: str | None = None,
    cpu: float | None = None,
    memory: float | None = None,
    change: str | None = None,
    apart: Path | None = None,
    seed: int = 1,
) -> LifecycleAnswer:
    """Build an image, push it, pull it on a fresh host and run it there, in one simulation.

    Args:
        dockerfile: the file, or the folder it is in.
        context: the folder that COPY and ADD read; the Dockerfile's where it is not given.
        platform: one of `sim.studies.platforms.names("lifecycle")`.
        instance: EC2 type that runs the container (not on Fargate).
        builder: EC2 type that builds and pushes.
        architecture: built for; None: the builder's.
        run_sizes: unpacked bytes that each RUN writes, the file's first being 1.
        run_cpus: core-seconds of an m5 vCPU, likewise.
        copy_sizes: unpacked bytes of each COPY or ADD whose files do not say, the file's first
            being 1.
        bases: base images beside the catalogue's, by the name that FROM uses.
        startup_cpu: core-seconds from exec to the first healthy answer.
        app: of the catalogue, for its start-up work and memory.
        apart: a folder that is not part of the context: where answers are written.
        change: a path in the context that changes after the first round; then a second follows.

    Raises:
        BadDockerfile: all that is wrong with the file, one mistake a line.
        ValueError: a name is not known, or a value is out of range.
    """
    _check(platform, startup_cpu, app)
    dockerfile, machine = file_of(dockerfile), catalog.machine(builder)
    wanted = architecture or machine.architecture
    args = {"TARGETPLATFORM": f"linux/{wanted}", "BUILDPLATFORM": f"linux/{machine.architecture}"}
    built = _builds(
        dockerfile,
        change,
        context=context,
        apart=apart,
        resolve=_resolver(bases or {}),
        ratio=catalog.figure("image.unpack_ratio"),
        run_sizes=run_sizes,
        run_cpus=run_cpus,
        copy_sizes=copy_sizes,
        target=target,
        build_args={**args, **(build_args or {})},
    )
    rounds = tuple(Round(one, _service(one.image, app, startup_cpu, cpu, memory)) for one in built)
    setup = Lifecycle(
        builder=catalog.builder(builder),
        repository=catalog.repository(registry),
        platform=row(platform).made(
            PlatformOptions(
                service=rounds[0].service,
                instance=instance,
                host=catalog.machine(instance),
                pulls_from=catalog.registry(registry),
                architecture=built[0].image.architectures[0],
                pulled=True,
            )
        ),
    )
    _fits(dockerfile, registry, setup, built)
    told = startup_cpu is not None or app is not None
    return LifecycleAnswer(
        dockerfile=str(dockerfile),
        platform=platform,
        registry=registry,
        setup=setup,
        rounds=rounds,
        timeline=live(setup, rounds, seed),
        app_told=told,
        assumed=_assumed(platform, setup, rounds[:1], seed),
        notes=_notes(built, wanted, machine.architecture),
        seed=seed,
    )


def file_of(dockerfile: str | Path) -> Path:
    """A Dockerfile, or the one in a folder."""
    path = Path(dockerfile)
    return path / "Dockerfile" if path.is_dir() else path


def _check(platform: str, startup_cpu: float | None, app: str | None) -> None:
    known(platform, "lifecycle")
    if startup_cpu is not None and app is not None:
        raise ValueError("app: 'startup_cpu' is not allowed beside it; the app brings its own")
    if startup_cpu is not None and not 0.0 <= startup_cpu < 1e9:
        raise ValueError(f"startup_cpu: {startup_cpu!r} is not allowed; core-seconds of at least 0")


def _builds(dockerfile: str | Path, change: str | None, **given: Any) -> list[Built]:
    """The build; with a change the one before it, and then the one that meets its cache."""
    first = build_file(dockerfile, changed=change, **given)
    if change is None:
        return [first]
    return [first, build_file(dockerfile, cache=first.digests, **given)]


def _resolver(bases: Mapping[str, Image]) -> Callable[[str], Image]:
    def resolve(name: str) -> Image:
        if name in bases:
            return bases[name]
        try:
            return catalog.official(name)
        except catalog.UnknownName as error:
            raise catalog.UnknownName(
                f"{error}; or give its manifest: --base {name}=FILE (docker manifest inspect)"
            ) from None

    return resolve


def _service(
    image: Image,
    app: str | None,
    startup_cpu: float | None,
    cpu: float | None,
    memory: float | None,
) -> Service:
    """The app of the catalogue in this image, or one of which only the start-up work is known."""
    service = catalog.service(app or "generic", cpu=cpu, memory=memory)
    program = service.app
    if app is None:
        work = Step(cpu=startup_cpu or 0.0, spread=catalog.figure("spread.boot"))
        program = App(name="app", startup=work)
    return Service(
        name=app or "app",
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


def _assumed(
    platform: str, setup: Lifecycle, rounds: tuple[Round, ...], seed: int
) -> list[Assumed]:
    """The assumed numbers that matter to the time from Dockerfile to ready; one run each."""

    def ready_after(setups: Sequence[Lifecycle]) -> list[float]:
        times = (live(each, rounds, seed).after(1, "app") for each in setups)
        return [math.nan if time is None else time for time in times]

    base = ready_after([setup])[0]
    if math.isnan(base):
        return []
    only = assumed_figures(setup)
    return explain(platform, "ready, s", setup, ready_after, base=base, only=only).assumed()


def _notes(built: list[Built], wanted: str, native: str) -> tuple[str, ...]:
    notes = [note for one in built for note in one.notes]
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
