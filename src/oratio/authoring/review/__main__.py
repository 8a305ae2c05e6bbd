"""The child of `review_in_child`: one request on standard input, one verdict on standard output."""

import json
import resource
import sys

from oratio.authoring.review.checks import check
from oratio.authoring.review.child import CPU_S, MAX_INPUT_BYTES, MEMORY_BYTES, dumps
from oratio.authoring.review.contract import StepLines


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    request = json.loads(sys.stdin.buffer.read(MAX_INPUT_BYTES + 1))
    steps = [
        StepLines(str(step["stepId"]), int(step["source"]["lineStart"]), int(step["source"]["lineEnd"]))
        for step in json.loads(request["plan"])["steps"]
    ]
    sys.stdout.write(dumps(check(request["code"], request["prompt"], steps)))


if __name__ == "__main__":
    main()
