import pytest

from bridge.sources.bbot.fulfilment import fulfilment_in_words


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("driver_delivery", "Delivery by driver"),
        ("patron_pickup", "Pickup"),
        ("pickup_nofeedback", "Pickup"),
        ("server_delivery", "Bring to table"),
        ("runner_with_cc", "Runner"),
        ("runner_nofeedback", "Runner"),
        ("robot_delivery", "Robot"),
        ("catering", "Catering"),
        ("patron_choice", "Patron choice"),
        ("server_delivery_with_EXPO", "Server delivery with EXPO"),
        ("", ""),
    ],
)
def test_a_code_becomes_words(code, words):
    assert fulfilment_in_words(code) == words
