import pytest

from bridge.schemas.document import text


@pytest.mark.parametrize(
    ("path", "name"),
    [("/openapi.json", "openapi.json"), ("/schemas/messages.json", "messages.json")],
)
async def test_what_is_spoken_is_told_to_everybody(console, path, name):
    async with console.stranger.get(path) as answer:
        assert (answer.status, answer.content_type) == (200, "application/json")
        assert await answer.read() == text(name)


async def test_other_schemas_are_not_there(console):
    async with console.stranger.get("/schemas/other.json") as answer:
        assert answer.status == 401
