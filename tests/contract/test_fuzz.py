"""The fuzzer of the contract against a live server with a key: every operation, every phase, every check."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from sentrial.server.app import create_app
from sentrial.server.contract import Contract
from sentrial.server.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sentrial.server.store import SessionRow
    from tests.conftest import KeyedServer

ROOT = Path(__file__).parents[2]
FUZZER = Path(sys.executable).with_name("schemathesis")
# The fuzzer's own list, and those with which this server refuses what is too large, of a wrong type or deleted.
# A batch is bytes, of which the fuzzer makes "too long" ones that are not, and a bad line does not refuse the
# whole: test_handlers.py says what does.
CONFIG = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 413, 415, 422, 428]

[[operations]]
include-operation-id = "ingestEvents"
checks.negative_data_rejection.enabled = false
"""


def fuzz(url: str, key: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the fuzzer as a program of its own, as `make` would."""
    config = folder / "fuzz.toml"
    config.write_text(CONFIG, encoding="utf-8")
    command = [str(FUZZER), "--config-file", str(config), "run", str(ROOT / "generated" / "openapi.json")]
    command += ["--url", url, "--header", f"Authorization: Bearer {key}", "--no-color", "--generation-deterministic"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "ndjson_hooks", "PYTHONPATH": str(Path(__file__).parent)}
    return subprocess.run(
        [*command, *options], env=environment, cwd=folder, capture_output=True, text=True, timeout=100, check=False
    )


@pytest.mark.timeout(110)
def test_the_server_keeps_the_contract_under_fuzzing(keyed_server: KeyedServer, tmp_path: Path) -> None:
    """Lawful requests are taken, unlawful ones refused as documented, no key opens nothing, deleted stays deleted."""
    phases = "examples,coverage,fuzzing,stateful"

    ended = fuzz(keyed_server.url, keyed_server.key, tmp_path, "--phases", phases, "--max-examples", "20")

    assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr[-2000:]
    assert "Operations:       10 selected / 10 total" in ended.stdout


class Crashing(Store):
    """A store whose reads break."""

    def session(self, project: str, session_id: str) -> SessionRow | None:
        """Break where a session is there."""
        if super().session(project, session_id) is not None:
            raise RuntimeError("broken on purpose")
        return None


class Babbling(Store):
    """A store that gives back what the contract does not allow."""

    def session(self, project: str, session_id: str) -> SessionRow | None:
        """Return a name that is too long."""
        row = super().session(project, session_id)
        return None if row is None else replace(row, name="x" * 2000)


class Hoarding(Store):
    """A store that only says that it deletes."""

    def delete_session(self, project: str, session_id: str) -> bool:
        """Keep the session."""
        return self.session(project, session_id) is not None


def permissive() -> Contract:
    """Return a contract that lets any body pass."""
    document: dict[str, Any] = copy.deepcopy(
        json.loads((ROOT / "generated" / "openapi.json").read_text(encoding="utf-8"))
    )
    document["components"]["schemas"]["CreateSession"] = {"type": "object"}
    return Contract(document)


@contextmanager
def serving(store: Store, contract: Contract | None) -> Iterator[str]:
    """Serve a store, whatever is wrong with it, and yield the address."""
    config = uvicorn.Config(
        create_app(store, contract=contract), port=0, lifespan="off", log_config=None, log_level="critical"
    )
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "contract", "has_key", "caught"),
    [
        (Crashing, None, True, "Server error"),
        (Babbling, None, True, "Response violates schema"),
        (Hoarding, None, True, "Deleted resource still available"),
        (Store, permissive, True, "Schema-violating request accepted"),
        (Store, None, False, "API accepts requests without authentication"),
    ],
    ids=["crash", "wrong-answer", "use-after-delete", "no-check", "no-auth"],
)
def test_the_fuzzer_catches_a_server_that_is_broken(
    tmp_path: Path, kind: type[Store], contract: Any, has_key: bool, caught: str
) -> None:
    """A fuzz that can't fail proves nothing: each fault is found by the check that should find it."""
    with kind.open(tmp_path / "sentrial.db") as store:
        key = store.create_key("support") if has_key else "any"
        with serving(store, contract() if contract else None) as url:
            ended = fuzz(
                url,
                key,
                tmp_path,
                "--include-path-regex",
                "/sessions",
                "--exclude-path-regex",
                "events",
                "--max-examples",
                "10",
            )

    assert ended.returncode == 1
    assert caught in ended.stdout
