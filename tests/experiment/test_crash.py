"""Whatever happens while results are written, and whatever has happened to them since."""

import contextlib
import errno
import json
import multiprocessing
import os
import random
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

import pyarrow as pa
import pytest
from failing import failing
from interrupts import at_line, interrupted_at, left_by_kills, lines, moments, remember_runs, state
from runs import assert_same, pair, scenario

from sim.experiment import Results, compare, load, replicate
from sim.experiment.results import Unfinished
from sim.experiment.running import engine
from sim.experiment.storage import finished_runs, whole_file
from sim.experiment.storage import run_folder as store
from sim.experiment.storage.part_files import FOLDERS, Damaged, PartFiles
from sim.experiment.storage.whole_file import draft_of, write_whole

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # an interrupt after open, before with
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch is a part, batches are small, and parts are merged; each run is made once."""
    monkeypatch.setattr(store, "FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(engine, "BATCH_SECONDS", 0.01)
    monkeypatch.setattr(PartFiles.merge, "__defaults__", (3,))
    remember_runs(monkeypatch)


@pytest.fixture(scope="module")
def undisturbed() -> Results:
    """What all commands here ask for."""
    return compare(pair(), times=3, seed=2)


@pytest.fixture
def finished(_at_once: None, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    """The folder that the command leaves, made once and copied for each who does harm to it."""
    once = tmp_path_factory.getbasetemp() / "finished"
    if not once.exists():
        ask(once)
    return Path(shutil.copytree(once, tmp_path / "out", symlinks=True))


def ask(out: Path) -> Results:
    """The same command."""
    return compare(pair(), times=3, seed=2, jobs=1, out=out)


def only(out: Path) -> Path:
    """The one run folder."""
    return next(path for path in (out / "small").iterdir() if path.name != "latest")


def interrupt(at: Iterable[int], tmp_path: Path, undisturbed: Results) -> int:
    """Interrupt the command at these lines, and go on; how often that was.

    It goes on once from all interrupts that leave the same.
    """
    seen: set[str] = set()
    for times, line in enumerate(at):
        out = tmp_path / str(line)
        if not interrupted_at(line, lambda out=out: ask(out)):  # type: ignore[misc]
            return times
        if (left := state(out)) not in seen:
            seen.add(left)
            assert_same(ask(out), undisturbed)
            assert_same(load(only(out)), undisturbed)
        shutil.rmtree(out, ignore_errors=True)
    return times + 1


def test_ctrl_c_at_any_line_of_writing_leaves_no_run_twice_and_none_out(
    tmp_path: Path, undisturbed: Results
) -> None:
    """The same command goes on, and its tables are those of an undisturbed run."""
    assert interrupt(lines(307), tmp_path, undisturbed) > 5


@pytest.mark.long
@pytest.mark.parametrize("half", range(2))
def test_ctrl_c_at_every_line_of_writing(half: int, tmp_path: Path, undisturbed: Results) -> None:
    """Each of them, and again wherever something else is on disk; each process takes half."""
    every = moments(lambda: ask(tmp_path / "seen"), tmp_path / "seen")
    assert len(every) > 1500
    assert interrupt(every[half::2], tmp_path, undisturbed) > len(every) // 2 - 5


def test_a_lock_that_an_interrupt_has_left_hinders_nobody(
    tmp_path: Path, undisturbed: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook keeps the frames of what was interrupted, and with them the lock."""
    prepare, kept = store.RunFolder._prepare, []

    def interrupted(self: store.RunFolder) -> None:
        prepare(self)
        lock = finished_runs.FileLock(self.folder / finished_runs.LOCK, is_singleton=True)
        lock.acquire()  # once more, so that leaving the block does not give it back
        kept.append(lock)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(store.RunFolder, "_prepare", interrupted)
        patch.setattr(finished_runs.BaseFileLock, "release", lambda *_, **__: None)
        ask(tmp_path)

    assert kept[0].is_locked
    assert_same(ask(tmp_path), undisturbed)
    assert not kept[0].is_locked


