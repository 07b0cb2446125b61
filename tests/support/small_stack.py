"""Runs a task on a thread with a small stack, to detect recursion."""

import threading

SMALL_STACK = 1 << 18  # bytes


def on_a_small_stack(task):
    """Run the task on a thread with a stack of 256 KiB, and return what it returns."""
    results = []
    before = threading.stack_size(SMALL_STACK)
    try:
        thread = threading.Thread(target=lambda: results.append(task()))
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    return results[0]
