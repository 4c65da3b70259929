import pytest

from bridge.broker.address import BadAddress, parse_address

SECRET = "s3cr%2Ft!"


def test_an_address_shows_no_user_and_no_password():
    address = parse_address(f"amqp://bridge:{SECRET}@broker.example:5673/orders?x=1")
    assert str(address) == "amqp://broker.example:5673/orders"
    assert "s3cr" not in repr(address)


def test_the_usual_ports_are_shown():
    assert str(parse_address("amqps://a.example/")) == "amqps://a.example:5671/"
    assert str(parse_address("amqp://a.example/")) == "amqp://a.example:5672/"


@pytest.mark.parametrize("spelling", ["s3cr/t!", "s3cr%2Ft!", "s3cr%2Ft%21"])
def test_every_spelling_of_the_password_is_censored(spelling):
    address = parse_address(f"amqp://bridge:{SECRET}@h/")
    assert address.censor(f"refused {spelling} there") == "refused *** there"


@pytest.mark.parametrize(
    "text", ["amqp://u:pa/ss:word@h/", "http://u:secret@h/", "amqp://", "", "amqp://u:secret@h:x/"]
)
def test_a_bad_url_is_refused_without_being_repeated(text):
    with pytest.raises(BadAddress) as caught:
        parse_address(text)
    assert "secret" not in str(caught.value)
    assert "pa" not in str(caught.value).replace("password", "")
    assert caught.value.__cause__ is None
