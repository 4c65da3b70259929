"""The running daemon answers as the description says that it gives out."""

import asyncio
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import orjson
import pytest

from bridge.config import Endpoint, Ingress, Secret
from bridge.sources.bbot import DecodeError, Hook, decode, sample
from tests.daemons import ENDPOINT, PASSWORD, USER, a_config, a_restaurant, running
from tests.described import Description
from tests.doorway import PAYLOADS, Answered, authorization

# The restaurants of the published payloads, and of those that were made from them.
BBOT_ID = orjson.loads(sample("pricecheck"))["restaurant_id"]
RESTAURANTS = (
    a_restaurant(
        id="lopez",
        bbot_id=BBOT_ID,
        promotions=[{"code": "WELCOME", "name": "Welcome back", "amount_cents": 500}],
    ),
    a_restaurant(id="cafe", bbot_id="restaurant-1"),
    a_restaurant(id="bar", bbot_id="another-restaurant"),
)
# Nothing is shown of how fast it is.
PATIENT = Ingress(listen="127.0.0.1:0", order_budget=30, promo_budget=30, body_timeout=30)
JSON = "application/json"
SETTINGS = f"""
[auth.basic]
username = "{USER}"
password = "{PASSWORD}"
[parameters]
"path.endpoint" = "{ENDPOINT}"
[generation]
deterministic = true
database = "none"
max-examples = 20
[phases.stateful]
enabled = false
[checks.positive_data_acceptance]
expected-statuses = ["200"]
"""


def an_endpoint(id_, *restaurants):
    return Endpoint(id=id_, username=USER, password=Secret.of(PASSWORD), restaurants=restaurants)


@asynccontextmanager
async def a_daemon(directory):
    endpoints = (an_endpoint(ENDPOINT, "lopez", "cafe"), an_endpoint("of-the-bar-alone-1", "bar"))
    config = a_config(directory, ingress=PATIENT, endpoints=endpoints, restaurants=RESTAURANTS)
    async with running(config) as (_daemon, ready, _task), aiohttp.ClientSession() as client:
        answer = await client.get(f"{ready.console}/openapi.json")
        yield ready, client, Description(await answer.json())


async def generate_calls(directory, url, document, *options):
    """What schemathesis reports of calls that it makes up from the document; "" if all is well."""
    (directory / "openapi.json").write_bytes(orjson.dumps(document))
    (directory / "settings.toml").write_text(SETTINGS, "utf-8")
    command = Path(sys.executable).with_name("schemathesis")
    process = await asyncio.create_subprocess_exec(
        command,
        "--config-file=settings.toml",
        "run",
        "openapi.json",
        f"--url={url}",
        "--no-color",
        *options,
        cwd=directory,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return output.decode() if process.returncode else ""


async def test_no_call_gets_an_answer_that_is_not_described(tmp_path):
    # More is taken than is described, and so may be what is not as described.
    checks = "--exclude-checks=positive_data_acceptance,negative_data_rejection"
    async with a_daemon(tmp_path) as (ready, _client, description):
        document = with_restaurants(description.document, BBOT_ID, "another-restaurant", "nobodys")
        report = await generate_calls(tmp_path, ready.ingress, document, checks)

    assert not report, report


async def test_every_call_as_described_is_taken(tmp_path):
    checks = ("--mode=positive", "--checks=positive_data_acceptance")
    async with a_daemon(tmp_path) as (ready, _client, description):
        document = without_texts(with_restaurants(description.document, BBOT_ID))
        report = await generate_calls(tmp_path, ready.ingress, document, *checks)

    assert not report, report


def with_restaurants(document, *bbot_ids):
    """Calls for others end soon: nothing more of them is read."""
    for schema in document["components"]["schemas"].values():
        if "restaurant_id" in schema.get("required", ()):
            schema["properties"]["restaurant_id"] = {"enum": bbot_ids}
    return document


def without_texts(document):
    """Only JSON, and none inside a text: what is made up for a text is none."""
    document["components"]["schemas"]["InText"] = {"not": {}}
    for path in document["paths"].values():
        body = path["post"]["requestBody"]
        body["content"] = {JSON: body["content"][JSON]}
    return document


def hook_of(body, hook):
    """What a body that came to the address of `hook` turns out to be."""
    try:
        return decode(hook, body, JSON).hook
    except DecodeError as error:
        return error.hook


@pytest.mark.parametrize("hook", Hook)
async def test_no_known_payload_gets_an_answer_that_is_not_described(tmp_path, hook):
    bodies = {path.name: path.read_bytes() for path in sorted(PAYLOADS.glob("[0-9]*"))}
    bodies = {name: body for name, body in bodies.items() if hook_of(body, hook) is hook}
    headers = {"Content-Type": JSON, "Authorization": authorization(USER, PASSWORD)}
    found = {}
    async with a_daemon(tmp_path) as (ready, client, description):
        url = f"{ready.ingress}/bbot/{ENDPOINT}/{hook}"
        for name, body in bodies.items():
            response = await client.post(url, data=body, headers=headers)
            said = {key.lower(): value for key, value in response.headers.items()}
            answer = Answered(response.status, said, await response.read())
            found[name] = description.complaints(hook, answer)

    assert found
    assert {name: said for name, said in found.items() if said} == {}
