"""Sessions of AWS that end at one tenant: its id is their tag, and their role's policies compare every key with it."""

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from botocore.credentials import RefreshableCredentials

from oratio.tenancy import tenant

SERVICES = ("dynamodb", "s3")
"""Where tenants' data lies."""
SHARED = ".oratio/"
"""Where objects lie that are no tenant's: the base of agents' packages, whose turn it is to start an ingestion."""
# IAM knows no prefix for it, so a right to it would be one to the whole bucket.
_WHOLE_BUCKET = ("ListMultipartUploads",)
SESSION_S = 900
_REFRESH_S, _LAST_REFRESH_S = 180, 60
_MOST = 500
# Of the characters that tenants' ids have and a tag's value may not, there is `|`; such a tenant has no session.
_TAG = re.compile(r"[\w .:=+@-]{1,256}")


class TenantSessions:
    """Credentials by tenant, of which the last `_MOST` used are kept.

    Args:
        assume: STS's AssumeRole, as this process.
        role_arn: The role that processes of Oratio may assume, with the tag `userId` alone.
    """

    def __init__(self, assume: Callable[..., Mapping[str, Any]], role_arn: str) -> None:
        self._assume = assume
        self._role_arn = role_arn
        self._lock = threading.Lock()
        self._known: OrderedDict[str, RefreshableCredentials] = OrderedDict()

    def attach(self, client: Any) -> None:
        """Let the calls of a client that are made for a tenant be signed by the tenant's session."""
        client.meta.events.register("before-parameter-build", self._choose)

    def _choose(self, params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        user_id = tenant()
        shared = model.name in _WHOLE_BUCKET or str(params.get("Key", "")).startswith(SHARED)
        if user_id is not None and _TAG.fullmatch(user_id) and not shared:
            context.setdefault("signing", {})["request_credentials"] = self.credentials(user_id)

    def credentials(self, user_id: str) -> RefreshableCredentials:
        with self._lock:
            found = self._known.get(user_id)
            if found is None:
                found = self._known[user_id] = RefreshableCredentials.create_from_metadata(
                    metadata=self._assumed(user_id),
                    refresh_using=lambda: self._assumed(user_id),
                    method="oratio-tenant",
                    advisory_timeout=_REFRESH_S,
                    mandatory_timeout=_LAST_REFRESH_S,
                )
            self._known.move_to_end(user_id)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
            return found

    def _assumed(self, user_id: str) -> Mapping[str, str]:
        given = self._assume(
            RoleArn=self._role_arn,
            # Seen in CloudTrail next to the tag; of bounded length, whatever an id is made of.
            RoleSessionName=f"tenant-{hashlib.sha256(user_id.encode()).hexdigest()[:32]}",
            DurationSeconds=SESSION_S,
            Tags=[{"Key": "userId", "Value": user_id}],
        )["Credentials"]
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }
