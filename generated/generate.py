"""Write `generated/sentrial_api` and `generated/openapi.json` from `openapi.yaml`: what `make gen` runs.

The output is a function of its input alone: the same bytes on every run and every machine. `--output DIR`
writes elsewhere, which is how the drift test compares.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HERE = Path(__file__).parent
SPEC = HERE.parent / "openapi.yaml"


def without_python_types(node: Any) -> Any:
    """The document as the generator should see it: free-form objects without their type stay plain dicts."""
    if isinstance(node, list):
        return [without_python_types(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "x-python-type" in node:
        return {"description": node["description"]}
    return {key: without_python_types(value) for key, value in node.items()}


def run(*command: str) -> None:
    """Run a tool of this environment; its complaint is ours."""
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def generate(output: Path) -> None:
    """Write the client package and the contract as JSON into a folder."""
    document = json.loads(json.dumps(YAML(typ="safe", pure=True).load(SPEC.read_text("utf-8"))))
    package = output / "sentrial_api"
    shutil.rmtree(package, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        stripped = Path(scratch, "openapi.json")
        stripped.write_text(json.dumps(without_python_types(document)), "utf-8")
        run(
            "openapi_python_client",
            *("generate", "--path", str(stripped), "--config", str(HERE / "config.yaml")),
            *("--meta", "none", "--output-path", str(package)),
            *("--custom-template-path", str(HERE / "templates"), "--fail-on-warning"),
        )
    run("ruff", "check", "--isolated", "--select=F,I", "--target-version=py311", "--fix", "--quiet", str(package))
    run("ruff", "format", "--isolated", "--target-version=py311", "--quiet", str(package))
    (package / "py.typed").write_text("", "utf-8")
    shutil.rmtree(package / ".ruff_cache", ignore_errors=True)
    text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=False)
    (output / "openapi.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=HERE, help="the folder to write into")
    generate(parser.parse_args().output)
