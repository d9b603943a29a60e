"""What is asked of a machine: how many of one size fit."""

from collections.abc import Iterator, Set
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from sim import catalog
from sim.catalog.nodes.expression import is_expression
from sim.core.description import description
from sim.core.names import shown
from sim.core.question import Mistake, Typed, without_effect
from sim.platforms.kubernetes.daemon_set import MOST_PODS
from sim.studies.cost.terms import PriceTerms
from sim.studies.kinds import (
    APP,
    NAME,
    Arch,
    Count,
    Explain,
    Gpus,
    Host,
    Instance,
    Replications,
    ReservedCores,
    Seed,
    Size,
    Time,
    all_apps,
    among,
    app_or_service,
    number,
)
from sim.workload import Service

Credits: TypeAlias = Literal["unlimited", "standard"]
"""What becomes of a T type whose CPU credits are gone: it is billed, or held at its baseline."""
By: TypeAlias = Literal["reservation", "use", "both"]


def _flavours() -> list[str]:
    from sim.studies import platforms

    return [flavour.name for row in platforms.rows("density") for flavour in row.density]


def _max_pods(value: object, info: ValidationInfo) -> object:
    """A number, or an expression over the instance type; an unknown type is a mistake itself."""
    if isinstance(value, str):
        type_ = info.data.get("instance")
        pods = 1 if type_ is None else catalog.max_pods(value, type_)
        return value if is_expression(value) else pods
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_PODS:
        raise ValueError(f"{shown(value)} is not allowed; an integer from 1 to {MOST_PODS}")
    return value


def _above_0(seconds: float) -> float:
    if seconds == 0.0:
        raise ValueError(f"{shown(seconds)} is not allowed; above 0 seconds")
    return seconds


Number = Typed(shape="<number>", shown="{:g}".format)


@description
class DensityQuestion(PriceTerms):
    """How many of my containers fit on a machine, on every platform, and what stops them."""

    instance: Instance = catalog.DEFAULT_TYPE
    """EC2 type of the AWS rows."""
    host: Host | None = None
    """Bare machine of the vm and docker rows: m5.metal, 16x64GiB."""
    app: Annotated[str | Service, app_or_service(all_apps), APP] = "generic"
    """java, node, mysql or generic; or a file of your own, see sim app init."""
    cpu: ReservedCores | None = None
    """vCPUs of one, such as 0.25 or 250m; 0 reserves none."""
    memory: Size | None = None
    """Memory of one, such as 512MiB."""
    gpus: Gpus = 0
    tasks: Count | None = None
    """What so many of them cost altogether, on whole machines."""
    by: Annotated[By, among("by", get_args(By)), NAME] = "both"
    """reservation (at once), use (simulated: minutes on a large host) or both."""
    load: (
        Annotated[float, number("above 0 and below 1", lambda share: 0.0 < share < 1.0), Number]
        | None
    ) = None
    """Mean CPU use as a fraction of `cpu`, counted in time of an m5 vCPU (0.2)."""
    threads: Count | None = None
    """Requests one works on at once, the others queue; by default as the app does."""
    variation: Annotated[float, number("0 to 100", lambda x: 0.0 <= x <= 100.0), Number] | None = (
        None
    )
    """Coefficient of variation of the CPU of a request: 0 fixed, 1 exponential (1)."""
    slowdown: Annotated[float, number("1 to 1000000", lambda x: 1.0 <= x <= 1e6), Number] = 2.0
    """Target for the p95 slow-down."""
    window: Annotated[Time, AfterValidator(_above_0)] | None = None
    """Simulated time of a probe; 60s up to 16 vCPU, then less, by default."""
    use_on: (
        Annotated[
            tuple[Annotated[str, among("use-on", _flavours)], ...], Typed("", "<row>", repeats=True)
        ]
        | None
    ) = None
    """A row whose density by use is wanted, such as docker; may be repeated; all by default."""
    cpu_weight_only: bool = False
    """`cpu` is a weight, not a quota."""
    cpu_overcommit: Annotated[float, number("1 to 1000000", lambda x: 1.0 <= x <= 1e6), Number] = (
        1.0
    )
    """Reserved vCPUs per vCPU, vm and docker."""
    credits: Annotated[Credits, among("credits", get_args(Credits)), NAME] = "unlimited"
    """T types whose CPU credits are gone: unlimited (billed) or standard (held at the baseline)."""
    burstable: bool = True
    """T types for the ec2 row, too."""
    architecture: Arch | None = None
    """The only architecture of the image: amd64 or arm64."""
    reserved_memory: Size | None = None
    """ECS_RESERVED_MEMORY of container instances (0)."""
    max_pods: Annotated[int | str, BeforeValidator(_max_pods), Typed(shape="<pods>")] | None = None
    """Pods a node of EKS may run: 110, or for nodeadm 'max_pods < 110 ? max_pods : 110'."""
    seed: Seed = 1
    """Seed of the requests."""
    replications: Replications = 1
    """Searches by use; the middle answer counts."""
    explain: Explain = False

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """Nothing is simulated by reservation, and an image runs on its own architecture."""
        yield from PriceTerms.conflicts(self, given)
        if self.by == "reservation":
            simulated = (
                "load",
                "threads",
                "variation",
                "slowdown",
                "window",
                "use_on",
                "seed",
                "replications",
            )
            yield from without_effect(given, simulated, "by", "with --by reservation")
        elif self.cpu == 0.0:
            words = "0 has no density by use: --load is a fraction of it; --by reservation"
            yield Mistake(("cpu",), words)
        if is_expression(self.max_pods) and self.ami in ("al2", "bottlerocket"):
            words = (
                f"{shown(self.max_pods)} is not allowed with {self.ami}: al2023 reads expressions"
            )
            yield Mistake(("max_pods", "ami"), words)
        type_ = catalog.instance(self.instance)
        if self.architecture not in (None, type_.architecture):
            words = (
                f"{self.architecture!r} alone does not run on {type_.name} ({type_.architecture}): "
                f"every start would end with 'exec format error'"
            )
            yield Mistake(("architecture", "instance"), words)

    def wants_use(self, row: str) -> bool:
        """Whether that row shows its density by use."""
        return self.by != "reservation" and (self.use_on is None or row in self.use_on)
