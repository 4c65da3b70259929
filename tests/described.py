"""The description of the ingress, as somebody reads it who knows nothing else."""

from pathlib import Path

import orjson
from jsonschema import Draft202012Validator

OPENAPI = Path(__file__).parents[1] / "bridge" / "schemas" / "openapi.json"


class Description:
    """What is right is judged by the document alone."""

    def __init__(self, document):
        self.document = document

    @classmethod
    def shipped(cls):
        return cls(orjson.loads(OPENAPI.read_bytes()))

    def operation(self, hook):
        """What is described for a hook's address, or with "" for the one of all hooks."""
        path = f"/bbot/{{endpoint}}/{hook}" if hook else "/bbot/{endpoint}"
        return self.document["paths"][path]["post"]

    def response(self, hook, status):
        """The response with its reference followed; KeyError if there is none."""
        found = self.operation(hook)["responses"][str(status)]
        name = found.get("$ref", "").rpartition("/")[2]
        return self.document["components"]["responses"][name] if name else found

    def codes(self, hook):
        """(status, code) of each refusal that is described."""
        for status in self.operation(hook)["responses"]:
            (content,) = self.response(hook, status)["content"].values()
            for part in content["schema"].get("allOf", ()):
                for code in part.get("properties", {}).get("code", {}).get("enum", ()):
                    yield int(status), code

    def fits(self, value, schema):
        # As parts of the whole document, so that references lead somewhere.
        return Draft202012Validator({**self.document, **schema}).is_valid(value)

    def complaints(self, hook, answer):
        """Sentences, one for each way in which an answer is not as described."""
        if str(answer.status) not in self.operation(hook)["responses"]:
            return [f"{answer.status} is not described"]
        response = self.response(hook, answer.status)
        kind = answer.headers["content-type"]
        if kind not in response["content"]:
            return [f"{answer.status} as {kind} is not described"]
        found = [
            f"{answer.status} without {name}"
            for name, header in response.get("headers", {}).items()
            if header.get("required") and name.lower() not in answer.headers
        ]
        if not self.fits(answer.document, response["content"][kind]["schema"]):
            found.append(f"{answer.status} with another body: {answer.body[:200]!r}")
        return found
