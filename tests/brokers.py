"""What a test knows of the RabbitMQ that it uses."""

import secrets
from abc import ABC, abstractmethod


class Broker(ABC):
    """`prefix` keeps the names of this run apart from everybody else's."""

    is_ours = False

    def __init__(self, url: str) -> None:
        self.url = url
        self.prefix = f"test-{secrets.token_hex(4)}"

    def fresh_prefix(self) -> str:
        """A prefix that no other test of this run uses."""
        return f"{self.prefix}-{secrets.token_hex(3)}"

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def stop(self) -> None: ...

    @abstractmethod
    def ctl(self, *arguments: str) -> str:
        """The answer of `rabbitmqctl`."""


class GivenBroker(Broker):
    """Somebody else's: used, never controlled."""

    def start(self) -> None:
        raise NotControlled(self._sentence("started"))

    def stop(self) -> None:
        raise NotControlled(self._sentence("stopped"))

    def ctl(self, *arguments: str) -> str:
        raise NotControlled(self._sentence(f"asked for {' '.join(arguments)}"))

    def _sentence(self, what: str) -> str:
        return f"a broker given by BRIDGE_TEST_AMQP_URL is not {what} by a test"


class NotControlled(Exception):
    """This broker belongs to somebody else."""


class ContainerBroker(Broker):
    """In a container: the broker stops and starts inside of it, so that its port stays."""

    def __init__(self, url: str, container: object) -> None:
        super().__init__(url)
        self._container = container

    def start(self) -> None:
        self.ctl("start_app")

    def stop(self) -> None:
        self.ctl("stop_app")

    def ctl(self, *arguments: str) -> str:
        status, output = self._container.exec(["rabbitmqctl", "--quiet", *arguments])
        text = output.decode(errors="replace")
        if status:
            raise RuntimeError(f"rabbitmqctl {' '.join(arguments)}: {text}")
        return text
