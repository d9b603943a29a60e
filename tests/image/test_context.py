"""The build context: which files are taken, and that nothing outside is read."""

import os
from pathlib import Path

import pytest
from clocks import soon

from sim.image.dockerfile.context import Context, Source
from sim.image.dockerfile.dockerignore import Ignore
from sim.image.dockerfile.errors import InstructionError


def tree(root: Path, *names: str) -> Path:
    """A folder of files of 10 bytes."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"0123456789")
    return root


def files(sources: list[Source]) -> list[str]:
    """What is taken."""
    return [entry.path or source.name for source in sources for entry in source.entries]


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        ("", "a.md b.md d/a.md d/e/a.txt d/e/b.md"),
        ("# all\n\n  *.md  ", "d/a.md d/e/a.txt d/e/b.md"),
        ("**/*.md", "d/e/a.txt"),
        ("*\n!d/e", "d/e/a.txt d/e/b.md"),
        ("*.md\n!b.md", "b.md d/a.md d/e/a.txt d/e/b.md"),
        ("!b.md\n*.md", "d/a.md d/e/a.txt d/e/b.md"),
        ("/d/e/", "a.md b.md d/a.md"),
        ("d/**", "a.md b.md"),
        ("**/e", "a.md b.md d/a.md"),
        ("?.md\n!**/[b-c].md", "b.md d/a.md d/e/a.txt d/e/b.md"),
        ("d/*/*.txt", "a.md b.md d/a.md d/e/b.md"),
        ("d\n!d/a.md", "a.md b.md d/a.md"),
    ],
)
def test_dockerignore_hides_as_docker_does(tmp_path: Path, patterns: str, left: str) -> None:
    """The last pattern that fits decides; a folder takes all below with it."""
    tree(tmp_path, "a.md", "b.md", "d/a.md", "d/e/a.txt", "d/e/b.md")

    assert files(Context(tmp_path, Ignore(patterns)).take(".")) == left.split()


def test_globs_take_one_component_and_sizes_are_the_files_own(tmp_path: Path) -> None:
    """A star takes no slash."""
    context = Context(tree(tmp_path, "a.md", "b.md", "d/a.md", "d/e.txt"), Ignore())

    assert files(context.take("*.md")) == ["a.md", "b.md"]
    assert files(context.take("d/*.md")) == ["a.md"]
    assert files(context.take("/d/")) == ["a.md", "e.txt"]
    assert files(context.take("d", exclude=("*.txt",))) == ["a.md"]
    assert [part.entries[0].size for part in context.take("a.md")] == [10]


@pytest.mark.parametrize("name", ["../a", "d/../../a", "none", "none*", "out/a", "out", "far", "x"])
def test_a_source_that_is_missing_or_leads_out_is_a_mistake(tmp_path: Path, name: str) -> None:
    """Links are followed inside only."""
    root = tree(tmp_path / "in", "d/a", "x")
    tree(tmp_path, "a", "far/a")
    (root / "out").symlink_to(tmp_path / "far")
    (root / "far").symlink_to("../a")

    with pytest.raises(InstructionError):
        Context(root, Ignore("x")).take(name)


def test_links_inside_are_followed_as_sources_and_copied_as_links_in_folders(
    tmp_path: Path,
) -> None:
    """What an outgoing link leads to is never read, so a change there changes nothing."""
    root, secret = tree(tmp_path / "in", "d/a"), tree(tmp_path, "secret") / "secret"
    (root / "near").symlink_to("d/a")
    (root / "out").symlink_to(secret)
    context = Context(root, Ignore())
    before = context.take(".")
    secret.write_bytes(b"x" * 99)

    assert files(context.take("near")) == ["near"]
    assert sum(entry.size for entry in before[0].entries) == 10
    assert context.take(".") == before
    assert context.outgoing_links() == ["out"]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    """And folders that link to themselves are not walked."""
    root = tree(tmp_path, "d/a")
    (root / "l").symlink_to("l")
    (root / "d" / "up").symlink_to("..")

    with pytest.raises(InstructionError):
        Context(root, Ignore()).take("l")
    assert files(Context(root, Ignore()).take("d")) == ["a", "up"]


def test_a_sparse_file_counts_by_its_size_and_is_not_read(tmp_path: Path) -> None:
    """2 TB, in no time; a pipe is not waited for."""
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "big").open("wb") as file:
        file.truncate(2 * 10**12)
    with soon():
        taken = Context(tmp_path, Ignore()).take(".")

    assert sum(entry.size for entry in taken[0].entries) == 2 * 10**12


def test_a_hostile_pattern_takes_no_time() -> None:
    """Backtracking would take years."""
    for pattern in ("*a" * 50 + "b", "**/a" * 50 + "/b", "[a-z]*" * 50 + "!"):
        with soon():
            assert not Ignore(pattern).hides(["a" * 200] * 20)


@pytest.mark.parametrize("pattern", ["!", "[a", "a\\", "[z-a]"])
def test_a_broken_pattern_is_a_mistake(pattern: str) -> None:
    """As in Docker."""
    with pytest.raises(InstructionError):
        Ignore(pattern)


@pytest.mark.parametrize("pattern", ["[a--b]", "[-a]", "[a-]", "[b-a]", "[---]"])
def test_a_dash_in_a_set_stands_between_two_signs(pattern: str) -> None:
    """As in Go's `filepath.Match`, which Docker asks; none of Python's own words is heard."""
    with pytest.raises(InstructionError, match="is no set of characters"):
        Ignore(pattern)
