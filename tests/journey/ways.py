"""The ways out of a process, each a small program that tracks and then ends in its own manner.

A newcomer's mistake: to write one that ends before it has tracked. Each says how many calls return at least.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

BEGIN = """
import asyncio, atexit, logging, os, signal, sys, threading, time, weakref
sys.path.insert(0, sys.argv[1])
from tracking import Tracker, opened
url, spool, ledger = sys.argv[2:5]
"""
"""How each script begins."""

OPEN = "client, main = opened(url, spool, ledger, 'main')\n"
TRACK = OPEN + "main.track(30)\n"
BRIEF = "client, main = opened(url, spool, ledger, 'main', exit_timeout=0.3)\nmain.track(30)\n"
"""For those who never stop tracking: the end of the process would wait for them."""


@dataclass(frozen=True)
class Way:
    """A way out of a process.

    Attributes:
        script: What it does.
        status: What it ends with; negative: the signal that killed it.
        says: What stands on standard error; nothing else may. `*` is a traceback of its own.
        tracked: How many calls return at least.
        rare: Whether it differs from another one in little, so that the short form leaves it out.
    """

    script: str
    status: int = 0
    says: str = ""
    tracked: int = 30
    rare: bool = False


WAYS = {
    "SIGTERM": Way(TRACK + "os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)", -signal.SIGTERM),
    "SIGHUP": Way(TRACK + "os.kill(os.getpid(), signal.SIGHUP); time.sleep(9)", -signal.SIGHUP, rare=True),
    "SIGINT": Way(
        TRACK + "client.flush(9); main.track(10); os.kill(os.getpid(), signal.SIGINT); time.sleep(9)",
        -signal.SIGINT,
        "KeyboardInterrupt",
        tracked=40,
    ),
    "SIGTERM, whose handler tracks and leaves": Way(
        TRACK
        + "more = Tracker(client, ledger, 'handler')\n"
        + "signal.signal(signal.SIGTERM, lambda *_: (more.track(10), sys.exit(7)))\n"
        + "os.kill(os.getpid(), signal.SIGTERM); main.track(10**9)",
        7,
        tracked=40,
    ),
    "uncaught, with a hook that tracks": Way(
        TRACK
        + "def hook(*_): main.track(10); print('hooked', file=sys.stderr)\nsys.excepthook = hook\nraise RuntimeError",
        1,
        "hooked",
        tracked=40,
    ),
    "uncaught in a thread": Way(
        OPEN
        + "def go():\n    main.track(30); raise RuntimeError('of the test')\n"
        + "threading.Thread(target=go).start()",
        0,
        "of the test",
        rare=True,
    ),
    "sys.exit in a thread": Way(
        OPEN + "def go():\n    main.track(30); sys.exit(3)\nthreading.Thread(target=go).start()", rare=True
    ),
    "os._exit in a thread": Way(
        TRACK
        + "more = Tracker(client, ledger, 'thread')\ndef go():\n    more.track(500); os._exit(6)\n"
        + "threading.Thread(target=go).start(); main.track(10**9)",
        6,
        tracked=530,
    ),
    "abort while threads track": Way(
        TRACK
        + "others = [Tracker(client, ledger, f't{i}') for i in range(3)]\n"
        + "for other in others: threading.Thread(target=other.track, args=(10**9,), daemon=True).start()\n"
        + "time.sleep(0.05); os.abort()",
        -signal.SIGABRT,
    ),
    "another program takes over": Way(
        TRACK + "os.execv(sys.executable, [sys.executable, '-c', 'import sys; sys.exit(9)'])", 9
    ),
    "a thread that outlives the main one": Way(
        TRACK
        + "more = Tracker(client, ledger, 'thread')\ndef go():\n    time.sleep(0.1); more.track(100); more.end()\n"
        + "threading.Thread(target=go).start()",
        tracked=131,
    ),
    "daemon threads that go on tracking": Way(
        BRIEF
        + "def go(other):\n    while True: other.track(5); time.sleep(0.001)\n"
        + "others = [Tracker(client, ledger, f'd{i}') for i in range(3)]\n"
        + "for other in others: threading.Thread(target=go, args=(other,), daemon=True).start()\ntime.sleep(0.02)",
    ),
    "handlers at exit, registered before and after": Way(
        BEGIN
        + "first = []\natexit.register(lambda: first[0].track(10))\n"
        + OPEN
        + "first.append(Tracker(client, ledger, 'last'))\n"
        + "later = Tracker(client, ledger, 'first')\natexit.register(later.track, 10)\nmain.track(30)",
        tracked=50,
    ),
    "the first event of all in a handler at exit": Way(
        BEGIN + "first = []\natexit.register(lambda: first[0].track(30))\n" + OPEN + "first.append(main)",
    ),
    "a finalizer that tracks": Way(
        OPEN + "class Thing: pass\nthing = Thing()\nweakref.finalize(thing, main.track, 30)", rare=True
    ),
    "__del__ at the end of the interpreter": Way(
        TRACK
        + "class Thing:\n    def __init__(self): self.main = main\n    def __del__(self): self.main.track(10)\n"
        + "thing = Thing(); thing.itself = thing",
        tracked=30,
    ),
    "logging was shut down": Way(TRACK + "logging.shutdown(); main.track(10); sys.exit(4)", 4, tracked=40),
    "standard streams are closed": Way(TRACK + "sys.stdout.close(); sys.stderr.close(); main.track(10)", tracked=40),
    "standard streams are gone": Way(TRACK + "sys.stdout = sys.stderr = None; main.track(10)", tracked=40, rare=True),
    "sys.exit in a coroutine": Way(
        OPEN + "async def go():\n    main.track(30); await asyncio.sleep(0); sys.exit(8)\nasyncio.run(go())",
        8,
        rare=True,
    ),
    "SIGINT while a loop runs": Way(
        OPEN
        + "async def go():\n    main.track(30); client.flush(9)\n"
        + "    try: os.kill(os.getpid(), signal.SIGINT); await asyncio.sleep(9)\n"
        + "    finally: main.track(10)\nasyncio.run(go())",
        -signal.SIGINT,
        "KeyboardInterrupt",
        tracked=40,
    ),
    "a loop that is left running in a thread": Way(
        BRIEF
        + "async def go():\n    while True:\n        main.track(); await asyncio.sleep(0.001)\n"
        + "threading.Thread(target=asyncio.run, args=(go(),), daemon=True).start()\ntime.sleep(0.1)",
        tracked=5,
    ),
    "closed already": Way(TRACK + "client.close(); main.track(10); client.close(); main.track(10)", tracked=50),
    "the current folder is gone": Way(
        "import os, tempfile\nfolder = tempfile.mkdtemp(); os.chdir(folder); os.rmdir(folder)\n" + BEGIN + TRACK,
        rare=True,
    ),
}
