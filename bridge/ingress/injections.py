"""May this order be placed? The one answer that a guest's payment hangs on.

Whose restaurant, gate, record. A yes that is not given in time is withdrawn, and the order is never
made.
"""

from dataclasses import replace

from bridge.ingress.answers import accept, refuse
from bridge.ingress.call import Call, Reply
from bridge.ingress.gate import Gate, Judgement, Move
from bridge.ingress.owners import Disowned, Owners
from bridge.ingress.recording import Recorder, about, request_of
from bridge.ledger import LedgerError, Transaction, requests
from bridge.ledger.requests import Recorded, Request
from bridge.model import Answer, OrderPlaced
from bridge.sources.bbot import Hook

REFUSAL_PATIENCE = 0.25
# What an order needs of its time to be recorded: asking the POS must leave it that.
RECORDING = 0.3


class Injections:
    """Answers order injections."""

    def __init__(self, recorder: Recorder, owners: Owners, gate: Gate) -> None:
        self._recorder = recorder
        self._owners = owners
        self._gate = gate

    async def answer(self, call: Call, event: OrderPlaced) -> Reply:
        """2XX once the order is durable; else why not."""
        request = about(request_of(call, Hook.ORDER_INJECTION), event)
        owner = self._owners.find(call.endpoint, event.restaurant)
        if isinstance(owner, Disowned):
            answer = refuse(*owner, call.correlation_id)
            return self._recorder.refuse(call, request, answer)
        order = replace(event.order, restaurant=owner)
        deadline = call.deadlines.order.earlier(RECORDING)
        judgement = await self._gate.decide(owner, order.lines, deadline)
        request = replace(
            request,
            restaurant=owner,
            event=replace(event, order=order),
            evidence=judgement.evidence,
        )
        return await self._record(call, request, judgement)

    async def _record(self, call: Call, request: Request, judgement: Judgement) -> Reply:
        welcome = accept("accepted", call.correlation_id, request.order_id)
        verdict = _refusal(judgement, call) if judgement.move is Move.REFUSE else welcome

        def job(tx: Transaction) -> Recorded:
            return requests.record_injection(tx, request, verdict, welcome)

        deadline = call.deadlines.order
        patience = deadline.left if verdict.is_yes else deadline.within(REFUSAL_PATIENCE)
        try:
            recorded = await self._recorder.write(job, patience, request)
        except (LedgerError, TimeoutError) as error:
            return self._not_recorded(call, request, error, verdict)
        return self._reply(call, request, recorded)

    def _reply(self, call: Call, request: Request, recorded: Recorded) -> Reply:
        if recorded.answer.is_yes:
            self._recorder.tell_taken(request, is_repeat=recorded.is_repeat)
        else:
            self._recorder.count_block(call, request, recorded.answer)
        return Reply(
            answer=recorded.answer,
            hook=request.hook,
            seq=recorded.seq if recorded.answer.is_yes else None,
            is_repeat=recorded.is_repeat,
        )

    def _not_recorded(
        self, call: Call, request: Request, error: Exception, verdict: Answer
    ) -> Reply:
        """A no stays what it is, even if this order has a yes already; a yes cannot be given."""
        if verdict.is_yes:
            return self._recorder.not_durable(call, request, error)
        self._recorder.count_block(call, request, verdict)
        return Reply(answer=verdict, hook=request.hook, withdraws=True)


def _refusal(judgement: Judgement, call: Call) -> Answer:
    return refuse(judgement.status, judgement.code, judgement.reason, call.correlation_id)
