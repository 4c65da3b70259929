import json

import pytest
import structlog

from bridge.telemetry import configure_logs


@pytest.fixture
def lines(tmp_path):
    """What is logged into a file, line by line."""
    with (tmp_path / "log").open("w+", encoding="utf-8") as out:

        def read():
            structlog.get_logger().warning("disk_low", left=3)
            out.flush()
            return (tmp_path / "log").read_text().splitlines()

        read.stream = out
        yield read
    structlog.reset_defaults()


def test_a_line_is_one_json_object(lines):
    configure_logs(stream=lines.stream)
    (line,) = lines()
    assert json.loads(line)["event"] == "disk_low"


def test_a_line_for_the_journal_begins_with_its_priority(lines, monkeypatch, tmp_path):
    found = (tmp_path / "log").stat()
    monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
    configure_logs(stream=lines.stream)
    (line,) = lines()
    assert line.startswith('<4>{"')


def test_a_line_that_goes_elsewhere_has_none(lines, monkeypatch):
    monkeypatch.setenv("JOURNAL_STREAM", "1:2")
    configure_logs(stream=lines.stream)
    (line,) = lines()
    assert line.startswith("{")