def save_everywhere(step: int, tmp_path: Path) -> int:
    """Interrupt a save over a finished run of fewer replications; a reader sees one of both."""
    few, many = replicate(scenario(), times=2), replicate(scenario(), times=3)
    seen: set[str] = set()
    for times, line in enumerate(lines(step)):
        out = tmp_path / str(line)
        few.save(out)
        if not interrupted_at(line, lambda out=out: many.save(out)):  # type: ignore[misc]
            return times
        if (left := state(out)) not in seen:
            seen.add(left)
            saved_again(out, few, many)
        shutil.rmtree(out)
    raise AssertionError


def saved_again(out: Path, few: Results, many: Results, *, later: bool = False) -> None:
    """One of both is there; the same save leaves the new one, and nothing that does not count.

    Args:
        later: when a draft that nothing could remove is old enough to be nobody's.
    """
    there = load(out / "small")
    assert_same(there, few if len(there.runs) == 2 else many)
    with pytest.MonkeyPatch.context() as patch:
        if later:
            patch.setattr(whole_file, "LEFT", 0.0)
        many.save(out)
    assert_same(load(out / "small"), many)
    assert not [path for path in out.rglob(".*") if path.name != finished_runs.LOCK]
    parts = {path.stem for name in FOLDERS for path in (only(out) / name).iterdir()}
    [summary] = (only(out) / "summaries").iterdir()
    assert len(parts) == 1
    assert summary.read_bytes() == (only(out) / "summary.csv").read_bytes()


def test_a_save_is_whole_or_not_at_all(tmp_path: Path) -> None:
    """Wherever it is interrupted, the old run or the new one is there."""
    assert save_everywhere(73, tmp_path) > 5


@pytest.mark.long
def test_a_save_interrupted_at_every_line(tmp_path: Path) -> None:
    """Each of them, once."""
    assert save_everywhere(1, tmp_path) > 100


