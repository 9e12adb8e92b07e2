"""Ed25519, strictly: docs/formats/README.md. The equation is OpenSSL's, which has no cofactor; the rest is checked here."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FIELD = 2**255 - 19
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, FIELD - 2, FIELD) % FIELD
_EIGHTH = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
SMALL_ORDER_Y = {0, 1, FIELD - 1, _EIGHTH, FIELD - _EIGHTH}


def signature_holds(key: bytes, signature: bytes, message: bytes) -> bool:
    if int.from_bytes(signature[32:], "little") >= GROUP_ORDER:
        return False
    if not (usable_point(key) and usable_point(signature[:32])):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def usable_point(point: bytes) -> bool:
    """Canonical, on the curve, and not of small order."""
    y = int.from_bytes(point, "little") & (1 << 255) - 1
    if y >= FIELD or y in SMALL_ORDER_Y:
        return False
    # RFC 8032, 5.1.3: x^2 = (y^2 - 1) / (d y^2 + 1); a square times a square is one.
    square = (y * y - 1) * (_D * y * y + 1) % FIELD
    return pow(square, (FIELD - 1) // 2, FIELD) == 1
