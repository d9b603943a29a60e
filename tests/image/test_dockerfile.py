"""What is read of a Dockerfile, and what is said of a wrong one."""

from pathlib import Path

import pytest
from clocks import soon

from sim import catalog
from sim.image.dockerfile.build import build_file
from sim.image.dockerfile.errors import BadDockerfile, InstructionError
from sim.image.dockerfile.grammar import WORDS, parse_instruction, sizes_of
from sim.image.dockerfile.parser import parse
from sim.image.dockerfile.variables import expand, split


def test_continued_lines_are_one_instruction_and_comments_between_them_are_none() -> None:
    """As BuildKit reads them; the line is that of the first."""
    file = parse("FROM a\n\nRUN one \\\n  # no\n\n  && two \\  \n  && three\nUSER b", "f")

    run = file.instructions[1]
    assert [item.line for item in file.instructions] == [1, 3, 8]
    assert " ".join(run.rest.split()) == "one && two && three"


def test_an_escape_directive_changes_the_sign_that_continues_a_line() -> None:
    """Paths of Windows have backslashes at their end."""
    file = parse("# syntax=x\n# escape=`\nFROM a\nCOPY a C:\\\nRUN b `\n c", "f")

    assert [item.rest for item in file.instructions[1:]] == ["a C:\\", "b  c"]
    assert parse("# a comment\n# escape=`\nFROM a", "f").escape == "\\"


def test_heredocs_belong_to_their_instruction_and_are_not_read_as_others() -> None:
    """Several, with tabs taken off, and quoted."""
    file = parse("COPY <<A <<-'B' /x/\nUSER a\nA\n\tfrom $x\n\tB\nRUN cat <<E\nhi\nE\nUSER z", "f")

    assert [item.word for item in file.instructions] == ["COPY", "RUN", "USER"]
    first, second = file.instructions[0].heredocs
    assert (first.body, first.literal) == ("USER a\n", False)
    assert (second.body, second.literal) == ("from $x\n", True)
    assert parse("RUN <<E\nhi", "f").mistakes.lines() == ["f:1: the heredoc E has no end: RUN <<E"]


def test_an_annotation_belongs_to_the_next_instruction_only() -> None:
    """Sizes and core-seconds."""
    file = parse("FROM a\n# berthsim: size=120MB cpu=30\n# why\nRUN x\nRUN y", "f")

    assert [item.annotation for item in file.instructions] == ["", "size=120MB cpu=30", ""]
    assert sizes_of("size=120MB cpu=30") == (120e6, 30.0)
    assert sizes_of("size=1MiB") == (2**20, None)
    for wrong in ("size=120", "size=1MB size=2MB", "cpu=x", "much", "size=9999999TB"):
        with pytest.raises(InstructionError):
            sizes_of(wrong)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("$a/${a}b", "1/1b"),
        ("${n:-y} ${n-y} ${e:-y} ${e-y} ${a:-y}", "y y y  1"),
        ("${n:+y}.${e:+y}.${e+y}.${a:+y}", "..y.y"),
        ("${n:-${m:-${a}}}", "1"),
        ("'$a' \"$a\" \\$a", "$a 1 $a"),
        ("${p#*.} ${p##*.} ${p%.*} ${p%%.*} ${p/a/b} ${p//./-}", "b.c c a.b a b.b.c a-b-c"),
        ("$n$", "$"),
    ],
)
def test_variables_are_put_in_as_a_shell_does(text: str, made: str) -> None:
    """Known answers."""
    assert expand(text, {"a": "1", "e": "", "p": "a.b.c"}, "\\") == made


@pytest.mark.parametrize("text", ["${a", "${", "'a", '"a', "${a:?no}", "${a^}", "${a:-" * 99])
def test_a_word_that_is_not_closed_is_a_mistake(text: str) -> None:
    """Never an endless wait."""
    with pytest.raises(InstructionError):
        expand(text, {}, "\\")


def test_blanks_inside_quotes_do_not_split() -> None:
    """Nor do escaped ones."""
    assert split("a='b c' d\\ e  \"f g\"", "\\") == ["a='b c'", "d\\ e", '"f g"']


