"""Sentences as an engineer would say them aloud: phrases of the old voice do not come back."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from sim.catalog import data

OLD = (
    r"\bbesides\b",
    r"stops it; then",
    r"\bstops? it at\b",
    r"both stop there",
    r"all stop there",
    r"nothing lifts it",
    r"isolation is the product",
    r"no number moves it",
    r"numbers? that moved it",
    r"an instance a task",
    r"(tasks|pods) a (host|node|instance|machine)\b",
    r"(events|starts|requests|users|pulls|operations|bytes|arrivals|units) a (task|start|second)\b",
    r"(tasks|units|pods|rows) a (vCPU|minute|month)\b",
    r"\ba (pod|task|copy|row|start|host|node|platform|point|run) each\b",
    r"\bnot one (fits|start|came)\b",
    r"lets not one run",
    r"brought all up",
    r"\bgive way\b",
    r"\bbind before\b",
    r"\bis the product\b",
    r"\bsecond a\b",
    r"(?<!difference )\bin the mean\b",
    r"which is not told",
    r"\bso many (cost|fit) altogether\b",
    r"with the image to come first",
    r"takes? \d+% (on|in)\b",
    r"Prices each are",
    r"Seed of all random numbers",
    r"asked [\d{].* given and paid",
    r"(over|of) the starts of all runs:",
    r"\bwaits that grew\b",
    r"what limited each stretch",
    r"of a run each\b",
    r"\bis no (way|figure|host|offer)\b",
    r"\bas told\b",
    r"\ba quarter of an hour\b",
    r"\bnobody has (it|them)\b",
    r"\bthey are not spoken of\b",
    r"\bof one's own starts\b",
    r"where there are several\b",
    r"\bis had\b",
    r"\bcan be had\b",
    r"\bmay be had\b",
    r"how many times as long as without it",
    r"beside one that hogs",
    r"\bwhat still crosses\b",
    r"\bleaves nothing over\b",
    r"\d+x\d+ ?GiB machine",
    r"in words of",
    r"ready after so many",
    r"; the others as they are|, the others as they are",
    r"has gone after",
    r"\bno host goes\b",
    r"\bcosts no place\b",
    r"places of the machine",
    r"which of them decide",
    r"is up after the request",
    r"; in the median after",
    r"; in the mean after",
    r"\bnot before\b.*\bis told\b",
    r"None of it is told",
    r"\bstands in its place\b",
    r"knows nothing of",
    r"Runs are made where",
    r"when is it served again",
    r"\bgives way\b",
    r"\bcopy more\b",
    r"\bfor least\b",
    r"\bsits? on \d",
    r"\b[Ww]hose time\b",
    r"\bslow way\b",
    r"\bnobody can know\b",
    r"\basks nothing of\b",
    r"\bpulls nothing of its own\b",
    r"\bneeds? no machine of yours\b",
    r"\bthe image to come\b",
    r"\bin one go:",
    r"\bone a (VM|task|node)\b",
    r"as they are known to need",
    r"of which no file tells",
    r"\bno record tells\b",
    r"not written over",
    r"points, and no proof",
    r"[Ss]izes are by\b",
    r"waits for nobody",
    r"What services buy",
)
"""Patterns that nobody would say."""

TYPED = re.compile("|".join(OLD))


def said(path: Path) -> Iterator[tuple[int, str]]:
    """Strings of a module that somebody may read: all but docstrings of modules and functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.lineno, node.value


def words(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that somebody may read in a page or a notebook."""
    if path.suffix == ".ipynb":
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for number, cell in enumerate(cells):
            if cell["cell_type"] == "markdown":
                yield number, " ".join("".join(cell["source"]).split())
    else:
        yield from enumerate(path.read_text(encoding="utf-8").splitlines(), 1)


@cache
def on_screen() -> list[tuple[Path, int, str]]:
    """All of them."""
    return [(path, *each) for path in Path("sim").rglob("*.py") for each in said(path)]


PAGES = [
    *(Path(f"{name}.md") for name in ("CHANGELOG", "CONTRIBUTING", "README", "SECURITY")),
    *(
        page
        for room in ("", "how_to", "model", "tutorials")
        for page in Path("docs", room).glob("*.md")
    ),
    *Path("notebooks").glob("*.ipynb"),
    *Path("scenarios").glob("*.py"),
]


def test_no_sentence_on_screen_is_in_the_old_voice() -> None:
    """Where a sentence is cut over lines of code, each part counts."""
    found = [
        f"{path}:{line}: {match[0]!r} in {text[:80]!r}"
        for path, line, text in on_screen()
        for match in [TYPED.search(" ".join(text.split()))]
        if match
    ]

    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_no_page_is_in_the_old_voice(path: Path) -> None:
    found = [f"{line}: {m[0]!r}" for line, text in words(path) for m in [TYPED.search(text)] if m]

    assert not found, "\n".join(found)


def test_the_list_finds_what_it_is_for() -> None:
    """And leaves sentences of the new voice alone."""
    assert len(OLD) >= 55
    assert TYPED.search("vCPU stops it; then memory at 30")
    assert TYPED.search("an instance a task")
    assert not TYPED.search("Fargate always runs one task per microVM.")
    assert not TYPED.search("CPU runs out first; with more CPU, memory would stop them at 30.")


def test_every_word_of_the_glossary_is_used() -> None:
    """On screen, in help or in the documents; each once, in order; `sim explain` says the same."""
    page = Path("docs/glossary.md").read_text(encoding="utf-8")
    rows = page.partition("|---|---|\n")[2].splitlines()
    listed = [row.split("|")[1].strip() for row in rows]
    texts = [text for _, _, text in on_screen()]
    texts += [path.read_text(encoding="utf-8") for path in (*Path("docs").glob("m*.md"),)]
    used = "\n".join([*texts, Path("README.md").read_text(encoding="utf-8")]).lower()

    known = data.rows("glossary.csv")
    assert rows == [f"| {each['word']} | {each['meaning']} |" for each in known]
    assert 35 <= len(listed) <= 60
    assert listed == sorted(set(listed), key=str.lower)
    for entry in listed:
        assert all(word.lower() in used for word in entry.split(", ")), entry
