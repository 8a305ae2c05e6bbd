"""`python -m tests.fakes.access_process`: one of several processes that share nothing but the stores of `aws`.

Reads one JSON call a line (`{"call": "redeem", "given": …, "agent": …}`) and answers each with one line.
"""

import json
import sys
from typing import Any

from oratio.bootstrap import build_services
from oratio.bootstrap.aws import aws_parts, platform_with
from oratio.domain.api_keys import Scope
from oratio.errors import OratioError
from oratio.services.access.access import AccessService
from oratio.settings import load
from tests.fakes.cloud import FakeKnowledgeBases, FakeRuntime, WorkDesk


def answer(access: AccessService, asked: dict[str, Any]) -> str:
    try:
        if asked["call"] == "redeem":
            return access.redeem(asked["given"], asked["agent"]).user_id
        if asked["call"] == "revoke":
            access.revoke(asked["user"], asked["agent"], asked["given"])
            return "revoked"
        return access.authenticate(asked["given"], asked["agent"], Scope.VOICE).key_id
    except OratioError as error:
        return error.code


def main() -> None:
    settings = load()
    desk = WorkDesk(settings.data / "desk")
    platform = platform_with(aws_parts(settings), FakeKnowledgeBases(desk), FakeRuntime(desk))
    access = build_services(platform).access
    print("ready", flush=True)
    for line in sys.stdin:
        print(answer(access, json.loads(line)), flush=True)


if __name__ == "__main__":
    main()
