"""What a guest sent, read leniently: several names for one thing, several words for yes."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .problems import Problem

YES = {"true", "1", "yes", "y", "ya", "hadir", "attending", "coming", "accepted"}
NO = {"false", "0", "no", "n", "tidak", "tidak hadir", "tak hadir", "not attending", "declined"}
MOST_GUESTS = 20


@dataclass(frozen=True)
class Wish:
    """An answer as the guest wants it to stand."""

    name: str
    attending: bool
    guests: int
    email: str
    phone: str
    code: str
    message: str

    def digest(self) -> str:
        """The same for the same answer: tells a repeat from something else under the same id."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def read(fields: Mapping[str, Any]) -> Wish:
    """The wish, or the `Problem` with the first field that cannot be understood."""
    name = _text(fields, "name", 120)
    if not name:
        raise Problem(422, "validation_failed", "name")
    attending = _attending(_first(fields, "attending", "attendance", "status"))
    return Wish(
        name=name,
        attending=attending,
        guests=_guests(_first(fields, "guests", "pax", "count")) if attending else 0,
        email=_text(fields, "email", 200),
        phone=_text(fields, "phone", 40),
        code="".join(_text(fields, "code", 20, "invite_code").upper().split()),
        message=_text(fields, "message", 1000, "wish"),
    )


def submission_id(fields: Mapping[str, Any], header: str | None) -> str | None:
    """What makes a repeat recognisable, if the guest's page gave any."""
    given = header or fields.get("submission_id")
    if not given:
        return None
    if not isinstance(given, str) or not 1 <= len(given) <= 128 or not given.isprintable():
        raise Problem(422, "validation_failed", "submission_id")
    return given


def _first(fields: Mapping[str, Any], *names: str) -> Any:
    return next((fields[name] for name in names if fields.get(name) not in (None, "")), None)


def _text(fields: Mapping[str, Any], name: str, longest: int, *others: str) -> str:
    value = _first(fields, name, *others)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Problem(422, "validation_failed", name)
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()
    kinds = {unicodedata.category(sign) for sign in text if sign != "\n"}
    # Half of a pair, as JSON can spell it, is no letter that could be kept.
    if "Cs" in kinds:
        raise Problem(400, "body_invalid", name)
    if len(text) > longest or "Cc" in kinds:
        raise Problem(422, "validation_failed", name)
    return text


def _attending(value: Any) -> bool:
    word = str(value).strip().casefold()
    if word in YES or word in NO:
        return word in YES
    raise Problem(422, "validation_failed", "attending")


def _guests(value: Any) -> int:
    try:
        count = 1 if value is None else int(str(value))
    except ValueError:
        count = 0
    if not 1 <= count <= MOST_GUESTS:
        raise Problem(422, "validation_failed", "guests")
    return count
