from bridge.ingress.answers import accept, refuse
from bridge.ingress.response import respond


def test_the_body_and_its_type_are_those_of_the_answer():
    answer = refuse(503, "pos_down", "no answer", "c-1")
    response = respond(answer)

    assert (response.status, response.body) == (503, answer.body)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Retry-After"] == "10"


def test_a_repeat_says_so():
    assert (
        respond(accept("accepted", "c-1"), is_repeat=True).headers["Idempotent-Replayed"] == "true"
    )
    assert "Idempotent-Replayed" not in respond(accept("accepted", "c-1")).headers


def test_a_401_names_the_scheme():
    headers = respond(refuse(401, "unauthorized", "", "c-1")).headers

    assert headers["WWW-Authenticate"] == 'Basic realm="pos-bridge", charset="UTF-8"'


def test_a_405_names_the_method():
    assert respond(refuse(405, "not_post", "", "c-1")).headers["Allow"] == "POST"


def test_the_software_behind_it_is_not_named():
    assert respond(accept("accepted", "c-1")).headers["Server"] == "pos-bridge"
