"""The application behind a real uvicorn on loopback, in a thread of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from oratio.api.http import BoundedHttp
from tests.api.conftest import World


@contextmanager
def serving(world: World) -> Iterator[str]:
    """The base address of a running server over the world."""
    config = uvicorn.Config(
        world.app, host="127.0.0.1", port=0, http=BoundedHttp, ws="none", lifespan="off", access_log=False,
        log_config=None, server_header=False, timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        world.stopping = True
        server.should_exit = True
        thread.join(10)
