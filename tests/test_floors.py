"""The floors are held for every module: a new one is named in the contracts, or `make check` would pass it by."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_module_of_the_client_stands_on_a_floor() -> None:
    """Each module of `sentrial/` is named by a contract about layers."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    floors = " ".join(floor for contract in contracts for floor in contract.get("layers", ())).replace("|", " ").split()
    modules = {f"sentrial.{path.stem}" for path in (ROOT / "sentrial").iterdir() if path.stem != "__init__"}

    missing = modules - set(floors) - {"sentrial.py", "sentrial.insights", "sentrial.__pycache__", "sentrial.server"}

    assert missing == set()


def test_both_wings_are_kept_apart_in_full() -> None:
    """Whatever private module the client has, the server may not import it."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (server,) = (contract for contract in contracts if contract.get("source_modules") == ["sentrial.server"])
    private = {f"sentrial.{path.stem}" for path in (ROOT / "sentrial").glob("_[a-z]*.py")}

    assert private <= set(server["forbidden_modules"])
