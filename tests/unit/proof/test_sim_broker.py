from pamqp import commands as spec
from pamqp import frame
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

from tests.proof.bugs.amqp import Session
from tests.proof.bugs.broker import DEAD, LIMIT, SINGLE, Post, SimBroker


class Reader:
    def __init__(self, room=1):
        self.room = room
        self.got = []
        self.is_cancelled = False

    @property
    def has_room(self):
        return len(self.got) < self.room

    def deliver(self, _queue, post):
        self.got.append(post)

    def cancelled(self):
        self.is_cancelled = True

    @property
    def bodies(self):
        return [post.body for post in self.got]


def a_post(body=b"1", key="k"):
    return Post(exchange="orders", key=key, properties=spec.Basic.Properties(), body=body)


def a_broker(**arguments):
    broker = SimBroker()
    broker.kinds.update(orders="direct", dead="fanout")
    queue = broker.declare(
        "q", {name.replace("_", "-"): each for name, each in arguments.items()}, None
    )
    broker.bind("q", "orders", "k")
    return broker, queue


def test_a_message_that_no_queue_takes_is_not_taken():
    broker, queue = a_broker()

    assert broker.publish(a_post())
    assert not broker.publish(a_post(key="other"))
    broker.unbind("orders", "k")
    assert not broker.publish(a_post())
    assert len(queue.posts) == 1


def test_what_is_given_back_keeps_its_place():
    broker, queue = a_broker()
    for body in (b"1", b"2", b"3"):
        broker.publish(a_post(body))
    reader, next_reader = Reader(2), Reader(3)
    broker.read(queue, reader)
    broker.leave(reader)

    for post in reversed(reader.got):
        broker.give_back(queue, post)
    broker.read(queue, next_reader)

    assert next_reader.bodies == [b"1", b"2", b"3"]
    assert [post.tries for post in next_reader.got] == [2, 2, 1]


def test_what_was_delivered_too_often_is_dead():
    broker, queue = a_broker(**{LIMIT: 1, DEAD: "dead"})
    graveyard = broker.declare("graves", {}, None)
    broker.bind("graves", "dead", "")
    broker.publish(a_post())
    for _ in range(2):
        reader = Reader()
        broker.read(queue, reader)
        broker.leave(reader)
        broker.give_back(queue, reader.got[0])

    assert not queue.posts
    assert [post.body for post in graveyard.posts] == [b"1"]


def test_one_reader_alone_is_served_until_it_leaves():
    broker, queue = a_broker(**{SINGLE: True})
    first, second = Reader(1), Reader(5)
    broker.read(queue, first)
    broker.read(queue, second)
    for body in (b"1", b"2"):
        broker.publish(a_post(body))

    assert (first.bodies, second.bodies) == ([b"1"], [])
    broker.leave(first)
    assert second.bodies == [b"2"]


def test_an_exclusive_queue_belongs_to_its_connection_and_goes_with_it():
    broker, _queue = a_broker()
    ours, theirs, reader = object(), object(), Reader()
    lock = broker.declare("lock", {}, ours)
    broker.read(lock, reader)

    assert broker.declare("lock", {}, theirs) is None
    broker.lose(ours)
    assert reader.is_cancelled
    assert broker.declare("lock", {}, theirs) is not None


def test_what_cannot_be_routed_comes_back_before_it_is_confirmed():
    said = []
    session = Session(a_broker()[0], said.append, lambda: None)
    body = b"order"
    for one in (
        spec.Channel.Open(),
        spec.Confirm.Select(),
        spec.Basic.Publish(exchange="orders", routing_key="other", mandatory=True),
        ContentHeader(0, len(body), spec.Basic.Properties(message_id="m")),
        ContentBody(body),
    ):
        session.feed(frame.marshal(one, 1))

    names, data = [], b"".join(said)
    while data:
        size, _channel, found = frame.unmarshal(data)
        names.append(found.name)
        data = data[size:]
    assert names[-4:] == ["Basic.Return", "ContentHeader", "ContentBody", "Basic.Ack"]
