"""A replay is right whenever it is called and whatever breaks in, compiled and on NumPy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import engine

pytest.importorskip("numpy")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks, and sends itself signals")

SUPPORT = Path(__file__).parent.parent / "support"
SANITIZED = "asan" in os.environ.get("LD_PRELOAD", "")
MODES = [*(["compiled"] if engine.compiled else []), *([] if SANITIZED else ["pure"])]


@pytest.fixture(params=MODES)
def run(request):
    """Runs a function of replays.py in a process of its own; what it prints."""

    def run(*arguments):
        path = os.pathsep.join([str(SUPPORT.parent.parent), str(SUPPORT)])
        environment = os.environ | {"WHYGRAD_PURE": str(int(request.param == "pure")), "PYTHONPATH": path}
        command = [sys.executable, "-W", "ignore:This process:DeprecationWarning", str(SUPPORT / "replays.py")]
        done = subprocess.run(
            [*command, *map(str, arguments)], env=environment, capture_output=True, text=True, timeout=300
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    run.compiled = request.param == "compiled"
    return run


@pytest.mark.parametrize("seed", [0, 1])
def test_a_thousand_interrupts_leave_nothing_behind(run, seed):
    run("interrupted", seed, 500 if run.compiled else 50)


def test_after_a_fork(run):
    run("forked")


@pytest.mark.skipif(SANITIZED, reason="a sanitizer's own locks may be held by a thread that the child has not")
def test_after_a_fork_while_other_threads_replay(run):
    run("forked_meanwhile")


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_in_processes(run, how):
    run("in_processes", how)


@pytest.mark.skipif(sys.platform != "linux" or SANITIZED, reason="needs a limit of memory, as Linux has it")
def test_under_a_limit_of_memory(run):
    run("without_memory")


def test_in_exit_handlers_and_threads_that_outlive_the_main_one(run):
    assert sorted(run("at_exit").splitlines()) == ["exit True", "thread True"]


def test_in_signal_handlers(run):
    run("in_handlers", 50 if run.compiled else 10)


def test_in_asyncio_tasks(run):
    run("in_tasks")


def test_in_ten_threads(run):
    run("in_threads", 5)
