"""What the batteries get besides a home of their own: a scene, cleared of whatever a failed test left running."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.journey.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """The files of one battery, and no process left behind at its end."""
    scene = Scene(tmp_path)
    yield scene
    scene.end()
