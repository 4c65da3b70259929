"""The least that could answer an order, to compare with: no ledger, no gate, no kitchen.

python -m tests.bench.bare [AMQP_URL QUEUE]

Reads the body, decodes it, answers 200; with a broker it publishes first, to a quorum queue over
eight channels of a plain connection, and waits for the broker's confirm. Says its port as JSON.
"""

import asyncio
import itertools
import signal
import sys
import uuid
from contextlib import AsyncExitStack

import aio_pika
import orjson
from aio_pika.abc import DeliveryMode
from aiohttp import web

CHANNELS = 8
# Should this process be killed, the queue goes away by itself.
EXPIRES_MS = 60_000


class Bare:
    async def answer(self, request):
        document = orjson.loads(await request.read())
        return _yes(document)


class Publishing:
    def __init__(self, channels, queue):
        self._channels = itertools.cycle(channels)
        self._queue = queue

    async def answer(self, request):
        body = await request.read()
        document = orjson.loads(body)
        message = aio_pika.Message(
            body,
            message_id=uuid.uuid4().hex,
            correlation_id=document["order_id"],
            content_type="application/json",
            delivery_mode=DeliveryMode.PERSISTENT,
        )
        exchange = next(self._channels).default_exchange
        await exchange.publish(message, self._queue, mandatory=True)
        return _yes(document)


def _yes(document):
    body = orjson.dumps({"result": "accepted", "order_id": document["order_id"]})
    return web.Response(body=body, content_type="application/json")


async def open_publishing(stack, url, name):
    connection = await stack.enter_async_context(await aio_pika.connect(url))
    channels = [
        await connection.channel(publisher_confirms=True, on_return_raises=True)
        for _ in range(CHANNELS)
    ]
    arguments = {"x-queue-type": "quorum", "x-expires": EXPIRES_MS}
    queue = await channels[0].declare_queue(name, durable=True, arguments=arguments)
    stack.push_async_callback(queue.delete, if_unused=False, if_empty=False)
    return Publishing(channels, name)


async def serve(arguments):
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with AsyncExitStack() as stack:
        server = await open_publishing(stack, *arguments) if arguments else Bare()
        app = web.Application()
        app.router.add_post("/{anything:.*}", server.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        sys.stdout.write(f'{{"port": {runner.addresses[0][1]}}}\n')
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
