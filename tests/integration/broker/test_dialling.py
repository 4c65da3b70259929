import asyncio
import gc
import sys

import pytest

from bridge.broker.address import parse_address
from bridge.broker.dial import dial
from bridge.broker.guard import BrokerError, call
from bridge.broker.link import quiet_library


async def test_a_failed_dial_leaves_nothing_for_the_collector_of_another_thread(
    free_port, monkeypatch
):
    """The daemon has a loop in each of two threads: a connection must not end on the wrong one."""
    quiet_library()  # as in a running link; a captured log record would keep the connection
    complaints = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    address = parse_address(f"amqp://127.0.0.1:{free_port}/")
    gc.disable()
    try:
        for _ in range(3):
            with pytest.raises(BrokerError):
                await call(dial(address, name="test", heartbeat=10), limit=5)
        await asyncio.to_thread(gc.collect)
    finally:
        gc.enable()
    assert [str(complaint.exc_value) for complaint in complaints] == []
