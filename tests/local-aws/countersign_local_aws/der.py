"""Just enough ASN.1: a writer of DER and of BER's indefinite lengths, and a reader of both.

Signer writes its envelope with indefinite lengths on the outer levels (grade A, read off genuine
bytes), which no common library writes; X.690 is the source for every rule here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

SEQUENCE = 0x30
SET = 0x31
INTEGER = 0x02
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
UTF8_STRING = 0x0C
GENERALIZED_TIME = 0x18

_END_OF_CONTENTS = b"\x00\x00"
_DEEPEST = 24


class MalformedError(ValueError):
    """The bytes are not one well-formed BER element of the expected shape."""


def element(tag: int, *bodies: bytes) -> bytes:
    """One element with a definite length (X.690 section 8.1.3.3 to 8.1.3.5, minimal as DER wants it)."""
    body = b"".join(bodies)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def indefinite(tag: int, *bodies: bytes) -> bytes:
    """One constructed element with an indefinite length (X.690 section 8.1.3.6)."""
    return bytes([tag, 0x80]) + b"".join(bodies) + _END_OF_CONTENTS


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER, from its dotted form."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    body = bytearray()
    for arc in (first * 40 + second, *rest):
        digits = [arc & 0x7F]
        while arc := arc >> 7:
            digits.append(0x80 | arc & 0x7F)
        body += bytes(reversed(digits))
    return element(OBJECT_IDENTIFIER, bytes(body))


def integer(value: int) -> bytes:
    """A non-negative INTEGER."""
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def generalized_time(at: datetime) -> bytes:
    """A GeneralizedTime in UTC with exactly three digits of milliseconds, as Signer writes it."""
    return element(GENERALIZED_TIME, f"{at:%Y%m%d%H%M%S}.{at.microsecond // 1000:03d}Z".encode())


@dataclass(frozen=True)
class Element:
    """One element as it was read: `raw` is its whole encoding, `body` what it contains."""

    tag: int
    raw: bytes
    body: bytes
    indefinite_length: bool
    children: tuple[Element, ...]

    def child(self, index: int, tag: int) -> Element:
        """The child at `index`, which must exist and have `tag`."""
        if index >= len(self.children) or self.children[index].tag != tag:
            raise MalformedError(f"element {self.tag:#04x} has no child {index} with tag {tag:#04x}")
        return self.children[index]

    def dotted(self) -> str:
        """The dotted form of an OBJECT IDENTIFIER."""
        if self.tag != OBJECT_IDENTIFIER or not self.body or self.body[-1] & 0x80:
            raise MalformedError("not an object identifier")
        arcs, arc = [], 0
        for byte in self.body:
            arc = arc << 7 | byte & 0x7F
            if not byte & 0x80:
                arcs.append(arc)
                arc = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(str(number) for number in (first, arcs[0] - 40 * first, *arcs[1:]))


def read(data: bytes) -> Element:
    """The one element that `data` is, nothing before it and nothing after."""
    found, end = _read_at(data, 0, len(data), 0)
    if end != len(data):
        raise MalformedError(f"{len(data) - end} bytes follow the outermost element")
    return found


def _read_at(data: bytes, start: int, limit: int, depth: int) -> tuple[Element, int]:
    if depth > _DEEPEST:
        raise MalformedError(f"elements are nested deeper than {_DEEPEST}")
    if start + 2 > limit:
        raise MalformedError("an element ends before its length")
    tag, length = data[start], data[start + 1]
    if tag & 0x1F == 0x1F:
        raise MalformedError("tags of several bytes are not used here")
    constructed = bool(tag & 0x20)
    body_at = start + 2
    if length == 0x80:
        if not constructed:
            raise MalformedError("a primitive element has an indefinite length")
        children, end = _read_until_end_of_contents(data, body_at, limit, depth)
        return Element(tag, data[start:end], data[body_at : end - 2], True, children), end
    if length > 0x80:
        octets = length & 0x7F
        if octets > 4 or body_at + octets > limit:
            raise MalformedError("a length is too long")
        length = int.from_bytes(data[body_at : body_at + octets], "big")
        body_at += octets
    end = body_at + length
    if end > limit:
        raise MalformedError("an element is longer than what holds it")
    inner: list[Element] = []
    position = body_at
    while constructed and position < end:
        found, position = _read_at(data, position, end, depth + 1)
        inner.append(found)
    return Element(tag, data[start:end], data[body_at:end], False, tuple(inner)), end


def _read_until_end_of_contents(data: bytes, position: int, limit: int, depth: int) -> tuple[tuple[Element, ...], int]:
    children: list[Element] = []
    while data[position : position + 2] != _END_OF_CONTENTS:
        found, position = _read_at(data, position, limit, depth + 1)
        children.append(found)
    return tuple(children), position + 2
