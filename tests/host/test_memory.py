"""The memory ledger: who holds how much, what gives way, who is killed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.host import Memory, MemoryGroup, MemorySlice
from sim.host.memory import OOM_HOST, OOM_LIMIT


class Killed:
    """Remembers why each group was killed, in order."""

    def __init__(self) -> None:
        self.reasons: list[tuple[str, str]] = []

    def group(self, memory: Memory, name: str = "a", limit: float = math.inf) -> MemoryGroup:
        return memory.cgroup(limit, lambda reason: self.reasons.append((name, reason)))


@pytest.fixture
def killed() -> Killed:
    return Killed()


def test_a_limit_may_be_reached_but_not_exceeded(killed: Killed) -> None:
    """`>` kills, `>=` does not."""
    memory = Memory(1000.0)
    group = killed.group(memory, limit=100.0)

    assert group.allocate(100.0)
    assert not killed.reasons
    assert not group.allocate(1.0)
    assert killed.reasons == [("a", OOM_LIMIT)]
    assert memory.used == 0.0


def test_ram_may_be_reached_but_not_exceeded(killed: Killed) -> None:
    """A host that is full to the byte kills nobody; one byte more kills."""
    memory = Memory(100.0)
    memory.hold(40.0)
    group = killed.group(memory)

    assert group.allocate(60.0)
    assert not killed.reasons
    memory.hold(1.0)
    assert killed.reasons == [("a", OOM_HOST)]
    assert memory.used == 41.0


def test_the_kernel_kills_the_largest(killed: Killed) -> None:
    """Over RAM the group with most private pages dies, not the one that asked last."""
    memory = Memory(100.0)
    small, large = killed.group(memory, "small"), killed.group(memory, "large")
    small.allocate(30.0)
    large.allocate(60.0)

    assert small.allocate(20.0)
    assert killed.reasons == [("large", OOM_HOST)]
    assert memory.used == 50.0


def test_of_equals_the_youngest_is_killed(killed: Killed) -> None:
    """Ties go against the last to come, so that what runs keeps running."""
    memory = Memory(100.0)
    groups = [killed.group(memory, name) for name in "abc"]
    for group in groups:
        group.allocate(40.0)

    assert [group.alive for group in groups] == [True, True, False]
    assert killed.reasons == [("c", OOM_HOST)]


def test_kills_end_as_soon_as_the_rest_fits(killed: Killed) -> None:
    """No more groups die than must."""
    memory = Memory(100.0)
    for name in "abcd":
        killed.group(memory, name).allocate(20.0)
    memory.hold(50.0)

    assert len(killed.reasons) == 2
    assert memory.used == 90.0


def test_cold_cache_gives_way_before_anyone_is_killed(killed: Killed) -> None:
    """Clean file pages are dropped, oldest first, when private pages need the room."""
    memory = Memory(100.0)
    memory.cache("old", 50.0)
    memory.cache("new", 50.0)
    group = killed.group(memory)

    assert group.allocate(70.0)
    assert not killed.reasons
    assert memory.cached == 30.0
    assert memory.cached_bytes("old") == 0.0
    assert memory.cached_bytes("new") == 30.0


def test_cache_never_takes_more_than_what_is_free() -> None:
    """Files larger than RAM fill it and no more."""
    memory = Memory(100.0)
    memory.hold(30.0)
    memory.cache("huge", 1000.0)

    assert memory.cached == 70.0
    assert memory.used == 30.0
    assert memory.peak == 100.0


def test_hot_files_exist_once_however_many_map_them(killed: Killed) -> None:
    """n containers of one image hold its files once, and n times their private pages."""
    memory = Memory(1000.0)
    for name in "abcde":
        group = killed.group(memory, name)
        group.map("image", 100.0)
        group.allocate(10.0)

    assert memory.used == 100.0 + 5 * 10.0


def test_hot_files_outlive_all_but_the_last_user(killed: Killed) -> None:
    """The last one to leave turns its hot files into cold cache."""
    memory = Memory(1000.0)
    one, two = killed.group(memory, "one"), killed.group(memory, "two")
    one.map("image", 100.0)
    two.map("image", 100.0)

    one.release()
    assert (memory.used, memory.cached) == (100.0, 0.0)
    two.release()
    assert (memory.used, memory.cached) == (0.0, 100.0)
    assert memory.cached_bytes("image") == 100.0


def test_cold_files_become_hot_without_a_second_copy(killed: Killed) -> None:
    """Mapping what is cached moves the pages; it does not copy them."""
    memory = Memory(1000.0)
    memory.cache("image", 100.0)
    killed.group(memory).map("image", 60.0)

    assert memory.hot == 60.0
    assert memory.used + memory.cached == 100.0


def test_hot_files_give_way_before_anyone_is_killed(killed: Killed) -> None:
    """Linux reclaims mapped file pages, and reads them again, until private pages fill RAM."""
    memory = Memory(100.0)
    group = killed.group(memory)
    group.share((("image", 40.0),))
    assert memory.lacking == 0.0

    assert group.allocate(80.0)
    assert (memory.lacking, memory.used) == (20.0, 100.0)
    assert memory.missing((("image", 40.0),)) == 20.0
    assert group.allocate(20.0)
    assert memory.lacking == 40.0
    assert not group.allocate(1.0)
    assert killed.reasons == [("a", OOM_HOST)]
    assert memory.lacking == 0.0


def test_the_largest_process_is_killed_not_the_largest_cgroup(killed: Killed) -> None:
    """Four processes of 90 outlive one of 240, as measured, and then one of 341."""
    memory = Memory(700.0)
    many = memory.cgroup(math.inf, lambda _: killed.reasons.append(("many", _)), processes=4)
    many.allocate(360.0)
    one, grows = killed.group(memory, "one"), killed.group(memory, "grows")
    one.allocate(240.0)

    assert grows.allocate(101.0)
    assert killed.reasons == [("one", OOM_HOST)]
    assert not grows.allocate(240.0)
    assert killed.reasons[1:] == [("grows", OOM_HOST)]
    assert many.processes == 4


def test_a_process_that_is_killed_gives_back_its_share_and_its_cgroup_lives() -> None:
    """Three of 30 over a limit of 80 are two of 30; with `memory.oom.group` all three die."""
    memory = Memory(1000.0)
    apart = memory.cgroup(80.0, lambda _: None, processes=3)
    grouped = memory.cgroup(80.0, lambda _: None, processes=3, together=True)

    assert apart.allocate(90.0)
    assert (apart.processes, apart.private) == (2, 60.0)
    assert not grouped.allocate(90.0)
    assert memory.private == 60.0


def test_oom_score_adj_counts_in_thousandths_of_ram(killed: Killed) -> None:
    """150 of 600 with an adjustment of 500 die before 250 without one, as measured."""
    memory = Memory(600.0)
    killed.group(memory, "large").allocate(250.0)
    marked = memory.cgroup(math.inf, lambda _: killed.reasons.append(("marked", _)), 500.0)
    marked.allocate(150.0)
    killed.group(memory, "grows").allocate(201.0)

    assert killed.reasons == [("marked", OOM_HOST)]


def test_a_full_slice_kills_of_its_own(killed: Killed) -> None:
    """Pods over their slice's limit cost a pod its life, however large a process outside is."""
    memory = Memory(1000.0)
    killed.group(memory, "daemon").allocate(500.0)
    pods = MemorySlice(memory, 300.0, "full")
    for name in ("a", "b"):
        group = memory.cgroup(
            math.inf,
            lambda reason, name=name: killed.reasons.append((name, reason)),
            within=pods,
        )
        group.allocate(140.0)
    assert not killed.reasons
    group.allocate(30.0)

    assert killed.reasons == [("b", "full")]
    assert (pods.private, memory.private) == (140.0, 640.0)


