"""The adapter `file`, through the whole bridge: paper in a folder."""

import json

import pytest

from tests.acceptance.documents import ORDER_ID, a_sample, an_order


@pytest.fixture
def printed(demo):
    """The folder, once the sample lies in it."""
    bridge = demo("--adapter=file")
    bridge.post(a_sample())
    bridge.wait_for_state(ORDER_ID, "done")
    return bridge.directory / "tickets"


def test_one_text_and_one_document_for_each_order(printed):
    assert sorted(path.suffix for path in printed.iterdir()) == [".json", ".txt"]


def test_the_text_is_what_a_cook_reads(printed):
    (path,) = printed.glob("*.txt")
    text = path.read_text("utf-8")

    assert "2 x Ceviche" in text or "2  Ceviche" in text or "2x Ceviche" in text
    assert "Èclairs" in text
    assert "5555555555" not in text


def test_the_document_is_what_a_program_reads(printed):
    (path,) = printed.glob("*.json")
    (line,) = json.loads(path.read_bytes())["lines"]

    assert (line["quantity"], line["name"]) == (2, "Ceviche")


def test_a_folder_that_is_gone_holds_the_tickets_back_until_it_is_there_again(demo):
    bridge = demo("--adapter=file", "--when-down=accept")
    folder = bridge.directory / "tickets"
    folder.rmdir()
    document = an_order()

    assert bridge.post(document).status == 200
    bridge.wait_for_state(document["order"]["id"], "ready")
    folder.mkdir()
    # The next checkout asks the POS itself, so nobody waits for the probe in the background.
    bridge.post(an_order())
    bridge.wait_for_state(document["order"]["id"], "done")

    assert len(list(folder.glob(f"*-{document['order']['id'][:8]}-*.txt"))) == 1
