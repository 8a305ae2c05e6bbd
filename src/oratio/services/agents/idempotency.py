"""Digest of a creating call, by which its `Idempotency-Key` recognises a repetition."""

import hashlib
import json


def digest(*parts: object) -> str:
    """Return the digest of parts that JSON can encode."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
