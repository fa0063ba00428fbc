"""What all pages have in common: templates that escape what they are given, and files of their own to inline."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, Template
from markupsafe import Markup

__all__ = ["own", "page_template", "script_safe", "trusted"]

_FOLDER = Path(__file__).parent / "_html"


def page_template(name: str) -> Template:
    """Return a page's template."""
    return _environment().get_template(name)


def own(name: str) -> str:
    """Return a style sheet or script of the pages'."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def script_safe(text: str) -> str:
    """Return JSON that can stand in a script element."""
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def trusted(html: str) -> Markup:
    """Let HTML into the page as it is; the page's policy keeps its scripts and its requests from working."""
    return Markup(html)  # noqa: S704 -- the one place where this is said


@cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["written"] = _written
    return environment


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
