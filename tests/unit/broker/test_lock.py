from bridge.broker.link import Link
from bridge.broker.lock import Lock, LockState
from bridge.broker.names import Names


def test_a_lock_is_not_held_before_the_broker_said_so():
    lock = Lock(Link(["amqp://h/"], "test"), Names(), "r")
    assert lock.state is LockState.LOST
    assert not lock.is_held