def test_a_release_is_idempotent(killed: Killed) -> None:
    """Giving back twice gives back once."""
    memory = Memory(100.0)
    other, group = killed.group(memory, "other"), killed.group(memory)
    other.allocate(10.0)
    group.allocate(20.0)
    group.release()
    group.release()

    assert memory.private == 10.0


def test_a_group_is_told_once_that_it_was_killed(killed: Killed) -> None:
    """A second kill of the same group is no news."""
    group = killed.group(Memory(100.0))
    group.kill("first")
    group.kill("second")

    assert killed.reasons == [("a", "first")]
    assert group.killed_by == "first"


def test_the_dead_touch_no_memory(killed: Killed) -> None:
    """A group that was released cannot be charged any more."""
    memory = Memory(100.0)
    group = killed.group(memory)
    group.release()

    assert not group.allocate(10.0)
    assert memory.used == 0.0


def test_the_dead_map_no_files(killed: Killed) -> None:
    """A group that was released cannot pin files any more."""
    memory = Memory(100.0)
    group = killed.group(memory)
    group.release()

    assert not group.map("image", 10.0)
    assert memory.used == 0.0


def test_over_its_limit_a_group_loses_its_own_cache_first(killed: Killed) -> None:
    """A sole group never holds more than its limit, and is not killed for its cache."""
    memory = Memory(1000.0)
    group = killed.group(memory, limit=100.0)
    group.map("image", 80.0)

    assert group.allocate(60.0)
    assert memory.used <= 100.0


