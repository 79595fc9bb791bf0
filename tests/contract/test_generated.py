"""The generated client: whole, up to date to the byte, and usable alone against a live server.

A newcomer's mistake: to edit `generated/`. Change `openapi.yaml`, run `make gen`; this is what notices.
"""

from __future__ import annotations

import asyncio
import filecmp
import importlib
import json
import os
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sentrial_api  # noqa: TID251 - this is about the generated client itself
from sentrial_api.api.events import create_event, ingest_events, list_session_events  # noqa: TID251 - the same
from sentrial_api.api.service import get_health, get_pii_config  # noqa: TID251 - the same
from sentrial_api.api.sessions import (  # noqa: TID251 - the same
    create_session,
    delete_session,
    get_session,
    list_sessions,
    update_session,
)
from sentrial_api.client import AuthenticatedClient, Client  # noqa: TID251 - the same
from sentrial_api.models import (  # noqa: TID251 - the same
    CreateSession,
    StepEvent,
    ToolCallEvent,
    UpdateSession,
)
from sentrial_api.types import File  # noqa: TID251 - the same

if TYPE_CHECKING:
    from sentrial.server.serve import EmbeddedServer
    from tests.conftest import KeyedServer

ROOT = Path(__file__).parents[2]
LINES = (
    b'{"eventType":"step","sessionId":"batch","id":"evt_1","name":"a"}\n'
    b'{"eventType":"step","sessionId":"batch","id":"evt_2","name":""}'
)


