"""EC2 types against what AWS documents and what was measured."""

import math
import os
import statistics
from pathlib import Path

import pytest

from sim import catalog
from sim.catalog.data import rows
from sim.catalog.instances import own_types
from sim.catalog.instances.table import LOST_OFF, by_price, family, forget, silicon
from sim.core.cited import Cited, plain
from sim.core.question import BadInput
from sim.studies.plan.types import allowed
from sim.units import GiB, MiB

KNOWN = {
    # name: arch, vCPU, nominal MiB, OS-visible MiB, ENIs, tasks with trunking, USD/h
    "m5.xlarge": ("amd64", 4, 16384, 15611, 4, 20, 0.192),
    "m5.large": ("amd64", 2, 8192, 7811, 3, 10, 0.096),
    "t3.micro": ("amd64", 2, 1024, 904, 2, 0, 0.0104),
    "c5.large": ("amd64", 2, 4096, 3785, 3, 10, 0.085),
    "m6g.medium": ("arm64", 1, 4096, 3795, 2, 4, 0.0385),
    "m5.metal": ("amd64", 96, 393216, 386567, 15, 0, 4.608),
}


@pytest.mark.parametrize("name", KNOWN)
def test_types_are_as_measured_and_documented(name: str) -> None:
    """vCPUs, memory, interfaces, trunking and price of a handful of types."""
    machine = catalog.machine(name)
    assert machine.usd_per_hour is not None
    found = (
        machine.architecture,
        machine.vcpu,
        machine.memory / MiB,
        machine.memory_visible / MiB,
        machine.enis,
        plain(machine.trunk_tasks or 0),
        plain(machine.usd_per_hour),
    )

    assert found == KNOWN[name]


@pytest.mark.parametrize(
    ("name", "awsvpc", "trunk"), [("m5.xlarge", 3, 20), ("m5.large", 2, 10), ("t3.micro", 1, 0)]
)
def test_awsvpc_tasks_are_limited_by_interfaces(name: str, awsvpc: int, trunk: int) -> None:
    """The first interface is the instance's own; with trunking ECS documents the number."""
    tiny = catalog.service("generic", cpu=0.01, memory=6 * MiB)
    plain_, trunked = (
        catalog.ecs(name, network="awsvpc", trunking=trunking).slots(tiny)[0]
        for trunking in (False, True)
    )

    assert (plain_.limit, plain_.allows) == ("ENI", awsvpc)
    with_it = ("trunk ENI", trunk) if trunk else ("ENI", awsvpc)
    assert (trunked.limit, trunked.allows) == with_it


@pytest.mark.parametrize(
    ("memory", "count", "limit"),
    [(512, 16, "vCPU"), (1024, 15, "memory"), (15611, 1, "memory"), (15612, 0, "memory")],
)
def test_ecs_registers_what_the_os_sees(memory: int, count: int, limit: str) -> None:
    """m5.xlarge registers 15,611 MiB and 4,096 CPU units: 0.25 vCPU fits 16 times, 1 GiB 15."""
    first = catalog.ecs("m5.xlarge").ceilings(
        catalog.service("generic", cpu=0.25, memory=memory * MiB)
    )[0]

    assert (first.allows, first.limit) == (count, limit)


def test_every_type_is_a_machine() -> None:
    """It sees less than its nominal memory, most of it, and has a speed, a disk and a card."""
    for name in catalog.instances():
        machine, bare = catalog.machine(name), catalog.bare(name)
        assert 0.75 * machine.memory < machine.memory_visible < machine.memory, name
        assert 0.2 < plain(machine.core_speed) < 4.0, name
        assert 0.0 < plain(machine.disk) < math.inf, name
        assert 0.0 < plain(machine.nic) < math.inf, name
        assert machine.enis is None or machine.enis >= 2, name
        assert (bare.vcpu, bare.memory) == (machine.vcpu, machine.memory), name
        assert bare.memory_visible >= 0.98 * machine.memory_visible, name


def test_a_card_of_a_gigabit_is_no_gigabyte() -> None:
    """m5.xlarge: up to 10 Gbit/s are 1.25e9 bytes a second; its volume gives 125 MiB/s."""
    machine = catalog.machine("m5.xlarge")

    assert plain(machine.nic) == 1.25e9
    assert plain(machine.disk) == 125 * MiB


def test_speed_is_against_m5() -> None:
    """m5 is the reference core; CoreMark per vCPU of others over that of m5, one a family."""
    assert plain(catalog.machine("m5.xlarge").core_speed) == 1.0
    speeds = {plain(catalog.machine(f"c5.{size}").core_speed) for size in ("large", "4xlarge")}

    assert len(speeds) == 1
    assert speeds.pop() > 1.0


