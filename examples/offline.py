"""No server runs, and nothing is lost: what was recorded is delivered when one does.

It runs alone: `python examples/offline.py`
"""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path

from sentrial import SentrialClient
from sentrial.server.serve import EmbeddedServer

with socket.socket() as probe:  # a port on which nothing listens
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]

with tempfile.TemporaryDirectory() as folder:
    client = SentrialClient(api_url=f"http://127.0.0.1:{port}", spool_dir=f"{folder}/spool")

    with client.session(name="Night batch") as session:
        for number in range(100):
            session.track_tool_call("resize_image", {"file": f"{number}.png"}, {"ok": True}, duration_ms=12)
    print(f"recorded while nobody listens: {client.flush(timeout=0.2)} events wait on the disk")

    with EmbeddedServer(Path(folder, "sentrial.db"), port=port):
        print(f"a server runs now:             {client.flush(timeout=30)} events wait")
        found = client.get_session(session.id)
        print(f"the session, as the server has it: {found['status']}, {found['tool_call_count']} tool calls")
        client.close()
