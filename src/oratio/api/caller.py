"""Caller of an API request."""

from typing import NamedTuple

from oratio.domain.api_keys import ApiKey


class Caller(NamedTuple):
    """Tenant, and the API key when the call was not made with the operator's own token."""

    user_id: str
    key: ApiKey | None = None
