"""Settings: the argument beats the variable, the variable the default; each bad value says what is allowed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from sentrial import ConfigurationError, SentrialClient, _config

GOOD: dict[str, tuple[Any, str, Any]] = {
    "api_key": ("argument-key", "variable-key", "variable-key"),
    "project_id": ("argument", "variable", "variable"),
    "api_url": ("http://127.0.0.1:1", "http://127.0.0.1:2/", "http://127.0.0.1:2"),
    "timeout": (1.5, "2.5", 2.5),
    "max_retries": (1, "2", 2),
    "enabled": (True, "off", False),
    "spool_dir": ("/argument", "/variable", "/variable"),
    "fsync": ("always", "interval", "interval"),
    "max_spool_bytes": (1 << 21, "1048576", 1 << 20),
    "exit_timeout": (0, "1", 1.0),
    "pii": (False, "on", True),
}
"""For each setting: an argument, a variable's text, and what that text means."""


@pytest.mark.parametrize("name", [setting.name for setting in _config.SETTINGS])
def test_the_argument_beats_the_variable_and_that_the_default(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting is settled in the same order."""
    setting = next(setting for setting in _config.SETTINGS if setting.name == name)
    argument, text, meant = GOOD[name]
    others = {} if name == "api_url" else {"api_url": "http://127.0.0.1:9"}

    default = getattr(_config.resolve(**others, **({"api_key": "k"} if name != "api_key" else {})), name)
    monkeypatch.setenv(setting.variable or "", text)
    from_variable = getattr(_config.resolve(**others), name)
    from_argument = getattr(_config.resolve(**others, **{name: argument}), name)

    assert default == setting.default
    assert from_variable == meant
    assert from_argument == argument


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is set to nothing counts as not set."""
    monkeypatch.setenv("SENTRIAL_API_KEY", "")
    monkeypatch.setenv("SENTRIAL_TIMEOUT", "")

    config = _config.resolve(api_url="http://127.0.0.1:1")

    assert (config.api_key, config.timeout) == (None, 30)


def test_variables_are_read_when_a_client_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable set after the import, and before the client, counts."""
    monkeypatch.setenv("SENTRIAL_API_URL", "http://127.0.0.1:4")

    client = SentrialClient()

    assert client.api_url == "http://127.0.0.1:4"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        *[("api_key", value, "printable ASCII") for value in ("", "a b", "a\n", "ü", 7, "x" * 1025)],
        *[("project_id", value, "1 to 128 letters") for value in ("", "a b", "a/b", 7, "x" * 129)],
        *[
            ("api_url", value, "http or https address")
            for value in ("", "ftp://h", "127.0.0.1:7777", "http://", "http://h:0", "http://h:99999", "http://[::1", 7)
        ],
        *[("api_url", value, "http or https address") for value in ("http://a b", "http://h\n", "http://h\tx")],
        *[
            ("api_url", value, "plain address")
            for value in ("http://user@h", "http://u:p@h", "http://h?a=1", "http://h#x")
        ],
        *[("timeout", value, "number") for value in (0, -1, math.nan, math.inf, "soon", True, [], 86_401)],
        *[("max_spool_bytes", value, "whole number|number") for value in (0, 1 << 60, 2e6 + 0.5, "much", True)],
        *[("exit_timeout", value, "number") for value in (-1, math.nan, "soon", 3601, False)],
        *[("max_retries", value, "number") for value in (-1, 1.5, 101, "many", math.nan, True)],
        *[("enabled", value, "true or false") for value in ("maybe", 2, [])],
        *[("pii", value, "true or false") for value in ("maybe", 2, [])],
        *[("spool_dir", value, "path of a folder") for value in ("", 7, [])],
        *[("fsync", value, '"never", "interval" or "always"') for value in ("sometimes", "", True, 1, [])],
    ],
)
def test_a_bad_value_says_what_is_allowed(name: str, value: Any, said: str) -> None:
    """Making a client wrongly raises at once, and names the setting."""
    settings = {"api_url": "http://127.0.0.1:1"} | {name: value}

    with pytest.raises(ConfigurationError, match=said) as caught:
        SentrialClient(**settings)

    assert name in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("setting", [s for s in _config.SETTINGS if s.name != "spool_dir"], ids=lambda s: s.name)
def test_a_bad_variable_is_named(setting: _config.Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the value came from the environment, the message names the variable."""
    monkeypatch.setenv("SENTRIAL_API_URL", "http://127.0.0.1:1")
    monkeypatch.setenv(setting.variable or "", " ?! ")

    with pytest.raises(ConfigurationError, match=setting.variable):
        SentrialClient()


def test_a_bad_redact_option_is_refused() -> None:
    """What can't say what to redact is a TypeError, at once."""
    with pytest.raises(TypeError, match="redact takes"):
        SentrialClient(api_url="http://127.0.0.1:1", redact=[1])  # type: ignore[list-item]


def test_a_spool_folder_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A relative folder and `~` are settled when the client is made, so that a later chdir changes nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")

    folders = [
        _config.resolve(api_url="http://127.0.0.1:1", spool_dir=given).spool_dir for given in ("x", "~/y", Path("z"))
    ]

    assert folders == [str(tmp_path / "x"), "/home/somebody/y", str(tmp_path / "z")]


def test_every_setting_has_its_help() -> None:
    """Each setting has a sentence of help and a variable of the package's own."""
    assert all(setting.help.endswith(".") for setting in _config.SETTINGS)
    assert all((setting.variable or "").startswith("SENTRIAL_") for setting in _config.SETTINGS)
    assert [setting.name for setting in _config.SETTINGS] == list(_config.Config._fields) == list(GOOD)
