"""Every setting of the client once: its name, environment variable, default and help.

An explicit argument beats the variable, the variable beats the default. Variables are read when a client is
made, never at import. The API key is in no `repr`.
"""

from __future__ import annotations

import math
import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, SupportsIndex
from urllib.parse import urlsplit

from sentrial.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable


class Key(str):
    """An API key. As text it is what it is; its `repr`, in a traceback's locals too, does not tell it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("an API key can't be pickled or copied to another process: make the client there")


def hidden(key: Any) -> Any:
    """A key as one that does not show itself; anything else as it is."""
    return Key(key) if type(key) is str else key


class Setting(NamedTuple):
    """One setting: where it comes from and what it is worth when nobody says."""

    name: str
    variable: str | None
    default: Any
    help: str


SETTINGS = (
    Setting("api_key", "SENTRIAL_API_KEY", None, "The API key. A server on this machine needs none."),
    Setting("project_id", "SENTRIAL_PROJECT_ID", None, "The project. A key decides it by itself; this must agree."),
    Setting("api_url", "SENTRIAL_API_URL", "https://api.realm.ai", "The server's address, http or https."),
    Setting("timeout", "SENTRIAL_TIMEOUT", 30.0, "Seconds that one request may take, all in all."),
    Setting("max_retries", "SENTRIAL_MAX_RETRIES", 3, "Further tries of one request before it counts as failed."),
    Setting("enabled", "SENTRIAL_ENABLED", True, "Whether anything is recorded at all."),
    Setting("spool_dir", "SENTRIAL_SPOOL_DIR", None, "The folder events wait in; None: the user's state folder."),
    Setting(
        "fsync",
        "SENTRIAL_FSYNC",
        "never",
        'When events are forced to the disk: "never", "interval" (within 200 ms) or "always".',
    ),
    Setting(
        "max_spool_bytes", "SENTRIAL_MAX_SPOOL_BYTES", 1 << 30, "Bytes that may wait on the disk; the oldest go first."
    ),
    Setting("exit_timeout", "SENTRIAL_EXIT_TIMEOUT", 2.0, "Seconds that the end of the process may wait to deliver."),
    Setting("pii", "SENTRIAL_PII", False, "Whether personal data is redacted too, by the project's settings."),
)


class Config(NamedTuple):
    """The settings of one client, resolved and checked."""

    api_key: str | None
    project_id: str | None
    api_url: str
    timeout: float
    max_retries: int
    enabled: bool
    spool_dir: str | None
    fsync: str
    max_spool_bytes: int
    exit_timeout: float
    pii: bool

    def __repr__(self) -> str:
        shown = "None" if self.api_key is None else "'***'"
        return f"Config(api_key={shown}, project_id={self.project_id!r}, api_url={self.api_url!r})"

    @property
    def loopback(self) -> bool:
        """Whether the server is on this machine."""
        return is_loopback(self.api_url)


def resolve(**given: Any) -> Config:
    """Settle every setting: the argument where it is not None, else its variable, else its default.

    Raises:
        ConfigurationError: A value can't be used, or the address needs a key and there is none.
    """
    values = {setting.name: _value_of(setting, given.get(setting.name)) for setting in SETTINGS}
    config = Config(**values)
    if config.enabled and config.api_key is None and not config.loopback:
        raise ConfigurationError(
            f"{config.api_url} needs an API key: pass api_key=..., or set SENTRIAL_API_KEY. "
            "To record on this machine without one, run `sentrial serve` and set "
            "SENTRIAL_API_URL=http://127.0.0.1:7777"
        )
    return config


def is_loopback(url: str) -> bool:
    """Whether an address is this machine's own."""
    host = urlsplit(url).hostname or ""
    if host in {"localhost", "127.0.0.1", "::1"} or host.endswith(".localhost"):
        return True
    if ":" not in host and not host[-1:].isdigit():
        return False  # a name
    from ipaddress import ip_address  # noqa: PLC0415 - hardly any client is given a number, and it takes its time

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _value_of(setting: Setting, given: Any) -> Any:
    source = setting.name
    if given is None and setting.variable is not None:
        given = os.environ.get(setting.variable) or None
        given = hidden(given) if setting.name == "api_key" else given
        source = setting.variable
    if given is None:
        return setting.default
    check = _CHECKS.get(setting.name)
    return given if check is None else check(source, given)


def _key(source: str, value: Any) -> str:
    # The message never shows the value: it may be most of a real key.
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]{1,1024}", value):
        raise ConfigurationError(f"{source} must be a non-empty string of printable ASCII without spaces")
    return Key(value)


def _project(source: str, value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", value):
        raise ConfigurationError(f"{source} must be 1 to 128 letters, digits, '_', '.' or '-', not {value!r}")
    return value


def _url(source: str, value: Any) -> str:
    try:
        parts = urlsplit(value) if isinstance(value, str) and re.fullmatch(r"\S+", value) else None
        valid = parts is not None and parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, valid = None, False
    if parts is None or not valid:
        raise ConfigurationError(f"{source} must be an http or https address such as http://127.0.0.1:7777")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError(f"{source} must be a plain address: no user, password, query or fragment in it")
    return str(value).rstrip("/")


def _seconds(source: str, value: Any) -> float:
    number = _number(source, value)
    if not 0 < number <= 86_400:
        raise ConfigurationError(f"{source} must be a number of seconds above 0 and at most 86400, not {value!r}")
    return number


def _patience(source: str, value: Any) -> float:
    number = _number(source, value)
    if not 0 <= number <= 3600:
        raise ConfigurationError(f"{source} must be a number of seconds from 0 to 3600, not {value!r}")
    return number


def _retries(source: str, value: Any) -> int:
    number = _number(source, value)
    if number != int(number) or not 0 <= number <= 100:
        raise ConfigurationError(f"{source} must be a whole number from 0 to 100, not {value!r}")
    return int(number)


def _number(source: str, value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ConfigurationError(f"{source} must be a number, not {value!r}")
    return number


def _bytes(source: str, value: Any) -> int:
    number = _number(source, value)
    if number != int(number) or not 1 << 20 <= number <= 1 << 50:
        raise ConfigurationError(f"{source} must be a whole number of bytes, at least 1048576, not {value!r}")
    return int(number)


def _flag(source: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if isinstance(value, str) and value.lower() in known:
        return known[value.lower()]
    raise ConfigurationError(f"{source} must be true or false, not {value!r}")


def _folder(source: str, value: Any) -> str:
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise ConfigurationError(f"{source} must be the path of a folder, not {value!r}")
    return os.path.abspath(os.fsdecode(os.path.expanduser(value)))  # noqa: PTH100, PTH111 - pathlib is not loaded yet


def _fsync(source: str, value: Any) -> str:
    if value not in ("never", "interval", "always"):  # a list, which a set could not be asked for, is no such value
        raise ConfigurationError(f'{source} must be "never", "interval" or "always", not {value!r}')
    return str(value)


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "api_key": _key,
    "project_id": _project,
    "api_url": _url,
    "timeout": _seconds,
    "max_retries": _retries,
    "enabled": _flag,
    "spool_dir": _folder,
    "fsync": _fsync,
    "max_spool_bytes": _bytes,
    "exit_timeout": _patience,
    "pii": _flag,
}
