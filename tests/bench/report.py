"""The result as text for people; the same as data is in the JSON file."""

from tests.bench.contenders import BARE, BARE_BROKER, TITLES

REFERENCES = (BARE, BARE_BROKER)
_WIDTH = 33


def as_text(result):
    """Facts, both tables, and what must be said besides."""
    lines = [*_facts(result), "", *_accepting(result["accepting"]), ""]
    lines += _ticketing(result["ticketing"], result["plan"]["rate"])
    notes = _notes(result)
    return "\n".join([*lines, "", *notes] if notes else lines)


def _facts(result):
    machine, plan = result["machine"], result["plan"]
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    server = f", RabbitMQ {machine['rabbitmq']}" if "rabbitmq" in machine else ""
    system = f"{machine['system']}, Python {machine['python']}{server}"
    size = f"orders of {result['body_size'] / 1000:.1f} kB"
    return [
        f"{machine['cores']} cores, load {machine['load']:.1f} at the start, {system}",
        packages,
        f"{plan['rounds']} rounds of {plan['seconds']:g} s, medians; {size}",
    ]


def _accepting(rows):
    head = (
        f"{'orders accepted':{_WIDTH}}{'guests':>7}{'a second':>10}{'p50 ms':>9}{'p99 ms':>9}"
        f"{'CPU us':>8}{'tickets/s':>11}{'x bare':>8}{'x bare+broker':>15}"
    )
    return [head, *(_accepting_row(row) for row in rows)]


def _accepting_row(row):
    ratios = [row["ratios"].get(name) for name in REFERENCES]
    return (
        f"{TITLES[row['contender']]:{_WIDTH}}{row['concurrency']:>7}{row['rate']:>10,.0f}"
        f"{row['p50_ms']:>9.2f}{row['p99_ms']:>9.2f}{_or_dash(row['cpu_us'], '.0f'):>8}"
        f"{_or_dash(row['tickets'], ',.0f'):>11}{_or_dash(ratios[0], '.2f'):>8}"
        f"{_or_dash(ratios[1], '.2f'):>15}"
    )


def _ticketing(rows, rate):
    parts = ("posted to answer", "posted to ticket", "accepted to ticket")
    columns = "".join(f"{part + ' p50 / p99 ms':>34}" for part in parts)
    head = f"{f'webhook to ticket, {rate:g}/s':{_WIDTH}}{columns}"
    return [head, *(_ticketing_row(row) for row in rows)]


def _ticketing_row(row):
    spreads = [row[part] for part in ("answer", "shown", "brought")]
    times = [f"{one['p50_ms']:.1f} / {one['p99_ms']:.1f}" for one in spreads]
    return f"{TITLES[row['contender']]:{_WIDTH}}" + "".join(f"{text:>34}" for text in times)


def _or_dash(value, form):
    return "-" if value is None else format(value, form)


def _notes(result):
    notes = [f"skipped: {sentence}" for sentence in result["skipped"]]
    for row in (*result["accepting"], *result["ticketing"]):
        if row["others"]:
            counts = ", ".join(f"{count} x {status}" for status, count in row["others"].items())
            notes.append(f"{TITLES[row['contender']]}: answers that were not 200: {counts}")
    return notes
