"""Signs exactly what passed the review; every later stage refuses other bytes."""

import hmac
from hashlib import sha256

from oratio.authoring.review.findings import CHECKER_VERSION

_PREFIX = f"review-{CHECKER_VERSION}:"


def sign(code_sha256: str, prompt_sha256: str, plan_sha256: str, key: bytes) -> str:
    """The signature of three hex digests: `review-<checker version>:<hex HMAC-SHA256>`."""
    return _PREFIX + _mac(_PREFIX, code_sha256, prompt_sha256, plan_sha256, key)


def verify(code_sha256: str, prompt_sha256: str, plan_sha256: str, signature: str, key: bytes) -> bool:
    """Whether the signature was made under this key over exactly these digests, by whichever checker it names."""
    prefix, colon, mac = signature.partition(":")
    if not colon or not prefix.startswith("review-"):
        return False
    return hmac.compare_digest(mac, _mac(prefix + colon, code_sha256, prompt_sha256, plan_sha256, key))


def covers(code: bytes, prompt: bytes, plan: bytes, signature: str, key: bytes) -> bool:
    """Whether the signature was made under this key over exactly these bytes."""
    code_sha256, prompt_sha256, plan_sha256 = (sha256(data).hexdigest() for data in (code, prompt, plan))
    return verify(code_sha256, prompt_sha256, plan_sha256, signature, key)


def _mac(prefix: str, code_sha256: str, prompt_sha256: str, plan_sha256: str, key: bytes) -> str:
    message = "\n".join((prefix, code_sha256, prompt_sha256, plan_sha256))
    return hmac.new(key, message.encode(), sha256).hexdigest()
