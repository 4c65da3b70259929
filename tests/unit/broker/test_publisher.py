from bridge.broker.link import Link
from bridge.broker.names import Names
from bridge.broker.publisher import Publisher, PublishResult
from tests.unit.broker.messages import RECORDED


async def test_nothing_is_sent_while_the_link_is_not_up():
    publisher = Publisher(Link(["amqp://h/"], "test"))
    result = await publisher.publish(Names().to_ingress("i"), RECORDED, timeout=1)
    assert result is PublishResult.NOT_SENT
    assert publisher.counts == {PublishResult.NOT_SENT: 1}
