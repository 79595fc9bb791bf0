"""What a stranger installs: the wheel, alone, in a new virtual environment."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

PROGRAM = """
import json, pathlib, sys
from sentrial import SentrialClient
from sentrial.server.serve import EmbeddedServer
import sentrial, sentrial_api
with EmbeddedServer(pathlib.Path(sys.argv[1], "sentrial.db")) as server:
    client = SentrialClient(api_url=server.url, spool_dir=sys.argv[1])
    with client.session(name="From the wheel") as session:
        session.track_tool_call("search")
    read = client.get_session(session.id)
    client.close()
print(json.dumps({"status": read["status"], "from": [sentrial.__file__, sentrial_api.__file__]}))
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment with the wheel and its `server` extra, and nothing of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint"]
    python = folder / "env" / "bin" / "python"
    subprocess.run(
        [python, *install, ROOT / "constraints.txt", f"{wheel}[server]"], check=True, capture_output=True, cwd=folder
    )
    return folder


def test_the_wheel_alone_serves_and_records(environment: Path) -> None:
    """Installed alone, the wheel brings client, generated client, contract, server and pages."""
    program = environment / "program.py"
    program.write_text(PROGRAM, "utf-8")

    done = subprocess.run(
        [environment / "env/bin/python", program, environment],
        capture_output=True,
        text=True,
        cwd=environment,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["status"] == "success"
    assert all("site-packages" in path for path in answer["from"])


def test_the_recorded_demo_runs_without_langchain(environment: Path) -> None:
    """`sentrial demo` shows its recorded runs from an install that has no LangChain."""
    done = subprocess.run(
        [environment / "env/bin/sentrial", "demo", "--once", "--no-open"],
        capture_output=True,
        text=True,
        cwd=environment,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert "/sessions/" in done.stdout + done.stderr


def test_the_wheel_is_small_and_typed(environment: Path) -> None:
    """The wheel has py.typed for both packages, the contract, the pages, and no tests."""
    import zipfile

    (wheel,) = environment.glob("*.whl")

    names = zipfile.ZipFile(wheel).namelist()

    assert wheel.stat().st_size < 1_000_000
    for name in ("sentrial/py.typed", "sentrial_api/py.typed", "sentrial/server/openapi.json"):
        assert name in names
    assert [name for name in names if name.startswith(("tests", "examples", "generated"))] == []
