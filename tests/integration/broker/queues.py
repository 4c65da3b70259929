"""Looking into queues, past the code under test."""

import asyncio


async def take(link, queue, expected):
    """As many messages of the queue; a single active consumer allows no other way."""
    found = []
    async with asyncio.timeout(60), link.connection.channel() as channel:
        source = await channel.get_queue(queue, ensure=False)
        async with source.iterator(no_ack=True) as messages:
            while len(found) < expected:
                found.append(await anext(messages))
    return found


async def count(link, queue):
    async with link.connection.channel() as channel:
        declared = await channel.declare_queue(queue, passive=True)
        return declared.declaration_result.message_count
