"""A disk that fails to sync: nothing said to be kept is lost, nothing refused comes back."""

KNOWN = ["created_at", "identity"]
# With the size of a row, so many are more than the pages of one checkpoint.
LARGE, MANY = 16_000, 300


def test_a_commit_that_failed_is_refused_and_the_next_one_is_on_a_new_file(start, disk):
    process = start()
    process.ask("write", "before")
    disk.fail("-wal", 1)

    assert process.ask("write", "ghost").startswith("error: the ledger could not do it: disk I/O")
    process.write_until_it_is_kept("after")
    assert process.ask("renewals") == 1
    assert process.ask("read") == ["after", "before", *KNOWN]
    process.end()
    assert start().ask("read") == ["after", "before", *KNOWN]
    assert disk.synced_after_failure() == []


def test_it_is_told_loudly(start, disk):
    process = start()
    disk.fail("-wal", 1)
    process.ask("write", "ghost")
    process.write_until_it_is_kept("after")

    assert process.events() == ["ledger_sick", "ledger_renewed"]


def test_a_checkpoint_that_failed_is_noticed_although_nobody_waited_for_it(start, disk):
    process = start()
    disk.fail("ledger.sqlite3", 1)
    written = [f"{number:04}" for number in range(MANY)]
    for name in written:
        while process.ask("write", name, LARGE) != 1:
            pass
    process.write_until_it_is_kept("after")

    assert "ledger_checkpoint_failed" in process.events()
    assert process.ask("renewals") == 1
    assert process.ask("read") == [*written, "after", *KNOWN]
    process.end()
    assert disk.synced_after_failure() == []


def test_what_was_refused_does_not_come_back_after_a_kill(start, disk):
    process = start()
    process.ask("write", "before")
    disk.fail("*", 10_000)
    assert process.ask("write", "ghost").startswith("error")
    process.die()
    disk.mend()

    assert start().ask("read") == ["before", *KNOWN]


def test_what_was_refused_does_not_come_back_after_an_end_in_order(start, disk):
    process = start()
    process.ask("write", "before")
    disk.fail("*", 10_000)
    assert process.ask("write", "ghost").startswith("error")
    process.end()
    assert disk.synced_after_failure() == []
    disk.mend()

    assert start().ask("read") == ["before", *KNOWN]


def test_it_goes_on_by_itself_once_the_disk_does(start, disk):
    process = start()
    process.ask("write", "before")
    disk.fail("*", 3)
    refused = 1 + process.write_until_it_is_kept("after")

    assert refused > 1
    assert process.ask("read") == ["after", "before", *KNOWN]
    assert process.events().count("ledger_not_renewed") == 2
    assert disk.synced_after_failure() == []


def test_without_a_fault_no_file_is_renewed(start):
    process = start()
    for number in range(MANY):
        process.ask("write", f"{number}", LARGE)

    assert process.ask("renewals") == 0
    assert process.events() == []
