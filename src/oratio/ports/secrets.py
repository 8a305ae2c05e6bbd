"""The server's own secrets: what keys, tickets, webhooks and reviews are signed and hashed with."""

from abc import abstractmethod
from enum import StrEnum
from typing import Protocol


class SecretName(StrEnum):
    REVIEW_KEY = "review.key"
    UPLOADS_KEY = "uploads.key"
    API_KEYS_PEPPER = "api-keys.pepper"
    WEBHOOKS_PEPPER = "webhooks.pepper"


class Secrets(Protocol):
    """Contract: every process of one Oratio gets the same 32 bytes for a name, now and later."""

    @abstractmethod
    def get(self, name: SecretName) -> bytes:
        """One secret.

        Raises:
            Unavailable: It cannot be had, or is not what it was made as; the message names the fix.
        """
        ...
