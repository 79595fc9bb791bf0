"""The lock that nobody waits for without an end."""

from __future__ import annotations

import threading
import time

from sentrial._patience import PatientLock


def test_only_one_thread_is_inside() -> None:
    """Others wait, and the same thread may come in again."""
    lock = PatientLock(10)
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(200):
            with lock.held(), lock.held():
                inside += 1
                most = max(most, inside)
                time.sleep(0)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == 1


def test_a_lock_that_was_left_held_costs_one_wait() -> None:
    """Whoever held it was interrupted for good: the next one waits once, and all after it do not."""
    lock = PatientLock(0.2)
    leaver = threading.Thread(target=lock._lock.acquire)
    leaver.start()
    leaver.join()

    waits = []
    for _ in range(3):
        begun = time.monotonic()
        with lock.held():
            waits.append(time.monotonic() - begun)

    assert 0.15 < waits[0] < 5
    assert max(waits[1:]) < 0.15
