"""Bytes of AMQP come apart into the frames that were sent, however they arrive."""

import struct

import pytest

from tests.proof.proxy import AmqpFrames, Bytes

ACK = struct.pack(">HHQB", 60, 80, 7, 0)


def frame(payload, *, kind=1, channel=1, end=b"\xce"):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + end


def names(frames):
    return [each.name for each in frames]


def test_a_method_has_its_name_and_its_channel():
    (found,) = AmqpFrames().feed(frame(ACK, channel=3))

    assert (found.name, found.channel, found.raw) == ("basic.ack", 3, frame(ACK, channel=3))


def test_what_a_client_says_first_is_no_frame_but_passes():
    found = AmqpFrames().feed(b"AMQP\x00\x00\x09\x01" + frame(ACK))

    assert names(found) == ["greeting", "basic.ack"]


def test_a_publish_is_a_method_a_header_and_its_body():
    publish = struct.pack(">HHHBBB", 60, 40, 0, 0, 0, 0)
    sent = frame(publish) + frame(b"h", kind=2) + frame(b"{}", kind=3) + frame(b"", kind=8)

    assert names(AmqpFrames().feed(sent)) == ["basic.publish", "header", "body", "heartbeat"]


def test_a_method_that_has_no_name_here_still_passes():
    (found,) = AmqpFrames().feed(frame(struct.pack(">HH", 90, 10)))

    assert found.name == "method 90.10"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 11, 4096])
def test_it_does_not_matter_how_the_bytes_are_cut(size):
    sent = b"AMQP\x00\x00\x09\x01" + frame(ACK) * 3 + frame(b"x" * 20, kind=3)
    frames = AmqpFrames()

    found = [
        each for place in range(0, len(sent), size) for each in frames.feed(sent[place:][:size])
    ]

    assert names(found) == ["greeting", *["basic.ack"] * 3, "body"]
    assert b"".join(each.raw for each in found) == sent


def test_nothing_is_given_out_before_it_is_whole():
    frames = AmqpFrames()

    assert frames.feed(frame(ACK)[:-1]) == []
    assert names(frames.feed(b"\xce")) == ["basic.ack"]


def test_what_does_not_end_like_a_frame_is_no_amqp():
    with pytest.raises(ValueError, match="does not end with 0x0"):
        AmqpFrames().feed(frame(ACK, end=b"\x00"))


def test_without_a_protocol_everything_is_one_piece():
    assert [each.raw for each in Bytes().feed(b"GET / HTTP/1.1")] == [b"GET / HTTP/1.1"]
