import pytest

from bridge.sources.bbot import DecodeError, Hook, decode
from bridge.testing import wrecks
from bridge.testing.dressing import plain
from bridge.testing.guests import Mix
from bridge.testing.noise import Noise
from bridge.testing.wrecks import spoil
from tests.evening import tell

EVERY_KIND = Mix(refunds=1, edits=1, failures=0.5)


@pytest.fixture(scope="module")
def steps():
    """One of every kind."""
    found = {}
    for told in tell(40, mix=EVERY_KIND):
        found |= {step.label: step for step in told}
    return found


def answer_of(step, body):
    """The status that the body gets at that hook."""
    try:
        decode(Hook(step.hook), body, "application/json")
    except DecodeError as error:
        # What is only told and can be read as JSON is kept, and has no effect.
        return 200 if error.status == 422 and step.hook != "order-injection" else error.status
    return "understood"


def names(faults):
    return [fault.__name__ for fault in faults]


@pytest.mark.parametrize("fault", wrecks._FAULTS, ids=names(wrecks._FAULTS))
def test_what_is_no_json_is_refused_at_every_hook(fault, steps):
    for step in steps.values():
        wreck = fault(step.document)
        assert answer_of(step, wreck.body) == wreck.refusal == 400


@pytest.mark.parametrize("hook", wrecks._FAULTS_OF)
def test_what_is_lost_or_in_doubt_gets_what_its_hook_gives(hook, steps):
    step = next(step for step in steps.values() if step.hook == hook)
    for fault in wrecks._FAULTS_OF[hook]:
        wreck = fault(step.document)
        assert answer_of(step, wreck.body) == wreck.refusal


def test_phone_email_and_name_stand_in_curly_quotes_where_there_are_some(steps):
    body = wrecks.with_curly_quotes(steps["order-injection"].document).body.decode()
    for name in ("mobile", "guest_email", "guest_name"):
        assert f'"{name}":\u201c' in body


def test_every_hook_may_be_wrecked(steps, chance):
    for step in steps.values():
        assert len({spoil(step, chance).body for _ in range(80)}) >= len(wrecks._FAULTS)


def test_a_document_is_not_changed_by_its_wreck(steps, chance):
    for step in steps.values():
        before = plain(step.document)
        for _ in range(40):
            spoil(step, chance)
        assert plain(step.document) == before


def test_an_order_without_credentials_is_a_wreck(steps, chance):
    noise = Noise(chance, share=1.0)
    call = noise._wreck(steps["order-injection"])
    assert (call.is_nameless, call.dressed.refusal, call.is_broken) == (True, 401, True)
