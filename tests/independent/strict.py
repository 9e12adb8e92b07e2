"""JSON that every reader reads alike (docs/formats/commitment.md), RFC 8785, and the JSON forms of docs/formats/README.md."""

import json
import re
from decimal import Decimal

JSON_BYTES_MAX = 16 << 20
JSON_DEPTH_MAX = 64
JSON_VALUES_MAX = 1 << 18
INTEGER_MAX = 2**53 - 1


class Malformed(ValueError):
    """Bytes that are not what a page describes; the caller knows of which object."""


class NewerVerifier(Malformed):
    """A version or label that a newer verifier may know."""


# Reading


def parse_json(data: bytes, bytes_max: int, values_max: int = JSON_VALUES_MAX):
    if len(data) > bytes_max:
        raise Malformed(f"longer than {bytes_max} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    depth, values = 0, 0
    # The closing quote is optional: a text without one must not be scanned again from each quote in it.
    for token in re.finditer(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{},]', text, re.S):
        values += token[0] in (",", "[", "{")
        if values > values_max:
            raise Malformed(f"more than {values_max} values")
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > JSON_DEPTH_MAX:
            raise Malformed(f"nested deeper than {JSON_DEPTH_MAX}")
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_double,
            parse_constant=_constant,
        )
    except Malformed:
        raise
    except (ValueError, RecursionError) as e:
        raise Malformed(str(e)) from None


def _object(pairs):
    found = {}
    for key, value in pairs:
        if key in found:
            raise Malformed(f"duplicate key {ascii(key)}")
        found[key] = value
    return found


def _integer(text):
    # The length first: Python is slow, or refuses, at thousands of digits.
    if len(text) > 17 or abs(int(text)) > INTEGER_MAX:
        raise Malformed("an integer beyond 2^53 - 1")
    return -0.0 if text == "-0" else int(text)  # a double as good as any, and not an integer of a JSON form


def _double(text):
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise Malformed("a number that overflows a double")
    return number


def _constant(text):
    raise Malformed(f"{text} is not JSON")


# RFC 8785


def canonical(value) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return es6_number(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    members = sorted(value.items(), key=lambda item: _utf16(item[0]))
    return "{" + ",".join(_string(key) + ":" + canonical(member) for key, member in members) + "}"


def _utf16(text):
    try:
        return text.encode("utf-16-be")
    except UnicodeEncodeError:
        raise Malformed("a lone surrogate") from None


def _string(text):
    _utf16(text)
    return json.dumps(text, ensure_ascii=False)  # escapes what RFC 8785, 3.2.2.2 does, and alike


def es6_number(number: float) -> str:
    """ECMA-262, Number::toString. `repr` gives the shortest digits that read back alike."""
    if number == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(number)).as_tuple()
    digits = "".join(map(str, digits))
    point = len(digits) + exponent  # the number is 0.digits * 10^point
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        text = digits + "0" * (point - count)
    elif 0 < point <= 21:
        text = digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        text = digits[0] + ("." + digits[1:] if count > 1 else "") + f"e{point - 1:+d}"
    return "-" * sign + text


# JSON forms: exact fields, exact types


def fields(value, what, required, optional=()):
    if not isinstance(value, dict):
        raise Malformed(f"{what} is not an object")
    for key in value:
        if key not in required and key not in optional:
            raise Malformed(f"unknown field {ascii(key)} in {what}")
    for key in required:
        if key not in value:
            raise Malformed(f"{what} lacks the field {key}")
    return value


def items(value, what, count_max):
    if not isinstance(value, list) or len(value) > count_max:
        raise Malformed(f"{what} is not a list of at most {count_max}")
    return value


def items_or_left_out(object_, key, count_max):
    """A list that is left out when empty."""
    if key not in object_:
        return []
    if object_[key] == []:
        raise Malformed(f"an empty {key} is left out")
    return items(object_[key], key, count_max)


def hashes(value, what, count_max=64):
    return [unhex(item, what) for item in items(value, what, count_max)]


def integer(value, what, bits):
    if type(value) is not int or not 0 <= value < 1 << bits:
        raise Malformed(f"{what} is not an unsigned integer of {bits} bits")
    return value


def unhex(value, what, length=32):
    if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{%d}" % (2 * length), value):
        raise Malformed(f"{what} is not {length} bytes in lower-case hexadecimal")
    return bytes.fromhex(value)


def tagged(value, what, length):
    """A key or signature: only Ed25519 is known."""
    if not isinstance(value, str) or not value.startswith("ed25519:"):
        raise Malformed(f"{what} is not of an algorithm that is known")
    return unhex(value[len("ed25519:") :], what, length)


def word(value, what, words):
    """The code of one of some words: its place among them."""
    if not isinstance(value, str) or value not in words:
        raise Malformed(f"{what} is none of {', '.join(words)}")
    return words.index(value)


def text(value, what, bytes_max):
    """1 to `bytes_max` bytes without the code points that docs/formats/README.md lists."""
    try:
        length = len(value.encode()) if isinstance(value, str) else 0
    except UnicodeEncodeError:
        length = 0
    if not 1 <= length <= bytes_max:
        raise Malformed(f"{what} is not a text of 1 to {bytes_max} bytes")
    if REFUSED_CODE_POINTS.search(value):
        raise Malformed(f"{what} has a character that is not allowed")
    return value


def string(value, what):
    """Any text with an encoding."""
    if not isinstance(value, str) or any("\ud800" <= c <= "\udfff" for c in value):
        raise Malformed(f"{what} is not a text")
    return value


REFUSED_CODE_POINTS = re.compile("[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def member_id(value):
    if not isinstance(value, str) or not re.fullmatch("(?=.{1,32}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?", value, re.A):
        raise Malformed("not a member id")
    return value
