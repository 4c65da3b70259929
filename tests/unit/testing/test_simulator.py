from bridge.testing.simulator import Latency, Summary, latency_of


def test_percentiles_are_nearest_rank():
    times = [float(number) for number in range(1, 101)]
    assert latency_of(times) == Latency(p50=50.0, p90=90.0, p99=99.0, max=100.0)


def test_one_time_is_every_percentile():
    assert latency_of([7.0]) == Latency(p50=7.0, p90=7.0, p99=7.0, max=7.0)


def test_a_summary_reads_like_this():
    summary = Summary(
        seconds=2.04,
        answers=5,
        statuses={"order-injection": {202: 2, 503: 1}, "order-change": {200: 2}},
        errors={"order-injection": {"TimeoutError": 1}},
        latency={
            "order-injection": Latency(p50=1.0, p90=2.0, p99=3.0, max=4.0),
            "order-change": Latency(p50=1.0, p90=1.0, p99=1.0, max=1.04),
        },
        accepted=("a", "b"),
        refused=("c",),
        unanswered=("d",),
        disagreed=(),
    )
    assert summary.as_text().splitlines() == [
        "5 answers in 2.0 s",
        "orders: 2 accepted, 1 refused",
        "orders without an answer: 1",
        "repeats answered unlike the first: 0",
        "order-injection: 2 x 202, 1 x 503; p50 1.0 ms, p90 2.0 ms, p99 3.0 ms, max 4.0 ms",
        "order-change: 2 x 200; p50 1.0 ms, p90 1.0 ms, p99 1.0 ms, max 1.0 ms",
        "order-injection: 1 x TimeoutError",
    ]