def generate(output: Path, spec: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the generator as `make gen` does, into a folder; with a copy of it where the contract is another."""
    folder = ROOT / "generated"
    if spec is not None:
        folder = spec.parent / "generated"
        shutil.copytree(ROOT / "generated" / "templates", folder / "templates")
        for name in ("generate.py", "config.yaml"):
            shutil.copy(ROOT / "generated" / name, folder / name)
    return subprocess.run(
        [sys.executable, str(folder / "generate.py"), "--output", str(output)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        # The generator runs its tools by module name: they are found in this environment.
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
    )


def files_of(folder: Path) -> dict[str, Path]:
    """What the generator writes, by its path within a folder."""
    package = [
        path for path in (folder / "sentrial_api").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    return {str(path.relative_to(folder)): path for path in (*package, folder / "openapi.json")}


def differences(one: Path, other: Path) -> set[str]:
    """The files that two folders do not have in common to the byte."""
    mine, theirs = files_of(one), files_of(other)
    common = mine.keys() & theirs.keys()
    changed = {name for name in common if not filecmp.cmp(mine[name], theirs[name], shallow=False)}
    return changed | (mine.keys() ^ theirs.keys())


def test_every_generated_module_imports() -> None:
    """No module of the generated package fails, alone."""
    names = [module.name for module in pkgutil.walk_packages(sentrial_api.__path__, "sentrial_api.")]

    for name in names:
        importlib.import_module(name)

    assert len(names) > 40


def test_what_is_committed_is_what_the_generator_makes(tmp_path: Path) -> None:
    """Generated afresh, every file is the committed one, to the byte."""
    done = generate(tmp_path / "fresh")

    assert done.returncode == 0, done.stderr
    assert differences(tmp_path / "fresh", ROOT / "generated") == set()


def test_a_changed_field_is_seen(tmp_path: Path) -> None:
    """A field renamed in the contract shows in the model and in the JSON form."""
    text = (ROOT / "openapi.yaml").read_text("utf-8")
    assert "recoveryAction" in text
    spec = tmp_path / "openapi.yaml"
    spec.write_text(text.replace("recoveryAction", "recoveryPlan"), "utf-8")

    done = generate(tmp_path / "fresh", spec)

    assert done.returncode == 0, done.stderr
    assert differences(tmp_path / "fresh", ROOT / "generated") == {
        "openapi.json",
        "sentrial_api/models/error_event.py",
    }


def test_the_json_form_is_the_contract() -> None:
    """`generated/openapi.json` says what `openapi.yaml` says."""
    from ruamel.yaml import YAML

    loaded = YAML(typ="safe", pure=True).load((ROOT / "openapi.yaml").read_text("utf-8"))

    assert json.loads(json.dumps(loaded)) == json.loads((ROOT / "generated" / "openapi.json").read_text("utf-8"))


def step(name: str, event_id: str) -> StepEvent:
    """A step of the session that the tests make."""
    return StepEvent(event_type="step", session_id="own", name=name, id=event_id)


def test_the_generated_client_alone_works(server: EmbeddedServer) -> None:
    """Create, read, change, list, record one, record many, delete: the plain functions, as anyone would use them."""
    with Client(base_url=server.url) as client:
        created = create_session.sync(client=client, body=CreateSession(name="s", id="own", user_id="u"))
        again = create_session.sync_detailed(client=client, body=CreateSession(name="other", id="own"))
        one = create_event.sync_detailed(client=client, body=step("one", "evt_a"))
        twice = create_event.sync_detailed(client=client, body=step("one", "evt_a"))
        tool = ToolCallEvent(event_type="tool_call", session_id="own", tool_name="t", tool_input={"q": [1, None]})
        create_event.sync(client=client, body=tool)
        batch = ingest_events.sync(client=client, body=File(payload=LINES))  # type: ignore[arg-type]  # bytes are taken
        events: Any = list_session_events.sync("own", client=client)
        updated: Any = update_session.sync("own", client=client, body=UpdateSession(status="failed"))
        read: Any = get_session.sync("own", client=client)
        listed: Any = list_sessions.sync(client=client, user="u", limit=5)
        deleted = delete_session.sync_detailed("own", client=client)
        gone = get_session.sync_detailed("own", client=client)
        health: Any = get_health.sync(client=client)
        pii = get_pii_config.sync_detailed(client=client)

    assert (created.id, created.status, created.user_id) == ("own", "active", "u")  # type: ignore[union-attr]
    assert (again.status_code, again.parsed.name) == (200, "s")  # type: ignore[union-attr]
    assert (one.status_code, one.parsed.outcome) == (201, "accepted")  # type: ignore[union-attr]
    assert (twice.status_code, twice.parsed.outcome) == (200, "duplicate")  # type: ignore[union-attr]
    assert (batch.accepted, [(r.index, r.id) for r in batch.rejected]) == (1, [(1, "evt_2")])  # type: ignore[union-attr]
    assert {"step", "tool_call", "session_start"} == {event.event_type for event in events.items}
    assert next(event.tool_input for event in events.items if event.event_type == "tool_call") == {"q": [1, None]}
    assert (updated.status, read.status) == ("error", "error")
    assert [session.id for session in listed.items] == ["own"]
    assert (deleted.status_code, gone.status_code, gone.parsed.code) == (204, 404, "not_found")  # type: ignore[union-attr]
    assert (health.status, pii.status_code) == ("ok", 200)


def test_the_generated_async_client_alone_works(keyed_server: KeyedServer) -> None:
    """The coroutines do the same, and a key goes as a bearer token."""

    async def use() -> dict[str, Any]:
        async with AuthenticatedClient(base_url=keyed_server.url, token=keyed_server.key) as client:
            seen: dict[str, Any] = {
                "created": await create_session.asyncio(client=client, body=CreateSession(name="s", id="own")),
                "one": await create_event.asyncio(client=client, body=step("one", "evt_a")),
                "batch": await ingest_events.asyncio(client=client, body=File(payload=LINES)),  # type: ignore[arg-type]
                "events": await list_session_events.asyncio("own", client=client),
                "updated": await update_session.asyncio("own", client=client, body=UpdateSession(status="completed")),
                "read": await get_session.asyncio("own", client=client),
                "listed": await list_sessions.asyncio(client=client),
                "deleted": await delete_session.asyncio_detailed("own", client=client),
            }
        async with AuthenticatedClient(base_url=keyed_server.url, token="wrong") as stranger:
            seen["stranger"] = await list_sessions.asyncio_detailed(client=stranger)
        return seen

    seen = asyncio.run(use())

    assert (seen["created"].status, seen["one"].outcome, seen["batch"].accepted) == ("active", "accepted", 1)
    assert {event.id for event in seen["events"].items} >= {"evt_a"}
    assert (seen["updated"].status, seen["read"].status) == ("success", "success")
    assert {session.id for session in seen["listed"].items} == {"own", "batch"}
    assert seen["deleted"].status_code == 204
    assert (seen["stranger"].status_code, seen["stranger"].parsed.code) == (401, "unauthorized")
