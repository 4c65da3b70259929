"""The time that a call may take: it begins with the first byte, and ends every yes."""

import asyncio

import pytest

from tests.doorway import SlowPos, a_request, an_injection, open_doorway, read_answer

BODY = an_injection()


@pytest.fixture
def answers_are_late(hasty, monkeypatch):
    """Each is ready just after its budget."""
    answer_in_time = hasty.reception.answer

    async def answer_late(_self, call):
        reply = await answer_in_time(call)
        await asyncio.sleep(call.deadlines.order.left + 0.01)
        return reply

    monkeypatch.setattr(type(hasty.reception), "answer", answer_late)


async def test_slow_headers_use_up_the_budget(tmp_path):
    async with (
        open_doorway(tmp_path, budget=0.2) as doorway,
        doorway.connection() as (reader, writer),
    ):
        writer.write(a_request(BODY)[:50])
        await asyncio.sleep(0.25)
        writer.write(a_request(BODY)[50:])

        assert (await read_answer(reader)).status == 503


async def test_the_second_request_of_a_connection_has_a_budget_of_its_own(tmp_path):
    async with (
        open_doorway(tmp_path, budget=0.2) as doorway,
        doorway.connection() as (reader, writer),
    ):
        statuses = []
        for number in range(3):
            writer.write(a_request(an_injection(f"order-{number}")))
            statuses.append((await read_answer(reader)).status)
            await asyncio.sleep(0.25)

    assert statuses == [200, 200, 200]


async def test_slow_headers_of_the_second_request_use_up_its_budget(tmp_path):
    async with (
        open_doorway(tmp_path, budget=0.2) as doorway,
        doorway.connection() as (reader, writer),
    ):
        writer.write(a_request(BODY))
        await read_answer(reader)
        writer.write(a_request(BODY)[:50])
        await asyncio.sleep(0.25)
        writer.write(a_request(BODY)[50:])

        assert (await read_answer(reader)).status == 503


async def test_a_request_that_waits_behind_another_spends_its_own_budget(tmp_path, stall):
    async with (
        open_doorway(tmp_path, budget=0.2) as doorway,
        doorway.connection() as (reader, writer),
    ):
        go_on = stall(doorway)
        writer.write(a_request(BODY) + a_request(an_injection("order-2")))
        first = await read_answer(reader)
        go_on.set()

        assert (first.status, (await read_answer(reader)).status) == (503, 503)


async def test_what_was_answered_without_looking_does_not_shift_the_budget(tmp_path):
    nothing = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    async with (
        open_doorway(tmp_path, budget=0.2) as doorway,
        doorway.connection() as (reader, writer),
    ):
        writer.write(nothing)
        await read_answer(reader)
        await asyncio.sleep(0.25)
        writer.write(a_request(BODY))

        assert (await read_answer(reader)).status == 200


async def test_a_yes_after_the_budget_is_not_given(hasty, answers_are_late):
    answer = await hasty.post(BODY)

    assert (answer.status, answer.document["code"]) == (503, "too_late")
    assert [(row["fate"], row["stage"]) for row in await hasty.settled()] == [("late", None)]


async def test_news_after_the_budget_counts_though_it_was_answered_with_no(hasty, answers_are_late):
    answer = await hasty.post(BODY, "order-change")

    assert answer.status == 503
    assert [(row["fate"], row["stage"]) for row in await hasty.settled()] == [("gone", "open")]


async def test_a_pos_that_does_not_answer_leaves_an_order_the_time_to_be_recorded(tmp_path):
    """It has less time than asking the POS may take, and the POS never answers."""
    async with open_doorway(tmp_path, budget=0.7) as doorway:
        pos = SlowPos(doorway)
        answer = await doorway.post(BODY)
        was_asked = pos.asked.is_set()
        pos.may_answer.set()

    assert (answer.status, was_asked) == (200, True)
