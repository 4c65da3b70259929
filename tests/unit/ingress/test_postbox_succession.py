"""A worker that says that it took a restaurant over from one that is gone."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bridge.ingress.postbox import Postbox
from bridge.ledger import LedgerError, requests
from bridge.model import Availability
from tests.engine import RESTAURANT, START, an_order, moment
from tests.wires import a_pulse, put_event, rows

WORD = replace(a_pulse(RESTAURANT, Availability.up()), taken_over_at=moment(START + 60))


@pytest.fixture
def postbox(ledger, lines, pulses):
    return Postbox(ledger, lines, pulses)


@pytest.fixture
async def recorded(ledger):
    """The lost worker had it."""
    seq = await put_event(ledger, an_order())
    await ledger.write(lambda tx: requests.recorded(tx, RESTAURANT, (seq,), START))


async def stages(ledger):
    return [row.stage for row in await rows(ledger)]


async def test_what_the_lost_one_had_goes_again(postbox, ledger, recorded):
    with capture_logs() as logs:
        assert await postbox._heed(WORD)

    assert await stages(ledger) == ["published"]
    assert [(line["event"], line["worker"], line["events"]) for line in logs] == [
        ("taken_over", "w", 1)
    ]


async def test_the_same_word_again_changes_nothing(postbox, ledger, lines, pulses, recorded):
    await postbox._heed(WORD)
    await ledger.write(lambda tx: requests.recorded(tx, RESTAURANT, (1,), START))
    for one in (postbox, Postbox(ledger, lines, pulses)):
        await one._heed(WORD)

    assert await stages(ledger) == ["recorded"]


async def test_a_worker_that_took_nothing_over_changes_nothing(postbox, ledger, recorded):
    assert await postbox._heed(replace(WORD, taken_over_at=None))

    assert await stages(ledger) == ["recorded"]


async def test_what_cannot_be_written_is_written_with_the_next_word(
    postbox, ledger, recorded, monkeypatch
):
    async def fail(_job):
        raise LedgerError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(ledger, "write", fail)
        assert await postbox._heed(WORD)
    assert await stages(ledger) == ["recorded"]

    await postbox._heed(WORD)
    assert await stages(ledger) == ["published"]