def test_growth_is_told_once_and_never_taken_back(killed: Killed) -> None:
    """A guest backed on touch keeps what it ever touched: the sum of growths is the peak."""
    grown: list[float] = []
    memory = Memory(100.0, on_growth=grown.append)
    memory.hold(10.0)
    group = killed.group(memory)
    group.allocate(50.0)
    group.release()
    killed.group(memory, "b").allocate(30.0)
    killed.group(memory, "c").allocate(40.0)

    assert grown == [10.0, 50.0, 20.0]
    assert sum(grown) == memory.peak == 80.0

    killed.group(memory, "d").allocate(40.0)  # more than there is: one of them is killed
    assert killed.reasons
    assert memory.peak <= 100.0


Operation = tuple[str, int, int]
OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["new", "allocate", "map", "cache", "release", "hold", "give back"]),
        st.integers(0, 7),
        st.integers(1, 60),
    ),
    max_size=60,
)


class Ledger:
    """A kernel on which random things happen to living groups."""

    def __init__(self, capacity: float) -> None:
        self.memory = Memory(capacity)
        self.held = 0.0
        self.groups: list[MemoryGroup] = []
        self.mapped: set[MemoryGroup] = set()

    @property
    def living(self) -> list[MemoryGroup]:
        return [group for group in self.groups if group.alive]

    def do(self, operation: Operation) -> None:
        name, which, amount = operation
        if name == "new":
            self.groups.append(self.memory.cgroup(20.0 + 10 * which, lambda _: None))
        elif name == "cache":
            self.memory.cache(f"file {which % 3}", amount)
        elif name == "hold" and self.held + amount <= 50:
            self.held += amount
            self.memory.hold(amount)
        elif name == "give back" and self.held >= amount:
            self.held -= amount
            self.memory.hold(-amount)
        elif self.living and name in ("allocate", "map", "release"):
            self.touch(self.living[which % len(self.living)], name, which, amount)

    def touch(self, group: MemoryGroup, name: str, which: int, amount: float) -> None:
        if name == "allocate":
            group.allocate(amount)
        elif name == "release":
            group.release()
        elif group not in self.mapped:
            self.mapped.add(group)
            group.map(f"file {which % 3}", amount)


@given(OPERATIONS)
def test_the_ledger_stays_within_ram_and_adds_up(operations: list[Operation]) -> None:
    """Whatever happens, use is at most RAM, and its parts are those of the living."""
    ledger = Ledger(100.0)
    memory = ledger.memory
    for operation in operations:
        ledger.do(operation)

        assert memory.used + memory.cached <= memory.capacity
        assert memory.held == ledger.held
        assert memory.private == sum(group.private for group in ledger.living)
        assert all(group.private <= group.limit for group in ledger.living)
        assert min(memory.hot, memory.cached, memory.private) >= 0.0


@given(OPERATIONS)
def test_the_ledger_sums_to_zero_when_all_is_stopped(operations: list[Operation]) -> None:
    """When every group has gone and the daemons too, nothing is held but cold cache."""
    ledger = Ledger(100.0)
    for operation in operations:
        ledger.do(operation)
    for group in ledger.groups:
        group.release()
    ledger.memory.hold(-ledger.held)

    assert ledger.memory.used == 0.0
    assert not ledger.memory.groups