def test_every_fitted_memory_says_that_it_is_fitted() -> None:
    """Grade A and "measured" only where the table has a measurement."""
    measured = {r["instance_type"] for r in rows("ec2_instances.csv") if r["memory_mib_os_visible"]}
    for name in catalog.instances():
        lost = catalog.machine(name).memory_lost
        assert isinstance(lost, Cited)
        assert name in measured or lost.grade != "A"


def test_an_estimated_memory_is_off_by_no_more_than_it_says_in_nineteen_of_twenty() -> None:
    """Each measured type is estimated from the other families, and compared with itself.

    Where no other family has its silicon, the estimate is coarser and not counted here.
    """
    measured = [r for r in rows("ec2_instances.csv") if r["memory_mib_os_visible"]]
    off = []
    for row in measured:
        own, nominal = family(row["instance_type"]), float(row["memory_mib_nominal"])
        siblings = [
            (abs(float(r["memory_mib_nominal"]) - nominal), _share(r))
            for r in measured
            if silicon(r["instance_type"]) == silicon(row["instance_type"])
            and family(r["instance_type"]) != own
            and r["bare_metal"] == row["bare_metal"]
        ]
        if siblings:
            least = min(siblings)[0]
            near = statistics.median(share for far, share in siblings if far <= least)
            off.append(abs(near - _share(row)))

    assert len(off) > 600
    assert statistics.median(off) < 0.001
    assert sorted(off)[int(0.95 * len(off))] <= LOST_OFF


def _share(row: dict[str, str]) -> float:
    return 1.0 - float(row["memory_mib_os_visible"]) / float(row["memory_mib_nominal"])


def test_what_is_estimated_has_a_range_and_grade_c() -> None:
    """Memory from siblings, trunking from branch interfaces; what is documented has grade A."""
    table = {row["instance_type"]: row for row in rows("ec2_instances.csv")}
    for name, type_ in catalog.instances().items():
        row, lost, trunk = table[name], type_.memory_lost, type_.trunk_tasks
        assert lost.grade == ("A" if row["memory_mib_os_visible"] else "C"), name
        assert trunk is None or trunk.grade == ("A" if row["ecs_trunk_tasks"] else "C"), name
        for figure in (lost, trunk):
            assert figure is None or figure.grade == "A" or figure.low is not None, name
        assert trunk is not None or not row["branch_eni"], name


