"""Links of the documentation are checked as it is built, without a network."""

import json
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from pkgutil import resolve_name
from types import ModuleType

import pytest

from sim import catalog
from sim.cli.help_pages import KEPT
from sim.studies.platform_row import bare_machine

GOOD = '<h1 id="top">A</h1><a href="b.html#part">b</a><a href="#top">up</a><img src="a.png">'
TARGET = '<h2 id="part">B</h2><a href="https://example.org/">away</a><a href="index.html">back</a>'


@pytest.fixture(scope="module")
def links() -> ModuleType:
    """The extension, which lies beside the pages."""
    spec = spec_from_file_location("links", "docs/_ext/links.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def site(at: Path, **changes: str) -> Path:
    """Two pages and a picture, with some files replaced."""
    files = {"index.html": GOOD, "b.html": TARGET, "a.png": "", "s.css": "body {}"}
    for name, text in (
        files | {key.replace("_", "."): text for key, text in changes.items()}
    ).items():
        (at / name).write_text(text, encoding="utf-8")
    return at


def test_a_whole_site_has_nothing_wrong_and_links_away_are_left_to_readers(
    tmp_path: Path, links: ModuleType
) -> None:
    assert list(links.wrong(site(tmp_path))) == []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"index_html": '<a href="c.html">c</a>'}, "index.html: c.html leads nowhere"),
        ({"index_html": '<img src="b.png">'}, "index.html: b.png leads nowhere"),
        (
            {"index_html": '<a href="b.html#no">b</a>'},
            "index.html: b.html#no has no such anchor",
        ),
        (
            {"b_html": '<h2 id="part"></h2><script src="https://cdn.example.org/x.js"></script>'},
            "b.html: loads https://cdn.example.org/x.js",
        ),
        (
            {"s_css": "@import '//fonts.example.org/f.css';"},
            "s.css: loads //fonts.example.org/f.css",
        ),
    ],
)
def test_what_leads_nowhere_or_is_loaded_from_elsewhere_is_named(
    tmp_path: Path, links: ModuleType, changes: dict[str, str], line: str
) -> None:
    """With its page."""
    assert list(links.wrong(site(tmp_path, **changes))) == [line]


def _is_there(name: str) -> bool:
    try:
        resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


def test_what_the_pages_and_docstrings_name_of_the_program_is_there() -> None:
    """A name with dots, such as the home of a law, moves with the code."""
    pages = [Path("CONTRIBUTING.md"), *Path("docs").rglob("*.md"), *Path("sim").rglob("*.py")]
    named = {
        (name, str(page))
        for page in pages
        for name in re.findall(r"\bsim(?:\.[A-Za-z_]\w*)+", page.read_text(encoding="utf-8"))
    }

    assert len(named) > 100
    assert [pair for pair in sorted(named) if not _is_there(pair[0])] == []


OTHER_TOOLS = re.compile("docker|kubectl|aws |helm|terraform")
"""In lines that have options of others, too."""
OF_ALL = {"--explain", "--json", "--out", "--with", "--jobs", "--cluster"}
"""Options of so many verbs that a page need not name one of them."""


def test_a_how_to_names_options_that_its_verbs_have() -> None:
    """Nothing is told that cannot be typed."""
    options = {
        verb: set(re.findall(r"--[a-z][a-z0-9-]+", json.dumps(page["groups"])))
        for verb, page in json.loads(KEPT.read_text(encoding="utf-8")).items()
    }
    for page in sorted(Path("docs/how_to").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        verbs = [verb for verb in options if re.search(rf"(sim |`){verb}\b", text)]
        known = OF_ALL.union(*(options[verb] for verb in verbs))
        lines = [line for line in text.splitlines() if not OTHER_TOOLS.search(line)]
        told = re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", "\n".join(lines))

        assert set(told) <= known, page.name


def test_a_page_names_types_and_servers_that_there_are() -> None:
    """`--instance` takes a type of EC2, `--host` a server of any size, too."""
    pages = [Path("README.md"), *Path("docs").rglob("*.md")]
    told = {
        pair
        for page in pages
        for pair in re.findall(
            r"--(instance|host)[ =]([a-z0-9][\w.-]*[\w])", page.read_text(encoding="utf-8")
        )
    }

    assert len(told) > 5
    for option, value in sorted(told):
        if option == "host":
            assert bare_machine(value).vcpu > 0.0
        else:
            assert value == "auto" or value in catalog.instances(), value