SETS = (
    (("a", 10.0), ("b", 5.0)),
    (("b", 8.0), ("c", 20.0)),
    (("d", 30.0),),
)
SHARING = st.lists(
    st.tuples(
        st.sampled_from(
            ["share", "share", "release", "release", "cache", "allocate", "map", "ask"]
        ),
        st.integers(0, 5),
        st.integers(1, 40),
    ),
    max_size=60,
)


@given(SHARING, st.sampled_from([60.0, 100.0, 1000.0]))
def test_a_set_that_rests_is_booked_as_if_it_did_not(
    operations: list[Operation], capacity: float
) -> None:
    """Two ledgers go through the same; one of them never leaves a set in one piece."""
    rests, restless = Memory(capacity), Memory(capacity)
    sides = [
        (rests, list[MemoryGroup](), lambda: None),
        (restless, list[MemoryGroup](), restless._disturb),  # moves the pages of each layer
    ]
    for verb, which, amount in operations:
        seen = []
        for memory, groups, moves in sides:
            living = [group for group in groups if group.alive]
            group = living[which % len(living)] if living else None
            if verb == "share":
                groups.append(memory.cgroup(25.0 + 10.0 * which, lambda _: None))
                files = SETS[which % 3]
                groups[-1].share(files if which < 3 else (*files,))  # the same, or its equal
            elif verb == "cache":
                memory.cache("abcd"[which % 4], float(amount))
            elif group is not None and verb == "allocate":
                group.allocate(float(amount))
            elif group is not None and verb == "release":
                group.release()
            elif verb == "map":
                groups.append(memory.cgroup(60.0, lambda _: None))
                groups[-1].map("abcd"[which % 4], float(amount))
            moves()
            names = [memory.cached_bytes(name) for name in "abcd"]
            missing = [memory.missing(files) for files in SETS] if verb == "ask" else []
            charged = [sorted(group.files.items()) for group in groups if group.alive]
            seen.append((memory.hot, memory.cached, memory.peak, names, missing, charged))

        assert seen[0] == seen[1]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=12), st.integers(50, 200))
def test_a_kernel_kills_only_when_it_must(sizes: list[int], capacity: int) -> None:
    """Groups die if and only if their private pages do not fit together."""
    memory, killed = Memory(float(capacity)), Killed()
    for number, size in enumerate(sizes):
        killed.group(memory, str(number)).allocate(size)

    assert bool(killed.reasons) == (sum(sizes) > capacity)


def test_files_that_were_all_there_are_missed_once_they_gave_way() -> None:
    """Nothing is missing, then private pages push the cold cache out, and it is read again."""
    memory = Memory(1000.0)
    files = (("a", 300.0), ("b", 200.0))
    for name, part in files:
        memory.cache(name, part)
    assert memory.missing(files) == 0.0
    memory.cgroup(1000.0, lambda _: None).allocate(900.0)

    assert memory.missing(files) == 400.0


def test_files_that_were_deleted_are_missed() -> None:
    memory = Memory(1000.0)
    files = (("a", 300.0), ("b", 200.0))
    for name, part in files:
        memory.cache(name, part)
    assert memory.missing(files) == 0.0
    memory.forget("a")

    assert memory.missing(files) == 300.0


def test_files_that_were_deleted_after_their_last_container_are_missed() -> None:
    """Also where the set that it shared is left in one piece until somebody touches its files."""
    memory = Memory(1000.0)
    files = (("a", 300.0), ("b", 200.0))
    group = memory.cgroup(1000.0, lambda _: None)
    group.share(files)
    group.release()
    memory.forget("a")

    assert memory.missing(files) == 300.0
    assert memory.cached == 200.0


def test_hot_files_dropped_over_a_limit_are_missed() -> None:
    memory = Memory(1000.0)
    files = (("a", 300.0),)
    group = memory.cgroup(400.0, lambda _: None)
    group.share(files)
    assert memory.missing(files) == 0.0
    group.allocate(250.0)

    assert memory.missing(files) == 150.0
