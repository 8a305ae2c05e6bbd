"""Who makes a call."""

from typing import NamedTuple

from oratio.domain.api_keys import ApiKey


class Caller(NamedTuple):
    """The tenant, and the API key when it was not the operator's own token."""

    user_id: str
    key: ApiKey | None = None
