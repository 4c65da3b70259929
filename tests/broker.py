"""The fixture `broker`: a RabbitMQ from the first rung of the ladder that holds.

1. `BRIDGE_TEST_AMQP_URL`: that one, under a prefix of our own
2. a Docker daemon that answers: a container of a pinned image
3. a `rabbitmq-server` on this machine: a node of our own
4. skipped; failed where `CI` is set, so that green never means "broker tests skipped"

`BRIDGE_TEST_BROKER=docker|local|none` takes one rung. Outside of pytest:
`with local_broker() as broker: ...`
"""

import gc
import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest

from tests.brokers import Broker, ContainerBroker, GivenBroker
from tests.rabbitmq_node import LocalNode, can_run_locally, local_broker

__all__ = ["Broker", "LocalNode", "broker", "local_broker", "own_broker", "rung"]

IMAGE = "rabbitmq:4.2-management"
ADVICE = (
    "no RabbitMQ for this test: apt install rabbitmq-server, start Docker, or set "
    "BRIDGE_TEST_AMQP_URL=amqp://user:password@host/"
)
RUNGS = ("docker", "local", "none")


def rung(environment: dict[str, str]) -> str:
    """url, docker, local or none."""
    wanted = environment.get("BRIDGE_TEST_BROKER", "")
    if wanted:
        if wanted not in RUNGS:
            raise ValueError(f"BRIDGE_TEST_BROKER is one of {', '.join(RUNGS)}, not {wanted!r}")
        return wanted
    if environment.get("BRIDGE_TEST_AMQP_URL"):
        return "url"
    if docker_answers():
        return "docker"
    return "local" if can_run_locally() else "none"


def docker_answers() -> bool:
    """The command line tool may be there without a daemon, so the daemon is asked."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _ping_docker()
        finally:
            # A client without a daemon leaves its socket to the collector, which would warn later.
            gc.collect()


def _ping_docker() -> bool:
    import docker  # noqa: PLC0415  only where no broker is given
    from docker.errors import DockerException  # noqa: PLC0415  the same

    try:
        with closing(docker.from_env(timeout=3)) as client:
            return bool(client.ping())
    except DockerException:
        return False


@contextmanager
def container_broker() -> Iterator[Broker]:
    if not docker_answers():
        pytest.fail("BRIDGE_TEST_BROKER=docker, but no Docker daemon answers", pytrace=False)
    with warnings.catch_warnings():
        # Its import and its wait decorator are deprecated in themselves.
        warnings.simplefilter("ignore")
        from testcontainers.community.rabbitmq import (  # noqa: PLC0415  heavy, rarely used
            RabbitMqContainer,
        )

        # All given, or the developer's environment decides.
        container = RabbitMqContainer(
            IMAGE, port=5672, username="guest", password="guest", vhost="/"
        )
        container.start()
    try:
        host = container.get_container_host_ip()
        port = container.get_exposed_port(5672)
        yield ContainerBroker(f"amqp://guest:guest@{host}:{port}/", container)
    finally:
        container.stop()


@contextmanager
def _none() -> Iterator[Broker]:
    if os.environ.get("CI"):
        pytest.fail(ADVICE, pytrace=False)
    pytest.skip(ADVICE)
    yield  # type: ignore[unreachable]


@contextmanager
def _given() -> Iterator[Broker]:
    yield GivenBroker(os.environ["BRIDGE_TEST_AMQP_URL"])


OPENERS = {"url": _given, "docker": container_broker, "local": local_broker, "none": _none}


@pytest.fixture(scope="session")
def _chosen_broker() -> Iterator[Broker]:
    with ExitStack() as stack:
        yield stack.enter_context(OPENERS[rung(dict(os.environ))]())


@pytest.fixture(scope="session")
def broker(_chosen_broker: Broker) -> Broker:
    """A RabbitMQ for the whole run; a test works under `broker.fresh_prefix()`."""
    return _chosen_broker


@pytest.fixture(scope="session")
def _own_node(request: pytest.FixtureRequest) -> Iterator[LocalNode]:
    chosen = rung(dict(os.environ))
    if chosen == "local":
        yield request.getfixturevalue("_chosen_broker")
        return
    if chosen == "none":
        request.getfixturevalue("_chosen_broker")
    if not can_run_locally():
        pytest.skip("this test stops and kills a broker: it needs a local rabbitmq-server")
    with local_broker() as node:
        yield node


@pytest.fixture
def own_broker(_own_node: LocalNode) -> Iterator[LocalNode]:
    """A node that this test may stop, kill and starve; it runs again afterwards."""
    _own_node.start()
    yield _own_node
    _own_node.start()
