"""The package's face: what it exports, and what importing it costs."""

from __future__ import annotations

import ast
from pathlib import Path

import sentrial
from tests.journey.processes import run


def test_all_is_sorted_and_whole() -> None:
    """Each public name of the package is in `__all__`, once, in order, and can be had."""
    tree = ast.parse(Path(sentrial.__file__).read_text("utf-8"))
    imported = {
        alias.asname or alias.name
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    names = sentrial.__all__

    assert names == sorted(set(names))
    assert set(names) == imported | {"__version__"}
    assert all(getattr(sentrial, name) is not None for name in names)
    assert dir(sentrial) == names


def test_every_error_is_exported() -> None:
    """Whoever wants to catch an error finds its class at the top."""
    from sentrial import errors

    classes = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}

    assert classes <= set(sentrial.__all__)


def test_a_name_that_is_not_there_says_so() -> None:
    """A misspelt name is an AttributeError with the name in it, as of any module."""
    try:
        sentrial.SentrialCleint  # noqa: B018 - asking is the test
    except AttributeError as error:
        said = str(error)

    assert "SentrialCleint" in said


def test_importing_costs_next_to_nothing() -> None:
    """`import sentrial` loads no HTTP client, no encoder and no event loop; nor does making a client."""
    heavy = "{'httpx', 'msgspec', 'asyncio', 'attrs', 'ctypes', 'sentrial_api', 'platformdirs'}"
    script = f"""
import sys, sentrial
print(sorted({heavy} & set(sys.modules)))
import sentrial._config, sentrial._events, sentrial._values, sentrial._recorder, sentrial.errors, sentrial.types
print(sorted({heavy} & set(sys.modules)))
"""

    status, out, err = run(script)

    assert (status, err) == (0, "")
    assert out.splitlines() == ["[]", "[]"]
