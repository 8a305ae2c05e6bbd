"""The blocking client is the async one without a loop."""

import inspect

from oratio.client import AsyncClient, Client
from tests import blocking_client


def test_the_file_is_what_is_made_of_the_async_client() -> None:
    assert blocking_client.TARGET.read_text() == blocking_client.made(), "run `make client`"


def test_both_clients_have_the_same_methods_and_arguments() -> None:
    def methods(kind: type) -> dict[str, list[str]]:
        named = inspect.getmembers(kind, inspect.isfunction)
        return {name: list(inspect.signature(method).parameters) for name, method in named if name[0] != "_"}

    assert methods(Client) == {
        "close" if name == "aclose" else name: arguments for name, arguments in methods(AsyncClient).items()
    }
