"""Applications on whole machines: known answers, bounds, and every way there is."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import catalog
from sim.platforms.packing.bounds import l2
from sim.platforms.packing.host import (
    Copy,
    DoesNotFit,
    HostKind,
    PackedHost,
    copies,
    host_kind,
)
from sim.platforms.packing.offers import placed, survives
from sim.platforms.packing.packing import PackedHosts, fewest, grown, largest_first, lower_bound
from sim.platforms.packing.placing import (
    ROUNDING,
    FreeOnServer,
    Placing,
    Rank,
    ServerRequest,
    by_ceilings,
    first_fit,
)
from sim.start import Ceiling
from sim.units import GiB, MiB
from sim.workload import App, Service
from sim.workload.application import Application, Part, of_one
from sim.workload.service import BOTH

E = 0.01


def part(name: str, cpu: float, memory: float, copies: int = 1, **said: object) -> Part:
    service = Service(name=name, app=App(name=name), cpu=cpu, memory=memory)
    return Part(service=service, copies=copies, **said)  # type: ignore[arg-type]


FOURTEEN = Application(
    name="fourteen vCPUs",
    parts=(
        part("api", 0.5, 1 * GiB, 12),
        part("jobs", 1.0, 2 * GiB, 6),
        part("cache", 0.25, 256 * MiB, 8),
    ),
)


def on_ecs(app: Application, type_: str, spare: int = 0, **said: object) -> PackedHosts:
    platform = catalog.ecs(type_, **said)  # type: ignore[arg-type]
    placing = platform.placing()
    assert placing is not None
    return fewest(host_kind(app, platform.machine, placing), copies(app, placing), spare=spare)


def on_eks(app: Application, type_: str, spare: int = 0) -> PackedHosts:
    platform = catalog.eks(type_)
    placing = platform.placing()
    assert placing is not None
    return fewest(host_kind(app, platform.machine, placing), copies(app, placing), spare=spare)


def bins(capacity: int, memory: int = 10**6) -> HostKind:
    """A kind of host with so many thousandths of a vCPU, first fit."""
    placing = Placing(FreeOnServer(capacity, memory, 1000), lambda service: service)
    return HostKind("bin", "amd64", placing, placing.empty)


def l1(sizes: Mapping[Any, int], capacity: int) -> int:
    """Bins that the sum of the sizes fills, within rounding."""
    return math.ceil(math.fsum(size * n for size, n in sizes.items()) / capacity - E**2)


def pieces(sizes: Sequence[tuple[int, int]]) -> list[Copy]:
    return [
        Copy(
            f"{cpu}/{memory}", ServerRequest(cpu, memory), math.inf, frozenset(), False, ("amd64",)
        )
        for cpu, memory in sizes
    ]


def test_largest_first_takes_11_hosts_where_9_do_and_the_gap_is_told() -> None:
    """Six of 1/2 + e, six of 1/4 + 2e, six of 1/4 + e, twelve of 1/4 - 2e; Johnson's example."""
    sizes = {0.5 + E: 6, 0.25 + 2 * E: 6, 0.25 + E: 6, 0.25 - 2 * E: 12}
    each = [(round(1000 * size), 1) for size, count in sizes.items() for _ in range(count)]
    packing = grown([bins(1000)], pieces(each))

    assert l1(sizes, 1) == l2(sizes, 1.0) == 9
    assert (len(packing.hosts), packing.lower_bound, packing.gap) == (11, 9, 2)


def test_items_above_half_a_host_share_it_with_none_of_their_kind() -> None:
    """Where the sum says 6, 9 are needed: Martello and Toth's L2 sees it."""
    sizes = {0.6: 5, 0.5001: 4, 0.3: 3}
    each = [(round(10000 * size), 1) for size, count in sizes.items() for _ in range(count)]

    assert (l1(sizes, 1), l2(sizes, 1.0)) == (6, 9)
    assert len(grown([bins(10000)], pieces(each)).hosts) == 9


