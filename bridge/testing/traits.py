"""How the platform writes one guest's whole evening, where its own pages do not agree."""

from enum import StrEnum


class Trait(StrEnum):
    """Each is one of the platform's known ways, and goes with any other."""

    ODD_IDS = "odd_ids"  # of orders and checkouts: no UUIDs
    HIDDEN_EMAIL = "hidden_email"  # a placeholder with a no-break space in it
    QUOTED_NAME = "quoted_name"  # typographic quotation marks in the guest's name
    TERSE = "terse"  # no email, and starts of checkouts as they are published
    NESTED = "nested"  # modifiers that hang on modifiers
    UUID_LINES = "uuid_lines"  # ids of a cart's lines
    UNDEFINED_LINES = "undefined_lines"  # ids with a word in them that a script left there
    TWIN_LINES = "twin_lines"  # two dishes of a cart share an id
    STRANGERS = "strangers"  # two other partners, whose buttons share an id
