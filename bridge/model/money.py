"""Money is a whole number of cents, everywhere; only people see a decimal point."""


def as_decimal_text(cents: int) -> str:
    """1194 becomes "11.94", -5 becomes "-0.05"."""
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{sign}{whole}.{rest:02d}"