def test_14_vcpus_of_three_services_need_four_m5_xlarge_or_seven_m5_large_on_ecs() -> None:
    """Adding up says three and a half."""
    xlarge, large = on_ecs(FOURTEEN, "m5.xlarge"), on_ecs(FOURTEEN, "m5.large")

    assert (len(xlarge.hosts), xlarge.lower_bound) == (4, 4)
    assert xlarge.filled == pytest.approx(3.5)
    assert (len(large.hosts), large.lower_bound) == (7, 7)
    assert xlarge.stopped_by == large.stopped_by == "vCPU"
    assert large.then == "memory"


@pytest.mark.parametrize("count", [1, 3, 40, 101])
@pytest.mark.parametrize("platform", ["ecs", "eks"])
def test_copies_of_one_service_need_as_many_hosts_as_the_ceilings_say(
    count: int, platform: str
) -> None:
    """The answer for identical copies is copies over copies a host, rounded up."""
    service = catalog.service("node")
    each = getattr(catalog, platform)("m5.xlarge").ceilings(service)[0].allows
    on = {"ecs": on_ecs, "eks": on_eks}[platform]

    assert len(on(of_one(service, count), "m5.xlarge").hosts) == -(-count // each)


def test_with_a_spare_host_all_stays_up_when_any_one_dies() -> None:
    """Four m5.xlarge are needed, and so five of them with one to spare."""
    packing = on_ecs(FOURTEEN, "m5.xlarge", spare=1)
    kind = packing.hosts[0].kind

    assert (len(packing.hosts), packing.lower_bound) == (5, 5)
    for dead in packing.hosts:
        rest = [copy for host in packing.hosts if host is not dead for copy in host.on]
        assert len(fewest(kind, [*rest, *dead.on], most=4).hosts) <= 4


def test_a_daemon_takes_its_request_from_every_host() -> None:
    """Four of one vCPU fit on m5.xlarge, three beside an agent of 0.1."""
    app = Application(name="a", parts=(part("web", 1.0, GiB, 12),))
    agent = part("agent", 0.1, 64 * MiB, daemon=True)
    watched = replace(app, parts=(*app.parts, agent))

    assert len(on_ecs(app, "m5.xlarge").hosts) == 3
    assert len(on_ecs(watched, "m5.xlarge").hosts) == 4


def test_copies_that_stay_apart_make_as_many_hosts_as_there_are_copies() -> None:
    """Anti-affinity, told as what stops it; one a host counts in the bound, too."""
    app = Application(name="a", parts=(part("db", 0.1, 64 * MiB, 5, most_per_host=1),))
    packing = on_eks(app, "m5.xlarge")

    assert (len(packing.hosts), packing.lower_bound) == (5, 5)
    assert packing.stopped_by == "anti-affinity"


def test_parts_that_stay_apart_share_no_host_whoever_says_so() -> None:
    """`apart_from` of one holds for both."""
    a = part("a", 0.1, 64 * MiB, 3, apart_from=("b",))
    app = Application(name="ab", parts=(part("b", 0.1, 64 * MiB, 3), a))
    hosts = on_ecs(app, "m5.xlarge").hosts

    assert [set(host.parts) for host in hosts] == [{"a"}, {"b"}]


@given(st.permutations("abcd"))
def test_how_many_servers_it_takes_does_not_depend_on_names(names: Sequence[str]) -> None:
    """Of four vCPUs, for copies of 1, 1, 3 and 3: two; if small ones came first, three."""
    parts = tuple(
        part(name, cpu, GiB) for name, cpu in zip(names, (1.0, 1.0, 3.0, 3.0), strict=True)
    )
    kind = bins(4000)
    wanted = copies(Application(name="x", parts=parts), kind.placing)
    wanted = [
        replace(copy, request=ServerRequest(round(1000 * copy.request.cpu), 1)) for copy in wanted
    ]

    assert len(fewest(kind, largest_first(kind.empty, wanted)).hosts) == 2
    assert len(fewest(kind, sorted(wanted, key=lambda copy: copy.request.cpu)).hosts) == 3


def test_a_fixed_host_port_is_free_once_a_host() -> None:
    """Three copies that publish port 80 need three container instances, in bridge mode only."""
    service = Service(name="web", app=App(name="web"), cpu=0.1, memory=64 * MiB, host_ports=(80,))
    bridge = on_ecs(of_one(service, 3), "m5.xlarge")
    awsvpc = on_ecs(of_one(service, 3), "m5.xlarge", network="awsvpc")

    assert (len(bridge.hosts), len(awsvpc.hosts)) == (3, 1)


def test_interfaces_and_pod_slots_end_first_where_copies_are_small() -> None:
    """An m5.large has three interfaces, one its own; and 29 pods, two of them EKS's."""
    app = Application(name="a", parts=(part("tiny", 0.01, 8 * MiB, 60),))
    enis = on_ecs(app, "m5.large", network="awsvpc")
    pods = on_eks(app, "m5.large")

    assert (len(enis.hosts), enis.stopped_by) == (30, "ENI")
    assert (len(pods.hosts), pods.stopped_by) == (3, "pod slots")


def test_spread_copies_are_even_and_packed_ones_are_not() -> None:
    """Eight copies on the two hosts that a large neighbour needs anyway."""
    large, small = part("large", 3.0, 10 * GiB, 2), part("small", 0.1, 64 * MiB, 8)
    even = Application(name="a", parts=(large, replace(small, spread=True)))
    packed = Application(name="a", parts=(large, small))

    assert [host.parts.get("small", 0) for host in on_ecs(even, "m5.xlarge").hosts] == [4, 4]
    assert [host.parts.get("small", 0) for host in on_ecs(packed, "m5.xlarge").hosts] == [8, 0]


def test_what_fits_on_no_empty_host_is_told_with_what_is_too_small() -> None:
    """A single copy of 5 vCPUs and 20 GiB on 4 and 16."""
    app = Application(name="a", parts=(part("whale", 5.0, 20 * GiB),))
    with pytest.raises(DoesNotFit, match=r"whale does not fit on m5\.xlarge: vCPU and memory"):
        on_ecs(app, "m5.xlarge")


def test_a_copy_goes_only_where_its_image_runs() -> None:
    """An image that is built for amd64 alone does not go on Graviton."""
    node = catalog.service("node")
    assert node.image is not None
    only = replace(node, image=replace(node.image, architectures=("amd64",)))
    with pytest.raises(DoesNotFit, match="architecture"):
        on_ecs(of_one(only), "m7g.xlarge")
    assert len(on_ecs(of_one(node), "m7g.xlarge").hosts) == 1


def _fits(sizes: Sequence[tuple[int, int]]) -> bool:
    return sum(cpu for cpu, _ in sizes) <= 10 and sum(memory for _, memory in sizes) <= 10


def optimum(sizes: Sequence[tuple[int, int]]) -> int:
    """Every way there is: the first piece with each set of others that fits beside it."""
    if not sizes:
        return 0
    first, rest = sizes[0], range(1, len(sizes))
    best = len(sizes)
    for count in range(len(sizes)):
        for chosen in combinations(rest, count):
            if _fits([first, *(sizes[i] for i in chosen)]):
                left = [sizes[i] for i in rest if i not in chosen]
                best = min(best, 1 + optimum(left))
    return best


SIZES = st.lists(st.tuples(st.integers(1, 10), st.integers(1, 10)), min_size=1, max_size=6)


@given(SIZES)
def test_no_bound_is_above_the_best_there_is_and_no_packing_below(
    sizes: list[tuple[int, int]],
) -> None:
    """An oracle that tries everything, of two resources; and no host is overfull."""
    kind, all_of_it, best = bins(10, 10), pieces(sizes), optimum(sizes)
    for packing in (fewest(kind, all_of_it), grown([kind], all_of_it)):
        assert packing.lower_bound <= best <= len(packing.hosts)
        assert all(_fits([(c.request.cpu, c.request.memory) for c in h.on]) for h in packing.hosts)
        assert Counter(c.part for h in packing.hosts for c in h.on) == Counter(
            c.part for c in all_of_it
        )


@given(SIZES)
def test_a_spare_host_is_at_least_one_more(sizes: list[tuple[int, int]]) -> None:
    """And after any one dies, the others hold all."""
    packing = fewest(bins(10, 10), pieces(sizes), spare=1)

    assert len(packing.hosts) >= lower_bound(bins(10, 10).empty, pieces(sizes)) + 1
    assert len(packing.hosts) - 1 >= optimum(sizes)


@given(st.dictionaries(st.integers(1, 99), st.integers(1, 20), min_size=1, max_size=6))
def test_l2_is_never_below_l1_nor_above_first_fit(sizes: dict[int, int]) -> None:
    """Of one resource, in whole numbers."""
    each = [(size, 1) for size, count in sizes.items() for _ in range(count)]

    first = len(grown([bins(100)], pieces(each)).hosts)
    assert l1(sizes, 100) <= l2(sizes, 100) <= first
    assert first <= 11 / 9 * l2(sizes, 100) * 1.5 + 1


def test_of_several_kinds_the_cheapest_that_hold_it_are_brought() -> None:
    """Karpenter's choice: two of four vCPUs hold eight, and the rest gets a small one."""
    platforms = [catalog.eks(name) for name in ("m5.large", "m5.xlarge")]
    app = Application(name="a", parts=(part("web", 0.9, GiB, 9),))
    kinds = [
        host_kind(app, each.machine, placing)
        for each in platforms
        if (placing := each.placing()) is not None
    ]
    placing = platforms[0].placing()
    assert placing is not None
    packing = grown(kinds, copies(app, placing))

    assert packing.kinds == {"m5.xlarge": 2, "m5.large": 1}
    assert packing.usd_per_hour == pytest.approx(2 * 0.192 + 0.096)


def test_a_host_of_which_only_ceilings_are_known_takes_shares_of_itself() -> None:
    """Three of one and six of another service fill it: one of three and four of six do, no more."""
    allows = {"large": 3, "small": 6, "never": 0}
    placing = by_ceilings(lambda service: [Ceiling("room", allows[service.name], "")])
    large, small, never = (placing.request(part(n, 1, GiB).service) for n in allows)

    left = placing.empty.less(large)
    for _ in range(4):
        assert left.fits(small)
        left = left.less(small)
    assert not left.fits(small)
    assert not placing.empty.fits(never)


def test_who_has_fewer_hosts_than_it_takes_is_told_so() -> None:
    """Two hosts for three of more than half of one; ten for Johnson's example, which takes 11."""
    sizes = {0.5 + E: 6, 0.25 + 2 * E: 6, 0.25 + E: 6, 0.25 - 2 * E: 12}
    each = pieces([(round(1000 * size), 1) for size, count in sizes.items() for _ in range(count)])

    with pytest.raises(DoesNotFit) as halves:
        fewest(bins(1000), pieces([(600, 1)] * 3), most=2)
    with pytest.raises(DoesNotFit) as johnson:
        fewest(bins(1000), each, most=10)

    assert halves.value.part == "the whole application"  # already its sum is too much
    assert johnson.value.part == "230/1"  # the smallest comes last
    assert len(fewest(bins(1000), each, most=11).hosts) == 11


def looked_at_anew(hosts: Sequence[PackedHost], copies: Sequence[Copy]) -> list[Copy]:
    """The rule of placement as it is said: for every copy all hosts are asked again."""
    over = []
    for copy in copies:
        taking = [host for host in hosts if host.takes(copy)]
        if taking:
            min(
                taking,
                key=lambda host: (
                    host.parts.get(copy.part, 0) if copy.spread else 0,
                    host.kind.placing.rank(host.left, copy.request),
                ),
            ).put(copy)
        else:
            over.append(copy)
    return over


RANKS: dict[str, tuple[Rank, float]] = {
    "first": (first_fit, 0.0),
    "fullest": (lambda left, _: left.memory, 0.0),
    "emptiest": (lambda left, _: -left.cpu, 0.0),
    "shares": (
        lambda left, asked: (asked.cpu - left.cpu) / 7 + (asked.memory - left.memory) / 11,
        ROUNDING,
    ),
    "by request": (lambda left, request: (left.cpu * request.memory) % 7, math.inf),
}


@given(
    st.sampled_from(sorted(RANKS)),
    st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), min_size=1, max_size=8),
    st.lists(
        st.tuples(
            st.sampled_from("abcd"),
            st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from([0, 80, 81])),
            st.sampled_from([math.inf, 1, 2]),
            st.frozensets(st.sampled_from("abcd"), max_size=2),
            st.booleans(),
            st.integers(1, 6),
        ),
        max_size=6,
    ),
    st.booleans(),
    st.booleans(),
)
def test_copies_in_a_row_go_where_each_would_go_by_itself(
    rank: str, rooms: list[tuple[int, int]], rows: list[tuple[Any, ...]], mixed: bool, alike: bool
) -> None:
    """On the same hosts and in the same order, and the same ones are left over."""
    rooms = rooms[:1] * len(rooms) if alike else rooms
    prefers, wobble = RANKS[rank]
    kinds = {
        room: HostKind(
            str(room),
            "amd64",
            Placing(empty, lambda service: service, prefers, wobble=wobble),
            empty,
        )
        for room in rooms
        for empty in [FreeOnServer(*room, 1000)]
    }
    wanted: list[Copy] = []
    for name, (cpu, memory, port), most, apart, spread, count in rows:
        request = ServerRequest(cpu, memory, frozenset({port} - {0}))
        wanted += [Copy(name, request, most, apart - {name}, spread, ("amd64",))] * count
    if mixed:
        wanted = wanted[::2] + wanted[1::2]
    plain = [PackedHost(kinds[room]) for room in rooms]
    left_over = looked_at_anew(plain, wanted)
    hosts, over = placed([kinds[room] for room in rooms], wanted)

    assert [[*map(id, host.on)] for host in hosts] == [[*map(id, host.on)] for host in plain]
    assert [host.left for host in hosts] == [host.left for host in plain]
    assert [*map(id, over)] == [*map(id, left_over)]
    assert survives(hosts, 1) == all(
        not looked_at_anew(others_than(dead, plain), plain[dead].on) for dead in range(len(plain))
    )


