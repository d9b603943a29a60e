"""The documentation site: `make docs` builds it offline into docs/_build/html."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

import sim  # noqa: E402

project = "berthsim"
author = "the berthsim authors"
copyright = "the berthsim authors, MIT licence"
version = release = sim.__version__

extensions = [
    "generated",  # pages made from the program itself, in docs/_ext
    "links",  # each leads somewhere, and nothing is loaded from elsewhere
    "mathml",  # formulas as MathML: nothing is loaded from elsewhere
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinxcontrib.programoutput",
]
exclude_patterns = ["_build", "_ext", "README.md"]
suppress_warnings = ["mystnb.unknown_mime_type"]  # widgets are alive in the notebook only

myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # notebooks are stored with their outputs; the tests execute them
nb_ipywidgets_js: dict[str, dict[str, str]] = {}

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_class_signature = "separated"
programoutput_prompt_template = "$ {command}\n{output}"

html_theme = "furo"
html_title = "berthsim"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
linkcheck_timeout = 10
