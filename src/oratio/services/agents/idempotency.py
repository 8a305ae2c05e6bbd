"""What a creating call asked for, as one digest, by which its `Idempotency-Key` knows it again."""

import hashlib
import json


def digest(*parts: object) -> str:
    """Of parts that JSON can hold."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
