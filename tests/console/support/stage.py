"""A real console in front of an API in memory: its pages in a browser, in every state the API can bring them to."""

import contextlib
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from playwright.sync_api import Browser

from console.drafts import Drafts
from console.web.identity import COOKIE
from oratio.cli.supervisor.service_table import service_table
from oratio.settings import Settings, load
from tests.console.support.browser import Watched
from tests.console.support.fake_api import TOKEN, FakeApi
from tests.e2e.installation import free_base

READY_S = 60.0


class ConsoleStage:
    """One console process and the API it speaks to."""

    def __init__(self, api: FakeApi, settings: Settings) -> None:
        self.api = api
        self.settings = settings
        self.base = settings.local_url("console")
        self.drafts = Drafts(settings.data / "console" / "drafts")

    def fresh(self) -> FakeApi:
        """Forget all the API holds; who waits for it is let go."""
        self.api.release()
        self.api = FakeApi()
        return self.api

    def sign_in(self, visitor: Watched) -> None:
        visitor.page.context.add_cookies([{"name": COOKIE, "value": TOKEN, "url": self.base}])

    @contextlib.contextmanager
    def visitor(self, browser: Browser, *, clean: bool = True) -> Iterator[Watched]:
        """A signed-in browser context of its own; `clean`: which in the end must have had no fault."""
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        watched = Watched(context, self.base)
        watched.still()
        self.sign_in(watched)
        try:
            yield watched
        finally:
            context.close()
        if clean:
            assert watched.faults == []


@contextlib.contextmanager
def stage(
    data: Path, *, environment: Mapping[str, str] | None = None, **settings_too: object
) -> Iterator[ConsoleStage]:
    """Start both, ready to be visited; `environment` is for what the settings keep secret."""
    settings = load(data=data, port_base=free_base(), **settings_too)
    built = ConsoleStage(FakeApi(), settings)
    server = ThreadingHTTPServer(("127.0.0.1", settings.port("api")), _handler(built))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    service = next(service for service in service_table(settings) if service.name == "console")
    data.mkdir(parents=True, exist_ok=True)
    with (data / "console.log").open("wb") as log:
        process = subprocess.Popen(
            service.command, env={**service.environment, **(environment or {})}, stdout=log, stderr=log, cwd=data
        )
    try:
        _await_ready(f"{settings.local_url('console')}/_stcore/health", process, data / "console.log")
        yield built
    finally:
        built.api.release()
        process.terminate()
        process.wait(10)
        server.shutdown()
        server.server_close()


def _await_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=1).is_success:
                return
        time.sleep(0.1)
    raise AssertionError(f"the console did not start\n{log.read_text()}")


def _handler(built: ConsoleStage) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            request = httpx.Request(self.command, f"http://api{self.path}", headers=dict(self.headers), content=body)
            try:
                answer = built.api.transport.handle_request(request)
            except httpx.HTTPError:
                self.close_connection = True
                self.connection.close()
                return
            content = answer.read()
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers.get("content-type", "application/json"))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _reply

        def log_message(self, format: str, *_: object) -> None:
            pass

    return Handler
