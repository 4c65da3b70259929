"""The bridge as its users meet it: the installed command, HTTP, and a directory."""

import pytest

from tests.acceptance.demo import Demo
from tests.acceptance.pos import Pos, PosThread

# The shapes of the one program, and what each adds to the command line.
SHAPES = {"one box": ()}


@pytest.fixture(scope="module", params=list(SHAPES))
def shape(request):
    return SHAPES[request.param]


@pytest.fixture
def demo(tmp_path, shape):
    """Starts a demo with more options, in a directory of its own: `demo("--adapter", "file")`."""
    started = []

    def start(*options):
        started.append(Demo(tmp_path / "demo", *shape, *options))
        return started[-1].start()

    yield start
    for each in started:
        each.end()


@pytest.fixture(scope="module")
def running(tmp_path_factory, shape):
    """One demo for all the tests of a file that leave nothing behind for each other."""
    started = Demo(tmp_path_factory.mktemp("running"), *shape).start()
    yield started
    started.end()


@pytest.fixture(scope="module")
def running_with_pos(tmp_path_factory, shape):
    """The same with the fake POS, and that POS: `bridge, pos = running_with_pos`."""
    started = Demo(tmp_path_factory.mktemp("running"), *shape, "--adapter=fake").start()
    yield started, Pos(started.said["pos_control"])
    started.end()


@pytest.fixture
def lasting_pos():
    """Starts a POS that outlives the bridge."""
    started = []

    def start(**options):
        started.append(PosThread(**options))
        return started[-1]

    yield start
    for each in started:
        each.end()
