"""The flow worker as it is, with what IAM would refuse of its calls for a tenant written to `wall.log` of its data.

Run as `python -m tests.flows.aws.walled_worker`.
"""

import pytest

from flows.worker import main
from oratio.settings import load
from tests.fakes.aws.tenant_wall import TenantWall


def run() -> None:
    with pytest.MonkeyPatch.context() as patch:
        TenantWall(load().data / "wall.log").build(patch)
        main()


if __name__ == "__main__":
    run()
