"""The same order posted again: the same answer."""

import asyncio

from bridge.model import PosState
from tests.doorway import a_pulse, an_injection

BODY = an_injection()


async def test_twenty_equal_posts_at_once_get_twenty_equal_answers(doorway):
    answers = await asyncio.gather(*(doorway.post(BODY) for _ in range(20)))

    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1


async def test_a_repeat_during_the_first_try_gets_the_same_answer(doorway):
    go_on = asyncio.Event()

    async def ask(_restaurant, _deadline):
        await go_on.wait()
        return True

    doorway.probe = ask
    doorway.pulses.put(a_pulse(PosState.UNKNOWN))
    tries = [asyncio.ensure_future(doorway.post(BODY)) for _ in range(2)]
    await asyncio.sleep(0.05)
    go_on.set()
    first, again = await asyncio.gather(*tries)

    assert (first.status, first.body) == (200, again.body)


async def test_the_same_yes_though_the_pos_went_down(doorway):
    first = await doorway.post(BODY)
    doorway.pulses.put(a_pulse(PosState.DOWN, proven_down=True))
    again = await doorway.post(BODY)

    assert (again.status, again.body) == (200, first.body)
    assert again.headers["idempotent-replayed"] == "true"
