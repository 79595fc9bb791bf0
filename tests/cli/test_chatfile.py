"""Reading a file of chat logs: its forms, and what is said of one that is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sentrial.cli.chatfile import read_conversations
from sentrial.cli.problems import CommandError

if TYPE_CHECKING:
    from pathlib import Path

ONE = {"messages": [{"role": "user", "content": "Hello"}], "task_id": 1}
TWO = {"messages": [{"role": "user", "content": "Bye"}], "task_id": 2}


def lines(*values: Any) -> str:
    """One JSON value a line."""
    return "".join(json.dumps(value) + "\n" for value in values)


@pytest.mark.parametrize(
    "text",
    [
        lines(ONE, TWO),
        "\n" + lines(ONE) + "\n\n" + lines(TWO),
        "\ufeff" + lines(ONE, TWO),
        lines(ONE, TWO).replace("\n", "\r\n"),
        json.dumps([ONE, TWO]),
        json.dumps([ONE, TWO], indent=2),
    ],
    ids=["lines", "blank lines", "byte order mark", "crlf", "array", "indented array"],
)
def test_forms_of_a_file_say_the_same(tmp_path: Path, text: str) -> None:
    """Lines, an array, an indented array: the same conversations with the same digests come out."""
    path = tmp_path / "log.jsonl"
    path.write_text(text, encoding="utf-8", newline="")

    conversations = list(read_conversations(path))

    assert [c.messages[0]["content"] for c in conversations] == ["Hello", "Bye"]
    assert [c.fields for c in conversations] == [{"task_id": 1}, {"task_id": 2}]
    assert len({c.digest for c in conversations}) == 2


def test_bare_lists_of_messages(tmp_path: Path) -> None:
    """A line may be the list of messages itself."""
    path = tmp_path / "log.jsonl"
    path.write_text(lines(ONE["messages"], TWO["messages"]))

    conversations = list(read_conversations(path))

    assert [c.messages for c in conversations] == [ONE["messages"], TWO["messages"]]


def test_one_indented_object(tmp_path: Path) -> None:
    """A file may be one conversation, written over many lines."""
    path = tmp_path / "log.json"
    path.write_text(json.dumps(ONE, indent=4))

    conversations = list(read_conversations(path))

    assert [c.messages for c in conversations] == [ONE["messages"]]


def test_digest_ignores_how_it_is_written(tmp_path: Path) -> None:
    """Order of keys and spaces do not make another conversation."""
    left, right = tmp_path / "left", tmp_path / "right"
    left.write_text('{"task_id":1,"messages":[{"role":"user","content":"Ä"}]}')
    right.write_text('{"messages": [{"content": "\\u00c4", "role": "user"}], "task_id": 1}')

    digests = {next(read_conversations(path)).digest for path in (left, right)}

    assert len(digests) == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("just words\n", "line 1"),
        (lines(ONE) + '{"messages": [\n', "line 2"),
        (lines(ONE) + "\n" + lines({"no": "messages"}), "line 3"),
        (lines(ONE, "text"), "line 2"),
        (lines(ONE, 7), "line 2"),
        (lines(ONE, {"messages": "text"}), "line 2"),
        (lines(ONE, {"messages": [{"content": "no role"}]}), "line 2"),
        (lines(ONE, {"messages": [{"role": 7}]}), "line 2"),
        (json.dumps([ONE, {"no": 1}]), "line 1, conversation 2"),
        (lines(ONE) + "[" * 200_000 + "\n", "line 2"),
        ("[" * 200_000, "line 1"),
        ("9" * 5_000, "line 1"),
    ],
)
def test_fault_is_named_by_its_line(tmp_path: Path, text: str, place: str) -> None:
    """What is no chat log is refused in one line: where, and what was expected."""
    path = tmp_path / "log.jsonl"
    path.write_text(text)

    with pytest.raises(CommandError) as caught:
        list(read_conversations(path))

    assert f"log.jsonl, {place}" in str(caught.value)
    assert 'an object with "messages"' in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("data", [b"\xff\xfe\x00binary", lines(ONE).encode() + b"\xff\n"])
def test_other_encodings_are_refused(tmp_path: Path, data: bytes) -> None:
    """A file that is not UTF-8 is refused in one line."""
    path = tmp_path / "log.jsonl"
    path.write_bytes(data)

    with pytest.raises(CommandError, match=r"log\.jsonl.*no UTF-8 text"):
        list(read_conversations(path))


@pytest.mark.parametrize("text", ["", "\n\n", "[]"])
def test_empty_file_holds_nothing(tmp_path: Path, text: str) -> None:
    """An empty file is no error of the reader."""
    path = tmp_path / "log.jsonl"
    path.write_text(text)

    assert list(read_conversations(path)) == []