def others_than(dead: int, hosts: Sequence[PackedHost]) -> list[PackedHost]:
    """All but one of the hosts, with what is on them."""
    made = []
    for host in (*hosts[:dead], *hosts[dead + 1 :]):
        again = PackedHost(host.kind)
        for copy in host.on:
            again.put(copy)
        made.append(again)
    return made


class Counting(FreeOnServer):
    """What a server has left, which counts how often it was asked whether it takes something."""

    asked = 0

    def fits(self, request: ServerRequest) -> bool:
        """Whether it has room for one more."""
        Counting.asked += 1
        return super().fits(request)

    def less(self, request: ServerRequest) -> "Counting":
        """What is left after one more."""
        return Counting(*super().less(request))


def looks_a_copy(rank: str, number: int) -> float:
    """How often a host is asked for each of eight different copies a host, one host dying too."""
    empty = Counting(1000, 1000, 1000)
    placing = Placing(empty, lambda service: service, RANKS[rank][0], wobble=RANKS[rank][1])
    kind = HostKind("bin", "amd64", placing, empty)
    each = [
        Copy(f"{n}", ServerRequest(80 + n % 7, 80 + n % 11), math.inf, frozenset(), False, BOTH)
        for n in range(8 * number)
    ]
    Counting.asked = 0
    hosts, over = placed([kind] * number, each)
    assert not over
    assert survives(hosts, 1)
    return Counting.asked / len(each)


@pytest.mark.parametrize("rank", ["shares", "emptiest"])
def test_where_the_emptiest_is_preferred_a_copy_looks_at_few_hosts_however_many_there_are(
    rank: str,
) -> None:
    assert looks_a_copy(rank, 100) < 1.5 * looks_a_copy(rank, 20)
