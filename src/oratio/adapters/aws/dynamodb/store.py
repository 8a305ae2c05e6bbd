"""DynamoDB as the repositories need it: consistent reads, conditional writes, transactions, batches that end.

In every expression `#name` stands for the attribute `name` and `:name` for the value given under it.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import batched, islice
from typing import Any, Literal

from botocore.exceptions import ClientError

from oratio.adapters.aws.dynamodb.codec import Item, encode
from oratio.adapters.aws.dynamodb.tables import Index, Table
from oratio.adapters.aws.session import AwsSession, error_code, translated
from oratio.errors import CloudRefused, NotFound, RateLimited
from oratio.ports.clock import Clock

READ_AT_ONCE = 100
WRITTEN_AT_ONCE = 25
MOST_IN_TRANSACTION = 100
_PAUSES_S = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
_CONDITION = "ConditionalCheckFailed"
_PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_CONFLICT = "TransactionConflictException"


@dataclass(frozen=True, slots=True)
class Write:
    """One write, or with others one transaction.

    Attributes:
        item: The whole item of a `Put`; of the others, the key.
        values: What `condition` and `update` refer to as `:name`.
    """

    kind: Literal["Put", "Update", "Delete", "ConditionCheck"]
    table: Table
    item: Item
    condition: str = ""
    update: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


class Refused(Exception):
    """Failed conditions: the place of each such write, and the item that was there."""

    def __init__(self, failed: Mapping[int, Item | None]) -> None:
        super().__init__(f"conditions {sorted(failed)} failed")
        self.failed = failed


class Dynamo:
    """The tables of one Oratio. The client is made at the first call."""

    def __init__(self, session: AwsSession, names: Mapping[Table, str], clock: Clock) -> None:
        self._session = session
        self._names = names
        self._clock = clock

    def get(self, table: Table, *key: str) -> Item | None:
        with self._asking(table) as client:
            answer = client.get_item(TableName=self._names[table], Key=key_of(table, *key), ConsistentRead=True)
        found: Item | None = answer.get("Item")
        return found

    def query(
        self,
        table: Table,
        condition: str,
        values: Mapping[str, Any],
        *,
        index: Index | None = None,
        forward: bool = True,
        limit: int | None = None,
    ) -> Iterator[Item]:
        """Items in order of their range key; consistent, but for a global index."""
        asked: dict[str, Any] = {
            "TableName": self._names[table],
            "KeyConditionExpression": condition,
            **_placeholders(condition, values),
            "ScanIndexForward": forward,
            "ConsistentRead": index is None or index.local,
        }
        if index:
            asked["IndexName"] = index.name
        return islice(self._pages(table, asked, limit), limit)

    def _pages(self, table: Table, asked: dict[str, Any], limit: int | None) -> Iterator[Item]:
        while True:
            with self._asking(table) as client:
                answer = client.query(**asked, **({"Limit": limit} if limit else {}))
            yield from answer["Items"]
            if not answer.get("LastEvaluatedKey"):
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def of_index(
        self,
        table: Table,
        index: Index,
        condition: str,
        values: Mapping[str, Any],
        *,
        forward: bool = True,
        limit: int | None = None,
    ) -> list[Item]:
        """The whole, present items that an index of keys names, in its order."""
        found = self.query(table, condition, values, index=index, forward=forward, limit=limit)
        return self.batch_get(table, [{name: item[name] for name in table.keys} for item in found])

    def batch_get(self, table: Table, keys: Sequence[Item]) -> list[Item]:
        """Items by key, in the order asked; what is not there is left out."""
        name = self._names[table]
        found: dict[str, Item] = {}
        for chunk in batched(keys, READ_AT_ONCE):
            left: Any = {name: {"Keys": list(chunk), "ConsistentRead": True}}
            for _ in self._patience(table):
                with self._asking(table) as client:
                    answer = client.batch_get_item(RequestItems=left)
                found |= {_identity(table, item): item for item in answer["Responses"].get(name, ())}
                left = answer.get("UnprocessedKeys")
                if not left:
                    break
        return [found[place] for place in (_identity(table, key) for key in keys) if place in found]

    def batch_put(self, table: Table, items: Sequence[Item]) -> None:
        """Store or replace items, each for itself."""
        self._batch(table, [{"PutRequest": {"Item": item}} for item in items])

    def batch_delete(self, table: Table, items: Sequence[Item]) -> None:
        """Delete items by the keys in them; of nothing is no error."""
        keys = [{name: item[name] for name in table.keys} for item in items]
        self._batch(table, [{"DeleteRequest": {"Key": key}} for key in keys])

    def _batch(self, table: Table, requests: Sequence[Mapping[str, Any]]) -> None:
        for chunk in batched(requests, WRITTEN_AT_ONCE):
            left: Any = {self._names[table]: list(chunk)}
            for _ in self._patience(table):
                with self._asking(table) as client:
                    left = client.batch_write_item(RequestItems=left).get("UnprocessedItems")
                if not left:
                    break

    def write(self, *writes: Write) -> None:
        """Do all of it or nothing.

        Raises:
            Refused: A condition failed.
            RateLimited: Others wrote the same items all the while.
        """
        for _ in self._patience(writes[0].table):
            if self._try(writes):
                return

    def _try(self, writes: Sequence[Write]) -> bool:
        """Write once; False when it is worth another try."""
        try:
            with self._asking(writes[0].table) as client:
                if len(writes) == 1 and writes[0].kind != "ConditionCheck":
                    self._single(client, writes[0])
                else:
                    client.transact_write_items(TransactItems=[self._part(write) for write in writes])
        except _Contended:
            return False
        return True

    def _single(self, client: Any, write: Write) -> None:
        call = {"Put": client.put_item, "Update": client.update_item, "Delete": client.delete_item}[write.kind]
        try:
            call(**self._part(write)[write.kind])
        except ClientError as error:
            if error_code(error) == f"{_CONDITION}Exception":
                stood = error.response.get("Item")
                # botocore repeats a write whose answer was lost: then what is there is this very write.
                if write.kind == "Put" and stood == write.item:
                    return
                raise Refused({0: stood}) from None
            raise

    def _part(self, write: Write) -> dict[str, Any]:
        part: dict[str, Any] = {
            "TableName": self._names[write.table],
            "Item" if write.kind == "Put" else "Key": write.item,
            **_placeholders(write.condition + write.update, write.values),
        }
        if write.update:
            part["UpdateExpression"] = write.update
        if write.condition:
            part |= {"ConditionExpression": write.condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        return {write.kind: part}

    def _patience(self, table: Table) -> Iterator[None]:
        """Tries with longer and longer pauses between them.

        Raises:
            RateLimited: After the last of them.
        """
        for pause in _PAUSES_S:
            yield
            self._clock.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - jitter
        raise RateLimited(f"the table {self._names[table]} is busy", retry_after_s=_PAUSES_S[-1])

    @contextmanager
    def _asking(self, table: Table) -> Iterator[Any]:
        name = self._names[table]
        try:
            with translated(f"the table {name}"), _transactions():
                yield self._session.client("dynamodb", "data")
        except NotFound:
            mend = "make the tables (`oratio aws deploy`), or check ORATIO_AWS_REGION and the table's setting"
            raise CloudRefused(f"the table {name} is not there", reason="ResourceNotFound", hint=mend) from None


class _Contended(Exception):
    """A transaction met another one, or a throttle: try again."""


@contextmanager
def _transactions() -> Iterator[None]:
    """Tell the reasons of a cancelled transaction apart."""
    try:
        yield
    except ClientError as error:
        if error_code(error) == _CONFLICT:
            raise _Contended from None
        if error_code(error) != "TransactionCanceledException":
            raise
        reasons = error.response.get("CancellationReasons", ())
        failed = {place: why.get("Item") for place, why in enumerate(reasons) if why.get("Code") == _CONDITION}
        if failed:
            raise Refused(failed) from None
        if any(why.get("Code") in _PASSING for why in reasons):
            raise _Contended from None
        raise


def key_of(table: Table, *parts: str) -> Item:
    """A key from its parts, in the table's order."""
    return {name: encode(part) for name, part in zip(table.keys, parts, strict=True)}


def _identity(table: Table, item: Mapping[str, Any]) -> str:
    return "\0".join(str(item[name]) for name in table.keys)


def _placeholders(expression: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What `#names` and `:values` of an expression stand for."""
    found: dict[str, Any] = {}
    if names := set(re.findall(r"#(\w+)", expression)):
        found["ExpressionAttributeNames"] = {f"#{name}": name for name in names}
    if values:
        found["ExpressionAttributeValues"] = {f":{name}": encode(value) for name, value in values.items()}
    return found