def test_branch_interfaces_bound_what_ecs_documents() -> None:
    """Types with both figures: from the branch interfaces to an eighth more, or 0."""
    both = [
        (int(r["branch_eni"]), int(r["ecs_trunk_tasks"]))
        for r in rows("ec2_instances.csv")
        if r["branch_eni"] and r["ecs_trunk_tasks"] not in ("", "0")
    ]

    assert len(both) > 150
    assert all(branch <= tasks <= -(-branch * 9 // 8) for branch, tasks in both)


def test_a_type_that_does_not_exist_is_refused() -> None:
    """c7i.32xlarge stands in tables of interfaces only; g5.xlarge is no misspelt r5."""
    with pytest.raises(catalog.UnknownName, match=r"'c7i.32xlarge' is not known; did you mean"):
        catalog.machine("c7i.32xlarge")
    assert catalog.machine("g5.xlarge").vcpu == 4


def test_all_of_the_table_is_there() -> None:
    """1,363 types; GPUs are counted, and a fraction of one is not taken for none."""
    types = catalog.instances()

    assert len(types) == 1363
    assert (types["g5.12xlarge"].gpus, types["m5.large"].gpus) == (4, 0)
    assert types["g6f.large"].gpus is None
    assert (types["inf1.24xlarge"].gpus, types["inf1.24xlarge"].accelerators) == (0, 16)


@pytest.mark.parametrize("pattern", ["m5.*", "m5.", "*large"])
def test_types_are_found_by_pattern(pattern: str) -> None:
    """A shell pattern, or a word anywhere in the name."""
    names = [type_.name for type_ in catalog.matching(pattern)]

    assert len(names) >= 6
    assert all(pattern.strip("*") in name for name in names)
    assert catalog.matching("zzz") == []


def test_types_by_price_are_of_one_architecture_and_rentable() -> None:
    """Cheapest first, no metal, no T where the user says so."""
    for architecture in ("amd64", "arm64"):
        types = list(by_price(architecture))
        prices = [type_.usd_per_hour or 0.0 for type_ in types]

        assert prices == sorted(prices)
        assert min(prices) > 0.0
        assert {type_.architecture for type_ in types} == {architecture}
        assert not any(type_.metal for type_ in types)
    assert not any(type_.burstable for type_ in by_price("amd64", burstable=False))
    assert any(type_.burstable for type_ in by_price("amd64"))


def test_an_instance_of_ones_own_is_none_that_auto_leaves_out() -> None:
    """a1.xlarge is the cheapest with 4 vCPU, hpc7g.16xlarge with 64."""
    for cpu in (4.0, 64.0):
        cheapest = catalog.ec2_for(catalog.service("generic", cpu=cpu), "arm64", burstable=False)

        assert cheapest is not None
        assert cheapest.machine.name in allowed("auto")


def test_the_users_own_types_are_kept_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new name is added, a known one replaced, a blank stays not known; a mistake keeps none."""
    monkeypatch.setenv("BERTHSIM_INSTANCES", str(tmp_path / "kept" / "own.csv"))
    wrong, good = tmp_path / "wrong.csv", tmp_path / "good.csv"
    head = "instance_type,arch,vcpu,memory_mib_nominal,price_usd_hr_us_east_1,gpu_count"
    wrong.write_text(f"{head}\nz9.large,amd64,2,8192,0.1,\nz9.huge,x86,-4,lots,0,1\n")
    good.write_text(f"{head}\nz9.large,amd64,2,8192,0.1,\nm5.large,amd64,2,8192,9.5,0\n")
    before = catalog.digest()
    try:
        with pytest.raises(ValueError, match=r"line 3: arch: 'x86'.*\n.*vcpu: '-4'.*\n.*'lots'"):
            own_types.update(wrong)
        assert not own_types.place().exists()
        assert own_types.update(good) == ["z9.large", "m5.large"]
        forget()
        assert catalog.instance("m5.large").usd_per_hour == 9.5
        assert catalog.instance("z9.large").enis is None
        assert catalog.instance("z9.large").gpus is None
        assert catalog.machine("z9.large").vcpu == 2.0
        assert len(catalog.instances()) == 1364
        catalog.digest.cache_clear()
        assert catalog.digest() != before
    finally:
        monkeypatch.undo()
        forget()
        catalog.digest.cache_clear()
    assert catalog.instance("m5.large").usd_per_hour == 0.096


def test_a_file_of_own_types_that_is_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder, a pipe or nonsense is not passed over; one that is not there yet is none."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "many.csv").write_text("a,b\n" + "1\n" * 10_001)
    for name, words in (
        ("", "not a file"),
        ("pipe", "not a file"),
        ("bytes.csv", "byte 0 is no text"),
        ("other.csv", "arch: the column is missing"),
        ("many.csv", "more than 10,000 types"),
        ("x" * 300, "too long"),
    ):
        monkeypatch.setenv("BERTHSIM_INSTANCES", str(tmp_path / name))
        with pytest.raises(BadInput, match=f"(?s)BERTHSIM_INSTANCES: .*{words}"):
            own_types.own_types()
    for name in (str(tmp_path / "nowhere.csv"), os.devnull):
        monkeypatch.setenv("BERTHSIM_INSTANCES", name)
        assert own_types.own_types() == []


def test_somebody_without_a_home_has_no_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """And is told where they could be."""
    for name in ("BERTHSIM_INSTANCES", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", str)

    assert own_types.own_types() == []
    assert own_types.place().parts[0] == "~"


def test_t_types_and_no_others_are_burstable() -> None:
    """By their name."""
    for name, type_ in catalog.instances().items():
        assert type_.burstable == name.startswith(("t2.", "t3.", "t3a.", "t4g.")), name


def test_a_custom_machine_has_the_size_that_was_asked_for() -> None:
    """16 vCPUs and 64 GiB, named so, without a price."""
    machine = catalog.custom(16, 64 * GiB)

    assert (machine.name, machine.vcpu, machine.memory) == ("16 vCPU, 64 GiB", 16.0, 64 * GiB)
    assert machine.usd_per_hour is None
    assert machine.memory_visible == pytest.approx(64 * GiB * (1 - 0.0175))


def test_a_metal_type_is_its_own_bare_machine() -> None:
    """With the memory that was measured on it, and its name."""
    bare = catalog.bare("m5.metal")

    assert (bare.name, bare.memory_visible) == ("m5.metal", 386567 * MiB)


def test_a_bare_machine_loses_less_than_an_instance_of_its_size() -> None:
    """No hypervisor, no Nitro: what is lost is what metal of the family loses."""
    bare, instance = catalog.bare("m5.xlarge"), catalog.machine("m5.xlarge")

    assert bare.name == "4 vCPU, 16 GiB"
    assert bare.memory_visible > instance.memory_visible
    assert bare.memory - bare.memory_visible < 0.03 * bare.memory
