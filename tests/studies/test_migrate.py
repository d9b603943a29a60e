"""Our virtual machines elsewhere: known answers, and what holds for any inventory."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim import catalog
from sim.core.question import BadInput
from sim.studies.migrate.answer import MigrateAnswer
from sim.studies.migrate.guest import OldGuest, OldHost
from sim.studies.migrate.inventory import Inventory
from sim.studies.migrate.moves import move_of
from sim.studies.migrate.sizing import moved, own_os, service_of
from sim.studies.migrate.study import migrate as migrated
from sim.studies.platform_row import PlatformOptions
from sim.studies.platforms import row
from sim.units import GiB, MiB
from sim.workload.sizing.use import Use, use_of

FORTY = Path("scenarios/inventories/forty_synthetic_vms.csv")

KEYS_OF_A_WAY = {"way", "instance", "hosts", "lower_bound", "usd_per_month", "stopped_by"}


def guest(name: str, vcpu: float = 2.0, memory: float = 4 * GiB, **said: object) -> OldGuest:
    return OldGuest(name=name, vcpu=vcpu, memory=memory, **said)  # type: ignore[arg-type]


def inventory(*guests: OldGuest) -> Inventory:
    return Inventory(name="ours", guests=guests)


def arithmetic(*guests: OldGuest, **asked: object) -> MigrateAnswer:
    return migrated(inventory(*guests), start=False, **asked)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def forty() -> MigrateAnswer:
    return migrated(sim.read(FORTY), start=False)  # type: ignore[arg-type]


def test_compute_optimizer_makes_four_vcpus_of_eighty_percent_of_four() -> None:
    """0.8 x 4 x 1.2 = 3.84, and the next type has 4."""
    busy = guest("busy", 4.0, 8 * GiB, cpu_use=Use(p99_5=3.2), memory_use=Use(peak=4 * GiB))
    answer = arithmetic(busy, to=("ec2",))
    own = answer.way("ec2, right-sized")

    assert answer.guests[0].cpu == pytest.approx(3.84)
    assert own is not None and own.hosts == 1


def test_vpa_makes_of_steady_use_what_its_buckets_say() -> None:
    """0.4 vCPU become 0.476450, and 512 MiB 599.570."""
    times = [300.0 * n for n in range(2000)]
    steady = guest(
        "steady",
        cpu_use=use_of(times, [0.4] * 2000),
        memory_use=use_of(times, [512 * MiB] * 2000),
    )
    (sized,) = arithmetic(steady, to=("ec2",), rule="vpa", as_instance=("*",)).guests

    assert sized.cpu == pytest.approx(0.476450, abs=5e-7)
    assert sized.memory / MiB == pytest.approx(599.570, abs=5e-4)


@pytest.mark.parametrize("k", [1, 4, 9])
@pytest.mark.parametrize("name", ["ecs", "eks"])
def test_equal_guests_need_what_floor_and_ceil_say(k: int, name: str) -> None:
    """ceil(k / floor(host / m)) machines, and that is the bound, too."""
    answer = arithmetic(
        *(guest(f"vm-{n}") for n in range(k)), to=(name,), rule="as-is", instance="m5.2xlarge"
    )
    service = service_of(answer.guests[0])
    options = PlatformOptions(service=service, instance="m5.2xlarge", cheapest=True)
    each = row(name).any(options).ceilings(service)[0].allows
    way = answer.way(name)

    assert way is not None and each > 1
    assert way.hosts == way.lower_bound == math.ceil(k / each)


def test_as_they_are_every_guest_has_an_instance_that_is_as_large(forty: MigrateAnswer) -> None:
    """As many as there are guests, whatever they use; the price is that of those types."""
    way = forty.way("ec2, as they are")

    assert way is not None and way.hosts == way.lower_bound == len(forty.guests) == 38


def test_the_order_of_rows_says_nothing(forty: MigrateAnswer) -> None:
    """The same answer of the same machines in another order."""
    asked = forty.question.inventory
    turned = replace(asked, guests=tuple(reversed(asked.guests)))

    assert migrated(turned, start=False).json() == forty.json()


def test_a_guest_more_never_takes_fewer_machines(forty: MigrateAnswer) -> None:
    """Of machines of one type, with any one of the guests left out."""
    every = forty.question.inventory
    linux = [each.guest for each in forty.guests if each.to == "container"][:8]
    whole = migrated(replace(every, guests=tuple(linux)), start=False, to=("ecs",),
                     instance="m5.xlarge")  # fmt: skip
    for number in range(len(linux)):
        fewer = migrated(
            replace(every, guests=tuple(linux[:number] + linux[number + 1 :])),
            start=False, to=("ecs",), instance="m5.xlarge",
        )  # fmt: skip

        assert (fewer.ways[1].hosts or 0) <= (whole.ways[1].hosts or 0)


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([1, 2, 4]), st.integers(1, 14), st.booleans()),
        min_size=1,
        max_size=12,
    )
)
def test_what_holds_for_any_inventory(sizes: list[tuple[int, int, bool]]) -> None:
    """Machines are no fewer than the bound, nothing is lost, and spare ones come on top."""
    guests = [
        guest(f"vm-{n}", float(vcpu), gib * GiB, os="Ubuntu" if linux else "Windows")
        for n, (vcpu, gib, linux) in enumerate(sizes)
    ]
    answer = arithmetic(*guests, to=("ecs",), rule="as-is", instance="m5.xlarge")
    way = answer.ways[1]
    if way.planned is None:
        assert not any(linux for *_, linux in sizes)
        return

    assert way.hosts is not None and way.lower_bound is not None
    assert way.lower_bound <= way.hosts
    assert way.containers + len(way.stay) == len(guests)
    assert way.spared is not None and way.spared.machines > way.hosts
    on = [copy.part for host in way.planned.packing.hosts for copy in host.on]  # type: ignore[union-attr]
    assert sorted(on) == sorted(each.name for each in guests if each.os == "Ubuntu")


@pytest.mark.parametrize(
    ("said", "to", "why"),
    [
        ({"os": "Ubuntu Linux (64-bit)"}, "container", "Linux"),
        ({"os": "Microsoft Windows Server 2019 (64-bit)"}, "instance", "Windows"),
        ({"os": "VMware Photon OS (64-bit)"}, "instance", "appliance"),
        ({"os": "Oracle Solaris 11 (64-bit)"}, "instance", "no Linux"),
        ({"os": "Oracle Linux 8 (64-bit)"}, "container", "Linux"),
        ({"os": ""}, "container", "OS not known"),
    ],
)
def test_what_moves_how_is_told_by_the_os(said: dict[str, str], to: str, why: str) -> None:
    """Linux becomes containers; what is not known is taken for Linux, and said."""
    assert move_of(guest("app-01", **said)) == (to, why)


def test_a_database_stays_where_most_of_its_memory_is_in_use() -> None:
    """By its name; one that uses little moves, one of which nothing is known does not."""
    idle = guest("shop-postgres-1", os="Debian", memory_use=Use(instant=1 * GiB))
    busy = guest("shop-postgres-2", os="Debian", memory_use=Use(instant=3 * GiB))
    unknown = guest("mysql01", os="Debian")

    assert move_of(idle).to == "container"
    assert move_of(busy) == move_of(unknown) == ("instance", "database")


def test_a_name_overrules_what_it_looks_like() -> None:
    """In any case, with a pattern; who says instance has the last word."""
    answer = arithmetic(
        guest("SQL-01", os="Windows"), guest("web-1", os="Ubuntu"), guest("sql-02", os="Windows"),
        to=("ecs",), as_container=("sql-*",), as_instance=("sql-02", "web-1"),
    )  # fmt: skip

    assert {each.name: each.to for each in answer.guests} == {
        "SQL-01": "container",
        "sql-02": "instance",
        "web-1": "instance",
    }


def test_a_container_has_no_os_of_its_own_but_all_that_is_in_use() -> None:
    """Guest kernel and OS are taken off, never below what was seen in use."""
    whole = guest("whole", memory=4 * GiB)
    full = guest("full", memory=4 * GiB, memory_use=Use(peak=4 * GiB))
    as_is = moved(whole, move_of(whole), "as-is")
    kept = moved(full, move_of(full), "as-is")

    assert as_is.memory == pytest.approx(4 * GiB - own_os(4 * GiB))
    assert 100 * MiB < own_os(4 * GiB) < 500 * MiB
    assert kept.memory == 4 * GiB


def test_one_instant_is_made_more_of_and_never_more_than_there_is() -> None:
    """By factors that are assumed; CPU is carried over by the clock of the old core."""
    seen = guest("seen", 4.0, 8 * GiB, cpu_use=Use(instant=0.8), ghz=2.0)
    sized = moved(seen, move_of(seen))
    speed = 2.0 * catalog.figure("migrate.core_speed_per_ghz").value

    assert sized.cpu == pytest.approx(0.8 * 1.5 * speed)
    assert sized.cpu_from.startswith("one instant")
    assert moved(seen, move_of(seen), core_speed=1.0).cpu == pytest.approx(1.2)


def test_what_is_too_large_for_fargate_stays_an_instance() -> None:
    """No task there has 64 vCPUs; the others are tasks all the same."""
    answer = arithmetic(guest("huge", 64.0, 128 * GiB), guest("web"), to=("fargate",), rule="as-is")
    way = answer.way("fargate")

    assert way is not None and way.containers == 1
    assert [each.guest.name for each in way.stay] == ["huge"]


def test_what_is_too_large_to_share_a_machine_stays_an_instance() -> None:
    """Where any type may be taken: one large VM makes no large machine for all of the small ones.

    A type that was asked for is asked for: there it is packed.
    """
    small = [guest(f"web-{n}") for n in range(3)]
    giant = guest("giant", 256.0, 1024 * GiB)
    asked = {"to": ("ecs",), "rule": "as-is", "spare": 1}
    mixed = arithmetic(giant, *small, **asked).way("ecs")
    alone = arithmetic(*small, **asked).way("ecs")
    told = arithmetic(giant, *small, **asked, instance="u7i-6tb.112xlarge").way("ecs")

    assert mixed is not None and alone is not None and told is not None
    assert [each.guest.name for each in mixed.stay] == ["giant"]
    assert (mixed.hosts, mixed.lower_bound) == (alone.hosts, alone.lower_bound)
    assert told.stay == ()


def test_a_way_is_paid_with_all_that_stays_beside_it(forty: MigrateAnswer) -> None:
    """So that ways can be compared: machines for containers, and instances for the others."""
    way = forty.way("ecs")
    assert way is not None and way.planned is not None and way.usd_per_month is not None
    stay = sum(each.usd_per_month for each in way.stay)
    packed = (way.planned.packing.usd_per_hour or 0.0) * 730  # type: ignore[union-attr]

    assert len(way.stay) == 8
    assert way.usd_per_month == pytest.approx(stay + packed)


def test_packed_costs_less_than_as_they_are(forty: MigrateAnswer) -> None:
    """And the steps of the picture go from the one to the other."""
    steps = dict(forty.steps())

    assert steps["as they are"] > steps["packed (ecs)"]
    assert steps["with 1 to spare"] > steps["packed (ecs)"]


def test_most_of_the_saving_is_in_the_right_size(forty: MigrateAnswer) -> None:
    """What packing adds is little where T3 instances are that cheap."""
    steps = dict(forty.steps())
    whole = steps["as they are"] - steps["packed (ecs)"]

    assert steps["as they are"] - steps["right-sized"] > 0.8 * whole


def test_the_json_has_what_was_promised(forty: MigrateAnswer) -> None:
    """Guests with both sizes, what was left out, every way, and of groups where asked for."""
    data = forty.json()

    assert set(data) == {"guests", "left_out", "ways", "groups"}
    assert data["left_out"] == {"powered off": 2}
    for each in data["guests"]:
        assert set(each) == {
            "name", "vcpu", "memory_bytes", "moves_as", "cpu", "memory_sized_bytes",
        }  # fmt: skip
    for each in data["ways"]:
        assert set(each) == KEYS_OF_A_WAY
    assert [each["way"] for each in data["ways"]] == [
        "today", "ec2, as they are", "ec2, right-sized", "ecs", "eks", "fargate",
    ]  # fmt: skip


def test_today_is_the_hosts_that_are_told_and_the_use_of_what_was_given() -> None:
    """Shares are of what guests hold; where the use of one is not known there is none."""
    half = guest("half", 4.0, 8 * GiB, cpu_use=Use(instant=1.0), memory_use=Use(instant=4 * GiB))
    listed = replace(inventory(half), hosts=(OldHost(name="esx"), OldHost(name="esx2")))
    known = migrated(listed, start=False, to=("ec2",)).ways[0]
    unknown = arithmetic(half, guest("dark"), to=("ec2",)).ways[0]

    assert (known.hosts, known.cpu_used, known.memory_used) == (2, 0.25, 0.5)
    assert unknown.cpu_used is None


def test_groups_have_machines_of_their_own_and_cost_no_less(forty: MigrateAnswer) -> None:
    """What is packed apart wastes the rests of more machines."""
    apart = migrated(
        forty.question.inventory,
        start=False,
        to=("ecs",),
        only=("web-*", "api-*", "queue-*"),
        group="stem",
        spare=0,
        instance="m5.2xlarge",
    )
    together = apart.way("ecs")
    costs = [ways[1].usd_per_month for ways in apart.groups.values()]

    assert set(apart.groups) == {"web", "api", "queue"}
    assert together is not None and together.usd_per_month is not None
    assert sum(each or 0.0 for each in costs) >= together.usd_per_month


def test_only_some_and_those_that_are_off(forty: MigrateAnswer) -> None:
    """Patterns choose; nothing that is like them is bad input."""
    asked = forty.question.inventory
    web = migrated(asked, start=False, to=("ec2",), only=("web-*", "WEB-01"))

    assert len(web.guests) == 8
    assert len(migrated(asked, start=False, to=("ec2",), include_off=True).guests) == 40
    with pytest.raises(ValueError, match="no guest is like nothing"):
        migrated(asked, start=False, only=("nothing-*",))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"rule": "vap"}, "did you mean 'vpa'"),
        ({"to": "ecs,moon"}, "moon"),
        ({"instance": "m5.huge"}, "m5.huge"),
        ({"spare": 3}, "at most 2"),
        ({"core_speed": 0.0}, "0.1 to 10"),
        ({"savings_rate": 0.7}, "savings-plan"),
        ({"group": "floor"}, "known: stem"),
    ],
)
def test_what_cannot_be_asked_is_told(asked: dict[str, object], told: str) -> None:
    """What is allowed stands beside it."""
    with pytest.raises(ValueError, match=told):
        arithmetic(guest("web"), **asked)


def test_something_else_is_no_inventory() -> None:
    """An application, a path: what is needed is said."""
    with pytest.raises(BadInput, match="an inventory, as sim"):
        migrated("export.xlsx", start=False)  # type: ignore[arg-type]


def test_plan_takes_an_inventory(forty: MigrateAnswer) -> None:
    """As an application of those that can be containers."""
    planned = sim.plan(forty.question.inventory, platform="ecs", start=False, instance="m5.2xlarge")

    assert len(planned.app.parts) == 30 and planned.chosen is not None
