"""What the daemon logs of an order on its whole way."""

import json

from structlog.testing import capture_logs

from tests.daemons import post_order, running, until


async def test_the_log_of_an_order_names_its_call_and_nobody(a_config):
    with capture_logs() as logs:
        async with running(a_config()) as (_daemon, ready, _task):
            await post_order(ready)
            await until(lambda: "delivery_moved" in [line["event"] for line in logs])

    lines = [line for line in logs if line.get("order_id") == "order-1"]
    calls = {line["correlation_id"] for line in lines}
    assert {"event_recorded", "delivery_moved"} <= {line["event"] for line in lines}
    assert len(calls) == 1
    assert "Wang" not in json.dumps(logs, default=str)
