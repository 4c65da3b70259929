"""Why a payload cannot be used."""

from bridge.sources.bbot.hook import Hook


class DecodeError(Exception):
    """A refusal in words: `status` is 400, 415 or 422, `code` a stable machine word.

    `detail` says what was found, where, and what to do; it never holds data of a guest.
    `restaurant`, `order_id` and `checkout_id` are the platform's own, as far as they could be
    read. `hook` is what the body turned out to be, or else where it came to; None if unknown.
    """

    def __init__(
        self, status: int, code: str, detail: str, *, restaurant: str = "", order_id: str = ""
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.restaurant = restaurant
        self.order_id = order_id
        self.checkout_id = ""
        self.hook: Hook | None = None

    def about(
        self,
        restaurant: str = "",
        order_id: str = "",
        *,
        checkout_id: str = "",
        hook: Hook | None = None,
    ) -> "DecodeError":
        """The same refusal, with what it is about filled in where it was not known."""
        self.restaurant = self.restaurant or restaurant
        self.order_id = self.order_id or order_id
        self.checkout_id = self.checkout_id or checkout_id
        self.hook = self.hook or hook
        return self


def syntax(code: str, detail: str) -> DecodeError:
    """400: the bytes are not a JSON document that can be trusted."""
    return DecodeError(400, code, detail)


def media(detail: str) -> DecodeError:
    """415: this kind of body is not read here."""
    return DecodeError(415, "unsupported_media_type", detail)


def content(code: str, detail: str) -> DecodeError:
    """422: well-formed, and still nothing that can be acted upon."""
    return DecodeError(422, code, detail)
