"""What every contender records: a tool call of about 0.8 kB, and a model call of about 6 kB."""

from __future__ import annotations

from typing import Any

TOOL_INPUT: dict[str, Any] = {
    "query": "reset password for a locked account with two-factor authentication",
    "filters": {"product": "identity", "language": "en", "max_age_days": 365},
    "max_results": 5,
    "include_archived": False,
}
TOOL_OUTPUT: dict[str, Any] = {
    "articles": [
        {
            "id": f"KB-{number:03}",
            "title": "Reset a password when the second factor is lost",
            "score": 0.91 - number / 50,
        }
        for number in range(5)
    ],
    "took_ms": 143,
    "next": None,
}
REASONING = "The user says that the account is locked; the knowledge base has an article on that."

PROMPT: list[dict[str, Any]] = [
    {"role": "system", "content": "You are a support agent. Be brief, and cite the article. " * 30},
    *(
        {"role": role, "content": "My account is locked and I lost my phone. " * 8}
        for role in ("user", "assistant") * 4
    ),
]
RESPONSE = "Open the recovery page, choose the code you printed, then set a new password. " * 12
