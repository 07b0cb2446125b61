"""Replays under interrupts, forks, threads and at exit: each function runs in a process of its own, by its name."""

import asyncio
import atexit
import multiprocessing
import os
import random
import resource
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from engine import Value, compiled, dot, record

EXAMPLES = 50_000  # worth several threads where the replay is compiled
LONG = 60.0  # seconds after which something hangs


class Task:
    """A recorded network, a batch, and the results of undisturbed calls."""

    def __init__(self, examples=EXAMPLES):
        draw = np.random.default_rng(0)
        self.weights = [[Value(w) for w in row] for row in draw.normal(size=(6, 4))]
        self.parameters = [w for row in self.weights for w in row]
        self.batch = draw.normal(size=(examples, 3)), draw.normal(size=examples)
        self.begin()
        self.wanted = [self.ask(k) for k in range(3)]

    def begin(self):
        """A recording that nothing has compiled yet."""
        self.recording = record(self.loss, [0.1, 0.2, 0.3], 0.4)

    def loss(self, x, y):
        hidden = [dot(w[:-1], x, w[-1]).tanh() for w in self.weights]
        return (sum(hidden) - y) ** 2

    def call(self, k):
        return [self.recording.forward, self.recording.backward, self.recording.gradients][k](*self.batch)

    def ask(self, k):
        """The bytes of the k-th call's result."""
        for p in self.parameters:
            p.grad = 0.0
        return bits(self.call(k)) + self.gradients()

    def gradients(self):
        return bits([p.grad for p in self.parameters])

    def is_right(self):
        return [self.ask(k) for k in range(3)] == self.wanted


def bits(numbers):
    """The bits of numbers, in arrays or not."""
    return b"".join(map(bits, numbers)) if isinstance(numbers, (tuple, list)) else np.asarray(numbers).tobytes()


class Interrupt(BaseException):
    """An exception that none of our code catches, like KeyboardInterrupt."""


def interrupt(*_):
    raise Interrupt


def interrupted(seed, times):
    """Interrupt each call at random moments: nothing is written later, and the next call is right."""
    task, rng = Task(), random.Random(seed)
    seconds = [time_of(lambda k=k: task.ask(k)) for k in range(3)]
    signal.signal(signal.SIGALRM, interrupt)
    hits = 0
    for n in range(times):
        k = rng.randrange(3)
        if n % 10 == 0:  # in the compilation, too
            task.begin()
        hits += is_interrupted(lambda k=k: task.call(k), rng.uniform(1e-6, 1.2 * seconds[k]))
        guards = [np.full(len(task.batch[0]) * width, 7.0) for width in (1, 3) for _ in range(4)]
        assert task.ask(k) == task.wanted[k], (n, k)
        assert all((guard == 7.0).all() for guard in guards), (n, k)
    assert hits > times / 50, hits
    assert task.is_right()


def time_of(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def is_interrupted(call, seconds):
    """Whether the signal that comes after so many seconds comes before the call is done."""
    done = False
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        call()
        done = True
        for _ in range(int(LONG / 1e-3)):
            time.sleep(1e-3)
    except Interrupt:
        return not done
    raise AssertionError("the signal did not come")


def forked():
    """In the child of a fork."""
    task = Task()
    fork(task)
    assert task.is_right()


def forked_meanwhile():
    """In the child of a fork that comes while other threads of the parent replay the same recording."""
    task = Task()
    with ThreadPoolExecutor(2) as pool:
        for k in (0, 2):
            pool.submit(lambda k=k: [task.call(k) for _ in range(30)])
        fork(task)
    assert task.is_right()


def fork(task):
    """Ask in five children."""
    for _ in range(5):
        child = os.fork()
        if not child:
            signal.alarm(int(LONG / 2))
            os._exit(0 if task.is_right() else 1)
        assert os.waitpid(child, 0)[1] == 0


def is_right(_):
    return Task().is_right()


def in_processes(how):
    """In the workers of multiprocessing, after the parent has replayed."""
    assert is_right(0)
    with multiprocessing.get_context(how).Pool(2) as pool:
        assert pool.map(is_right, range(4)) == [True] * 4


def without_memory():
    """Where no thread can be started, and where an array is too large; and after that."""
    task = Task(1000)
    few, many = task.batch, [np.repeat(x, 50, axis=0) for x in task.batch]
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (7 << 20), most[1]))
    assert fails(threading.Thread(target=int).start, RuntimeError)
    task.batch = many
    alone = [task.ask(k) for k in range(3)]
    task.batch = np.broadcast_to(1.0, (10**7, 3)), np.broadcast_to(1.0, 10**7)
    assert fails(lambda: task.call(0), MemoryError)
    task.batch = few
    assert task.is_right()
    resource.setrlimit(resource.RLIMIT_AS, most)
    task.batch = many
    assert [task.ask(k) for k in range(3)] == alone


def fails(call, error):
    try:
        call()
    except error:
        return True
    return False


def at_exit():
    """In an exit handler, and in a thread that outlives the main one."""
    task = Task()

    def late():
        threading.main_thread().join()
        print("thread", Task().is_right())

    threading.Thread(target=late).start()
    atexit.register(lambda: print("exit", task.is_right()))


def in_handlers(times):
    """In a signal handler that comes while the main thread replays the same recording, again and again."""
    task, found = Task(), []
    seconds = time_of(lambda: task.call(0))

    def replay(*_):
        if len(found) < times:
            found.append(bits([task.call(0), task.call(2)]))
            signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-4, 2 * seconds))

    wanted = bits([task.call(0), task.call(2)])
    signal.signal(signal.SIGALRM, replay)
    replay()
    while len(found) < times:
        assert bits([task.call(0), task.call(2)]) == wanted
    assert found == [wanted] * times
    assert task.is_right()


def in_tasks():
    """In asyncio tasks, on the loop and in its threads, all at once."""
    task = Task()
    wanted = bits(task.call(0))

    async def replay(n):
        await asyncio.sleep(0)
        result = await asyncio.to_thread(task.call, 0) if n % 2 else task.call(0)
        return bits(result)

    async def main():
        return await asyncio.gather(*map(replay, range(20)))

    assert asyncio.run(main()) == [wanted] * 20
    assert task.is_right()


def in_threads(times):
    """In ten threads that share a recording, from its first call on: all are right, and no gradient is lost."""
    task = Task()
    for p in task.parameters:
        p.grad = 0.0
    for _ in range(10 * times):
        task.call(1)
    wanted = task.gradients()
    task.begin()
    for p in task.parameters:
        p.grad = 0.0
    barrier = threading.Barrier(10)

    def replay(n):
        barrier.wait()
        results = [[task.call((n + k) % 3) for k in range(3)] for _ in range(times)]  # each begins with another
        return {bits([result[(k - n) % 3] for k in range(3)]) for result in results}

    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    with ThreadPoolExecutor(10) as pool:
        found = set().union(*pool.map(replay, range(10)))
    sys.setswitchinterval(switching)
    assert task.gradients() == wanted
    assert found == {bits([task.call(k) for k in range(3)])}
    assert task.is_right()


if __name__ == "__main__":
    if compiled:
        from engine.replay import native

        native.threads = max(native.threads, 3)
    globals()[sys.argv[1]](*(int(x) if x.isdigit() else x for x in sys.argv[2:]))