VALID = {
    "ADD": ("a b", '["a", "b c"]'),
    "ARG": ("A", "A=b C", "A='b c'"),
    "CMD": ('["a"]', "a b", "[ -f x ] && y", '[ "$A" = b ] && y'),
    "COPY": ("--from=a --chown=a:b --link a b", "[abc].txt /d"),
    "ENTRYPOINT": ('["a"]', "a"),
    "ENV": ("a b c", "a=b c=d"),
    "EXPOSE": ("80/tcp 90",),
    "FROM": ("a", "--platform=linux/arm64 a:b@sha256:c AS d"),
    "HEALTHCHECK": ("NONE", "--interval=5s CMD a", 'CMD ["a"]'),
    "LABEL": ("a=b", 'a="b c" d=e'),
    "MAINTAINER": ("A B",),
    "ONBUILD": ("RUN a",),
    "RUN": ("a", '["a"]', "--mount=type=cache,target=/a --network=none a"),
    "SHELL": ('["a"]',),
    "STOPSIGNAL": ("SIGTERM",),
    "USER": ("a:b",),
    "VOLUME": ("/a /b", '["/a"]'),
    "WORKDIR": ("/a",),
}


@pytest.mark.parametrize("word", WORDS)
def test_all_instructions_of_the_reference_are_known(word: str) -> None:
    """In whatever case they are written."""
    for rest in VALID[word]:
        for name in (word, word.lower()):
            read = parse(f"{name} {rest}", "f").instructions[0]
            parse_instruction(read, "\\")

            assert read.word == word


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("COPPY a b", "'COPPY'"),
        ("COPY a", "a source and a destination"),
        ("COPY --form=a b c", "'--form=a'"),
        ("COPY --from b c", "needs a value"),
        ("COPY --link=yes b c", "true or false"),
        ('COPY ["a", "b"', "malformed JSON"),
        ("CMD ['a', 'b']", "malformed JSON"),
        ("CMD [1]", "all its elements are texts"),
        ("SHELL bash", "JSON form"),
        ("FROM a b", "FROM image AS name"),
        ("ENV a=b c", "NAME=value"),
        ("RUN", "a command"),
        ("ONBUILD FROM a", "other than"),
        ("HEALTHCHECK a", "NONE"),
    ],
)
def test_a_wrong_instruction_says_what_is_allowed(line: str, said: str) -> None:
    """With the word in it."""
    with pytest.raises(InstructionError) as caught:
        parse_instruction(parse(line, "f").instructions[0], "\\")

    assert said in str(caught.value)


PAIRS = "ENV " + " ".join(f"a{{}}_{n}=$b" for n in range(40)) + "\n"
MOUNTS = " ".join(f"--mount=from=s{n},from=s{n + 1}" for n in range(90))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("#a=x" + " " * 100_000 + "y\nFROM scratch\n", ""),
        ("#berthsim:x" + " " * 100_000 + "y\nFROM scratch\n", ""),
        ("FROM scratch\nENV x=" + "a" * 60_000 + "\n" + "LABEL y=$x\n" * 200, "grow above 8 MiB"),
        ("FROM scratch\nCOPY " + "a " * 100_000 + "/x\n", "100,001 words; at most 10,000"),
        ('FROM scratch\nENV a="' + "b" * 100_000 + '"\n', "grows above 64 KiB"),
        ('FROM scratch\nCOPY ["\\ud800", "/x"]\n', "half a character"),
        (
            "FROM scratch\n" + "".join(PAIRS.format(*[n] * 40) for n in range(500)),
            "1,000 variables",
        ),
        ("FROM scratch AS s\n" + "ONBUILD USER a\n" * 2000 + "FROM s\n" * 2000, "ONBUILD runs"),
        ("FROM scratch\nENV a=b\n" + "LABEL y=${a%b}\n" * 1001, "edited by a pattern"),
        ("FROM scratch\n" + "WORKDIR x\n" * 4000, "more than 125 layers"),
        (
            "".join(f"FROM scratch AS s{n}\n" for n in range(2000))
            + "".join(f"RUN {MOUNTS} x\n" for _ in range(100)),
            "RUN 1 has no size",
        ),
    ],
)
def test_a_file_of_a_few_lines_takes_no_minutes(text: str, words: str, tmp_path: Path) -> None:
    """Work grows with the file, and what a file stands for has bounds."""
    path = tmp_path / "Dockerfile"
    path.write_text(text, encoding="utf-8")
    message = ""
    with soon():
        try:
            build_file(path, resolve=catalog.image, ratio=2.0)
        except BadDockerfile as error:
            message = str(error)

    assert words in message
