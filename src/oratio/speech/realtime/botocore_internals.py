"""Private names of botocore, the only file that uses them.

The canary is in `tests/unit/speech_to_speech/test_internals.py`.
"""

from datetime import datetime

from botocore.credentials import Credentials


def expiry_of(credentials: Credentials) -> datetime | None:
    """Return when credentials that refresh themselves expire; None for those that do not.

    botocore offers the moment only to its own signer; without the name every credential would count as lasting.
    """
    ends: datetime | None = getattr(credentials, "_expiry_time", None)
    return ends
