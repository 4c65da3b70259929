from tests.bench.figures import Accepting, Spread, spread, summarize_accepting


def a_figure(contender, rate, *, number=1, cpu_us=None):
    return Accepting(
        round=number,
        contender=contender,
        concurrency=1,
        rate=rate,
        p50_ms=1.0,
        p99_ms=2.0,
        cpu_us=cpu_us,
        tickets=None,
        others={"503": 1} if contender == "ours" else {},
        body_size=3000,
    )


def rows_of(*figures):
    return {row["contender"]: row for row in summarize_accepting(figures, ("bare",))}


def test_percentiles_are_times_that_were_measured():
    assert spread([number / 1000 for number in range(100, 0, -1)]) == Spread(50.0, 99.0)


def test_one_time_is_every_percentile():
    assert spread([0.004]) == Spread(4.0, 4.0)


def test_a_ratio_compares_within_one_round():
    rows = rows_of(
        a_figure("bare", 1000, number=1),
        a_figure("ours", 500, number=1),
        a_figure("bare", 100, number=2),
        a_figure("ours", 50, number=2),
        a_figure("bare", 10, number=3),
        a_figure("ours", 5, number=3),
    )

    assert rows["ours"]["ratios"] == {"bare": 0.5}
    assert rows["ours"]["rate"] == 50


def test_without_the_other_there_is_no_ratio():
    assert rows_of(a_figure("ours", 500))["ours"]["ratios"] == {}


def test_what_one_round_could_not_measure_is_left_out():
    rows = rows_of(a_figure("ours", 1, cpu_us=5.0), a_figure("ours", 1, number=2))

    assert rows["ours"]["cpu_us"] is None


def test_answers_that_were_no_yes_are_added_up():
    rows = rows_of(a_figure("ours", 1), a_figure("ours", 1, number=2))

    assert rows["ours"]["others"] == {"503": 2}