@pytest.mark.parametrize("step", [41, pytest.param(1, marks=pytest.mark.long)])
def test_whatever_a_killed_save_leaves_the_next_one_tidies_up(
    step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drafts, and files of a part that was not there yet; over a finished run, too."""
    monkeypatch.setattr(whole_file, "LEFT", 0.0)
    few, many = replicate(scenario(), times=2), replicate(scenario(), times=3)
    out = tmp_path / "out"
    few.save(out)
    left = left_by_kills(lambda: many.save(out), out, tmp_path / "left", step)
    assert len(left) > 5

    for each in left:
        saved_again(each, few, many)


@pytest.mark.parametrize("step", [41, pytest.param(1, marks=pytest.mark.long)])
def test_a_first_save_that_is_killed_leaves_nothing_half(
    step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole run is there, or none; the next save tidies up."""
    monkeypatch.setattr(whole_file, "LEFT", 0.0)
    results, out = replicate(scenario(), times=2), tmp_path / "out"
    left = left_by_kills(lambda: results.save(out), out, tmp_path / "left", step)
    assert len(left) > 3

    for each in left:
        with contextlib.suppress(FileNotFoundError):
            assert_same(load(each / "small"), results)
        results.save(each)
        assert_same(load(each / "small"), results)
        assert not [path for path in each.rglob(".*") if path.name != finished_runs.LOCK]


def test_a_disk_that_fills_up_at_any_file_leaves_the_old_run_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the file that was written, and the next save goes well."""
    few, many = replicate(scenario(), times=2), replicate(scenario(), times=3)
    said = []
    for room in count():
        out = tmp_path / str(room)
        if room % 2:
            few.save(out)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full_after(room // 2))
            try:
                many.save(out)
            except OSError as error:
                said.append(str(error))
            else:
                break
        assert not list(out.rglob(".*.writing*"))
        if room % 2:
            saved_again(out, few, many)
        else:
            assert_same(load(many.save(out)), many)

    assert len(said) > 10
    assert all(re.search(r"No space left on device: '.*/small/[0-9a-f]{10}/", s) for s in said)


def full_after(files: int) -> Callable[[int], None]:
    """What the system says of a disk that has room for so many files."""
    left = count(files, -1)

    def fsync(_: int) -> None:
        if next(left) <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return fsync


def fail_everywhere(
    step: int, out: Path, act: Callable[[Path], object], *, for_good: bool
) -> Iterator[Path]:
    """Folders in which an operation on files failed; whoever acted was told, or did without it."""
    with failing(out, -1, for_good=False) as done:
        act(out / "counted")
    for number in range(step // 2, done(), step):
        folder = out / str(number)
        with failing(out, number, for_good=for_good), contextlib.suppress(OSError):
            act(folder)
        yield folder
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("for_good", [False, True])
@pytest.mark.parametrize("step", [13, pytest.param(1, marks=pytest.mark.long)])
def test_whatever_fails_in_a_save_the_next_one_goes_well(
    step: int, for_good: bool, tmp_path: Path
) -> None:
    """Any operation on files, once or from then on: no file is taken for damaged that is not."""
    few, many = replicate(scenario(), times=2), replicate(scenario(), times=3)

    def act(folder: Path) -> None:
        shutil.copytree(few.save(tmp_path / "few").parent, folder / "small", symlinks=True)
        many.save(folder)

    for folder in fail_everywhere(step, tmp_path / "out", act, for_good=for_good):
        if (folder / "small").exists():
            saved_again(folder, few, many, later=for_good)


@pytest.mark.parametrize("step", [67, pytest.param(3, marks=pytest.mark.long)])
def test_whatever_fails_while_runs_are_kept_the_same_command_goes_on(
    step: int, tmp_path: Path, undisturbed: Results
) -> None:
    """Any operation on files, once."""
    for folder in fail_everywhere(step, tmp_path, ask, for_good=False):
        assert_same(ask(folder), undisturbed)
        assert_same(load(only(folder)), undisturbed)


def test_an_interrupted_link_to_the_latest_leaves_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name is another one each time: nobody would come by it for a minute."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        finished_runs.note_latest(tmp_path / "0123456789")

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("moved", [-3600.0, 3600.0])
def test_drafts_go_whatever_the_clock_has_been_set_to(moved: float, tmp_path: Path) -> None:
    """Those of a killed process; one that was begun just now may be another's."""
    results = replicate(scenario(), times=2)
    old, new = tmp_path / "small" / ".writing-old", tmp_path / "small" / ".writing-new"
    for draft in (old, new):
        draft.mkdir(parents=True)
    os.utime(old, (time.time() + moved,) * 2)

    results.save(tmp_path)
    assert new.is_dir()
    assert not old.exists()


@pytest.mark.parametrize("moved", [-3600.0, 3600.0])
def test_what_a_killed_writer_of_a_file_left_goes_with_the_next_one(
    moved: float, tmp_path: Path
) -> None:
    """Of a page, a picture, a file that was asked for; what others write there now stays."""
    page = tmp_path / "page.html"
    old, new, other = draft_of(page), draft_of(page), draft_of(tmp_path / "other.html")
    for draft in (old, new, other):
        draft.write_text("<html", encoding="utf-8")
    for draft in (old, other):
        os.utime(draft, (time.time() + moved,) * 2)

    write_whole(page, "<html></html>")
    assert {*tmp_path.iterdir()} == {page, new, other}


def test_two_writers_of_one_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Their processes may have one number, in two containers; the last one to end counts."""
    page = tmp_path / "page.html"
    with whole_file.whole_file(page) as long:
        long.write(b"begun ")
        write_whole(page, "short")
        assert page.read_text(encoding="utf-8") == "short"
        long.write(b"and ended")

    assert page.read_text(encoding="utf-8") == "begun and ended"
    assert [*tmp_path.iterdir()] == [page]


def save_often(out: Path, times: int, results: Results) -> None:
    """What several processes do at once."""
    for _ in range(times):
        results.save(out)


def test_saves_at_once_do_not_get_into_each_others_way(tmp_path: Path) -> None:
    """One waits for the other; a reader sees a whole run at any time."""
    context = multiprocessing.get_context("fork")
    results = replicate(scenario(), times=2)
    savers = [context.Process(target=save_often, args=(tmp_path, 5, results)) for _ in range(3)]
    for saver in savers:
        saver.start()
    for saver in savers:
        saver.join()

    assert [saver.exitcode for saver in savers] == [0, 0, 0]
    assert_same(load(tmp_path / "small"), results)
    folders = {path.resolve().name for path in (tmp_path / "small").iterdir() if path.is_dir()}
    assert folders == {results.run_id}


def begin_anew(orders: Connection) -> None:
    """A process that removes results, and makes them anew, as often as it is told to."""
    for out in iter(orders.recv, None):
        shutil.rmtree(out, ignore_errors=True)
        ask(out)
        orders.send("made")


def removed_everywhere(step: int, tmp_path: Path, undisturbed: Results) -> list[str]:
    """Remove the results and make them anew before some line of writing; what the first one said.

    Nothing wrong is ever read, whatever the first one still does.
    """
    context = multiprocessing.get_context("fork")  # another test begins the server of others
    orders, told = context.Pipe()
    other = context.Process(target=begin_anew, args=(told,), daemon=True)
    other.start()
    said = []
    for line in lines(step):
        out = tmp_path / str(line)

        def removed(out: Path = out) -> None:
            orders.send(out)
            assert orders.recv() == "made"

        try:
            if not at_line(line, removed, lambda out=out: ask(out)):  # type: ignore[misc]
                break
        except OSError as error:
            said.append(str(error))
        with contextlib.suppress(Damaged, Unfinished):
            assert_same(load(only(out)), undisturbed)
        assert_same(ask(out), undisturbed)
        shutil.rmtree(out)
    orders.send(None)
    other.join()
    return said


@pytest.mark.parametrize("step", [601, pytest.param(53, marks=pytest.mark.long)])
def test_whose_folder_is_begun_anew_by_another_process_writes_no_more(
    step: int, tmp_path: Path, undisturbed: Results
) -> None:
    """Somebody has removed the results meanwhile: it stops with a sentence."""
    said = removed_everywhere(step, tmp_path, undisturbed)

    assert len(said) > 3
    assert all(re.search("this folder or its lock was removed", each) for each in said), said


def remove_runs(folder: Path) -> None:
    for path in (folder / "runs").iterdir():
        path.unlink()


def remove_commits(folder: Path) -> None:
    for path in (folder / "commits").iterdir():
        path.unlink()


def copy_a_part(folder: Path) -> None:
    for name in FOLDERS:
        path = next((folder / name).iterdir())
        shutil.copy(path, path.with_name(f"part-00077{path.suffix}"))


def forge_a_part(folder: Path) -> None:
    """One that says it replaces more than it did, itself too."""
    path = next((folder / "commits").iterdir())
    held = json.loads(path.read_text())
    path.write_text(json.dumps(held | {"replaces": [*range(100)]}))


def take_a_part_out(folder: Path) -> None:
    path = folder / "manifest.json"
    held = json.loads(path.read_text())
    held["stored"]["parts"] = []
    path.write_text(json.dumps(held))


def name_it_twice(folder: Path) -> None:
    path = folder / "manifest.json"
    held = json.loads(path.read_text())
    held["stored"]["parts"] *= 2
    path.write_text(json.dumps(held))


def ask_for_more(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"replications": 3', '"replications": 4'))


def change_the_summary(folder: Path) -> None:
    path = next((folder / "summaries").iterdir())
    path.write_text(path.read_text().replace("1", "2"))


@pytest.mark.parametrize(
    "harm",
    [
        remove_runs,
        remove_commits,
        forge_a_part,
        take_a_part_out,
        name_it_twice,
        ask_for_more,
        change_the_summary,
    ],
)
def test_what_is_not_all_there_is_refused_and_made_again(
    harm: Callable[[Path], None], finished: Path, undisturbed: Results
) -> None:
    """Runs that are missing, twice there or forged: never an answer."""
    harm(only(finished))

    with pytest.raises(ValueError, match="same command"):
        load(only(finished))
    assert_same(ask(finished), undisturbed)
    assert_same(load(only(finished)), undisturbed)


def test_a_copy_of_a_part_counts_for_nothing(finished: Path, undisturbed: Results) -> None:
    """A sync tool's, or a person's."""
    copy_a_part(only(finished))
    path = next((only(finished) / "runs").glob("part-*"))
    shutil.copy(path, path.with_name("part-00000 (1).parquet"))

    assert_same(load(only(finished)), undisturbed)
    assert_same(ask(finished), undisturbed)


def flip(path: Path, draw: random.Random) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    path.write_bytes(data)


@pytest.mark.parametrize("name", [*FOLDERS, "summaries"])
def test_a_flipped_bit_anywhere_is_found_and_mended(
    name: str, finished: Path, undisturbed: Results
) -> None:
    """In any file of any part: refused, and made again by the same command."""
    draw = random.Random(name)
    for _ in range(3):
        flip(next((only(finished) / name).iterdir()), draw)
        with pytest.raises(ValueError, match="same command"):
            load(only(finished))
        assert_same(ask(finished), undisturbed)


@pytest.mark.parametrize("name", ["", *FOLDERS])
def test_no_link_is_followed(name: str, finished: Path, tmp_path: Path) -> None:
    """Somebody's files stay, and the sentence names the link."""
    link = only(finished) / name
    link = link if name else only(finished)
    shutil.rmtree(link)
    theirs = tmp_path / "thesis"
    theirs.mkdir()
    (theirs / "part-00000.parquet").write_text("years of work")
    link.symlink_to(theirs)

    with pytest.raises(OSError, match=r"is a link.*--out"):
        ask(finished)
    assert [path.read_text() for path in theirs.iterdir()] == ["years of work"]


def test_nothing_is_written_through_a_link(
    finished: Path, tmp_path: Path, undisturbed: Results
) -> None:
    """`latest`, a part or a lock that is a link is replaced; what it leads to stays."""
    theirs = tmp_path / "precious"
    theirs.write_text("precious")
    folder = only(finished)
    for path in (folder.parent / "latest", folder / ".lock", next((folder / "runs").iterdir())):
        path.unlink()
        path.symlink_to(theirs)

    assert_same(ask(finished), undisturbed)
    assert theirs.read_text() == "precious"


def test_a_pipe_in_place_of_a_manifest_keeps_nobody_waiting(
    tmp_path: Path, undisturbed: Results
) -> None:
    """Somebody else's: it is neither read nor written, and a link is replaced."""
    ask(tmp_path)
    path = only(tmp_path) / "manifest.json"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(OSError, match="nobody reads from this pipe"):
        ask(tmp_path)
    path.unlink()
    path.symlink_to(tmp_path / "theirs")

    assert_same(ask(tmp_path), undisturbed)
    assert not path.is_symlink()
    assert not (tmp_path / "theirs").exists()


@pytest.mark.parametrize("name", ["ArrowException", "ArrowMemoryError"])
def test_what_cannot_be_read_for_want_of_threads_or_memory_is_not_damaged(
    name: str, tmp_path: Path, undisturbed: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container's limits: the sentence says so, and no run is made again."""
    ask(tmp_path)
    parts = {path: path.stat().st_ino for path in only(tmp_path).glob("*/part-*")}

    def read(*_: object, **__: object) -> None:
        raise getattr(pa, name)("Failed to launch worker thread")

    with monkeypatch.context() as patch:
        patch.setattr("pyarrow.parquet.ParquetFile.read", read)
        patch.setattr("pyarrow.parquet.ParquetFile.iter_batches", read)
        for do in (lambda: ask(tmp_path), lambda: load(only(tmp_path))):
            with pytest.raises(OSError, match=r"cannot be read now .*worker thread"):
                do()

    assert_same(ask(tmp_path), undisturbed)
    assert {path: path.stat().st_ino for path in only(tmp_path).glob("*/part-*")} == parts


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_that_locks_no_files_is_named(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As some that are mounted from afar."""

    def flock(*_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(OSError, match=r"small/[0-9a-f]{10}: its file system locks no files"):
        ask(tmp_path)


def test_a_device_is_written_to_and_stays_one(tmp_path: Path) -> None:
    """Nobody who draws into /dev/null wants a file there."""
    before = Path("/dev/null").stat()
    write_whole(Path("/dev/null"), "text")
    write_whole(tmp_path / "file", "text")

    assert Path("/dev/null").stat().st_rdev == before.st_rdev != 0
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_files_of_others_stay(finished: Path, undisturbed: Results) -> None:
    """Only what has the name of a part is ever removed."""
    notes = [only(finished) / name / "notes.txt" for name in ("", "runs", "spans")]
    for path in notes:
        path.write_text("mine")
    remove_commits(only(finished))
    ask(finished)

    assert [path.read_text() for path in notes] == ["mine"] * 3
    assert_same(load(only(finished)), undisturbed)


def test_a_folder_may_have_a_colon(tmp_path: Path, undisturbed: Results) -> None:
    """Nothing takes it for the address of a file system."""
    assert_same(ask(tmp_path / "run:1"), undisturbed)
    assert_same(load(only(tmp_path / "run:1")), undisturbed)


@pytest.mark.parametrize("name", ["../x", "/x", "a/b", "..", "a\nb"])
def test_no_name_leaves_its_folder(name: str, tmp_path: Path) -> None:
    """The name of a comparison is a folder as the name of a scenario is."""
    with pytest.raises(ValueError, match="name: "):
        compare(pair(), times=1, name=name, out=tmp_path / "out")

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        "[" * 200_000,
        "{}",
        '{"description": {}}',
        "\xff",
    ],
)
def test_a_manifest_that_is_none_is_named(text: str, finished: Path, undisturbed: Results) -> None:
    """By `load`; the same command writes it anew."""
    path = only(finished) / "manifest.json"
    path.write_bytes(text.encode("latin-1"))

    with pytest.raises(ValueError, match=r"manifest\.json: it is damaged"):
        load(only(finished))
    assert_same(ask(finished), undisturbed)


WRONG: list[dict[str, object]] = [
    {"description": []},
    {"scenario": "../x"},
    {"run_id": "../x"},
    *({field: value} for field in ("code", "catalogue", "version", "seed") for value in (None, [])),
    {"replications": []},
    {"points": [1]},
    {"points": {"plain": 1}},
    {"stored": 3},
    {"stored": {"parts": 3, "summary": "a"}},
    {"stored": {"parts": ["1"], "summary": "a"}},
    {"stored": {"parts": []}},
    {"stored": {"parts": [], "summary": "../x"}},
    {"stored": {"summary": "a"}},
]


def test_a_manifest_with_a_wrong_field_is_named(tmp_path: Path, undisturbed: Results) -> None:
    """Forged, or of a version that writes it otherwise: no verb stumbles over it later."""
    ask(tmp_path)
    path = only(tmp_path) / "manifest.json"
    right = json.loads(path.read_text())
    for wrong in WRONG:
        path.write_text(json.dumps(right | wrong))
        with pytest.raises(ValueError, match=r"manifest\.json: it is damaged"):
            load(only(tmp_path))

    assert_same(ask(tmp_path), undisturbed)
