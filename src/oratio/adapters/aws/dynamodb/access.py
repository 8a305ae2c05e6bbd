"""API keys and the requests made once, in DynamoDB; the contracts stand in `ports.repositories`."""

import hashlib

from oratio.adapters.aws.dynamodb.codec import decode, encode, to_record
from oratio.adapters.aws.dynamodb.records import Records
from oratio.adapters.aws.dynamodb.store import Dynamo, Refused, Write, key_of
from oratio.adapters.aws.dynamodb.tables import API_KEYS, OF_USER, REQUESTS
from oratio.adapters.compare_and_set import update
from oratio.domain.api_keys import ApiKey
from oratio.errors import Conflict, NotFound
from oratio.ports.clock import Clock
from oratio.ports.repositories import ApiKeyRepository, Change, IdempotencyRepository

IDEMPOTENCY_MS = 24 * 3600 * 1000


class DynamoApiKeys(ApiKeyRepository):
    """Quirk: a key made less than about a second ago may be missing in `of_agent`, never in `find`."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def add(self, key: ApiKey) -> ApiKey:
        stored, write = self._records.addition(API_KEYS, key)
        try:
            self._records.dynamo.write(write)
        except Refused:
            raise Conflict(f"there is already a key {key.key_id}") from None
        return stored

    def find(self, key_id: str) -> ApiKey | None:
        return self._records.find(API_KEYS, ApiKey, key_id)

    def of_agent(self, user_id: str, agent_id: str) -> list[ApiKey]:
        values = {"user": user_id, "agent": agent_id}
        found = self._records.dynamo.of_index(API_KEYS, OF_USER, "#userId = :user AND #agentId = :agent", values)
        return sorted((to_record(item, ApiKey) for item in found), key=lambda key: (key.created_at, key.key_id))

    def save(self, key: ApiKey) -> ApiKey:
        return self._records.save(API_KEYS, key)

    def update(self, user_id: str, key_id: str, change: Change[ApiKey]) -> ApiKey:
        return update(lambda: self._own(user_id, key_id), self.save, change)

    def _own(self, user_id: str, key_id: str) -> ApiKey:
        key = self.find(key_id)
        if key is None or key.user_id != user_id:
            raise NotFound(f"no key {key_id}")
        return key


class DynamoIdempotency(IdempotencyRepository):
    """Claims older than 24 hours count as gone; DynamoDB removes them when it gets round to it."""

    def __init__(self, dynamo: Dynamo, clock: Clock) -> None:
        self._dynamo = dynamo
        self._clock = clock

    def claim(self, user_id: str, key: str, body_sha256: str, resource_id: str) -> str:
        now = self._clock.now_ms()
        item = {
            **key_of(REQUESTS, user_id, _request_key(key)),
            "bodySha256": encode(body_sha256),
            "resourceId": encode(resource_id),
            "createdAt": encode(now),
            "expiresAt": encode((now + IDEMPOTENCY_MS) // 1000),
        }
        free = "attribute_not_exists(#userId) OR #createdAt < :before"
        try:
            self._dynamo.write(Write("Put", REQUESTS, item, free, values={"before": now - IDEMPOTENCY_MS}))
        except Refused as refused:
            held = refused.failed[0]
            assert held is not None  # it stood in the way
            if decode(held["bodySha256"]) != body_sha256:
                mend = "send a new key for a new request"
                raise Conflict("this Idempotency-Key was used with another body", hint=mend) from None
            return str(decode(held["resourceId"]))
        return resource_id

    def release(self, user_id: str, key: str) -> None:
        self._dynamo.write(Write("Delete", REQUESTS, key_of(REQUESTS, user_id, _request_key(key))))


def _request_key(key: str) -> str:
    """Of bounded length, whatever a caller chose."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
