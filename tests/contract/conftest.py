"""One moto server for the suites that run on AWS's stores; each test finds it empty."""

from collections.abc import Iterator

import pytest

from tests.fakes.moto import aws_on, moto_server, reset


@pytest.fixture(scope="session")
def moto_address() -> Iterator[str]:
    with moto_server() as address:
        yield address


@pytest.fixture
def moto(moto_address: str) -> Iterator[str]:
    reset(moto_address)
    with aws_on(moto_address, "DYNAMODB", "S3", "STS"):
        yield moto_address
