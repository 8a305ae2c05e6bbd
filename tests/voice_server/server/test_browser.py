"""The browser's component in a real Chromium, with a microphone that plays a file, against a real voice server."""

import asyncio
import dataclasses
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Page, async_playwright, expect

from oratio.domain.api_keys import Scope
from oratio.ports.speech import CallerSpeechStarted, Heard
from tests.console.support.browser import CHROMIUM
from tests.voice_server.fakes import Exchange, PlayedSession, PlayedSpeech

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.xdist_group("browser"),
    pytest.mark.timeout(180),
]
TONE_HZ = 440
expect.set_options(timeout=20_000)


@pytest.fixture
def microphone(tmp_path: Path) -> Path:
    """A minute of a tone, as a WAV file."""
    path = tmp_path / "tone.wav"
    times = np.arange(48_000 * 60) / 48_000
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes((np.sin(2 * np.pi * TONE_HZ * times) * 12_000).astype("<i2").tobytes())
    return path


@asynccontextmanager
async def chromium_page(microphone: Path) -> AsyncIterator[tuple[Page, list[str]]]:
    """A page whose microphone plays a file, and what the browser complained of."""
    arguments = [
        "--no-sandbox",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}",
        "--autoplay-policy=no-user-gesture-required",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = await browser.new_page()
        faults: list[str] = []
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        try:
            yield page, faults
        finally:
            await browser.close()


async def called(page: Page, exchange: Exchange, key: str) -> None:
    """The demo page with its call standing."""
    await page.goto(f"http://127.0.0.1:{exchange.port}/demo#agent=a1")
    await page.get_by_label("API key").fill(key)
    await page.get_by_role("button", name="Use it").click()
    await page.get_by_role("button", name="Call", exact=True).click()
    await expect(page.get_by_role("status")).to_have_text("Listening", timeout=20_000)


def origin(exchange: Exchange) -> str:
    return f"http://127.0.0.1:{exchange.port}"


async def heard(session: PlayedSession, ms: int) -> np.ndarray:
    """The next samples the model hears."""
    size, begin = ms * 32, len(session.heard)
    async with asyncio.timeout(30):
        while len(session.heard) < begin + size:
            session.hearing.clear()
            await session.hearing.wait()
    return np.frombuffer(bytes(session.heard[begin : begin + size]), "<i2").astype(np.float64)


class TestDemoPage:
    async def test_a_caller_talks_hears_and_breaks_in(
        self, exchange: Exchange, speech: PlayedSpeech, microphone: Path
    ) -> None:
        _, key = exchange.key(scopes=[Scope.VOICE], origins=[origin(exchange)])
        exchange.runtime.deltas = ("Turn on data roaming. ", "word " * 60)
        async with chromium_page(microphone) as (page, faults):
            await called(page, exchange, key)
            session = await speech.opened()
            await heard(session, 500)
            tone = await heard(session, 500)
            spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone))))
            assert abs(spectrum.argmax() * 16_000 / len(tone) - TONE_HZ) < 5

            session.put(Heard("My phone has no service.", 500))
            await expect(page.get_by_role("status")).to_have_text("Speaking")
            await expect(page.get_by_role("listitem").first).to_have_text("You: My phone has no service.")
            await expect(page.get_by_role("listitem").nth(1)).to_contain_text("Agent: Turn on data roaming.")
            loud = "e => new Promise(done => e.addEventListener('level', l => l.detail.output > 0.01 && done(true)))"
            assert await page.locator("oratio-voice").evaluate(loud)

            await page.locator("oratio-voice").evaluate(
                "e => { window.cut = new Promise(done => e.addEventListener('response', r => done(r.detail))) }"
            )
            session.put(CallerSpeechStarted(2_000), Heard("Stop, please.", 2_900))
            cut = await page.evaluate("window.cut")
            assert cut["status"] == "interrupted"
            assert 0 < len(cut["spokenText"].split()) < 64

            await page.get_by_role("button", name="Mute").click()
            await heard(session, 300)
            assert not np.any(await heard(session, 200))
            await page.get_by_role("button", name="Hang up").click()
            await expect(page.get_by_role("status")).to_have_text("Call ended")
            assert faults == []

    async def test_a_dropped_line_is_taken_up_again(
        self, exchange: Exchange, speech: PlayedSpeech, microphone: Path
    ) -> None:
        _, key = exchange.key(scopes=[Scope.VOICE])
        async with chromium_page(microphone) as (page, _faults):
            await called(page, exchange, key)
            session = await speech.opened()
            call = next(iter(exchange.app.switchboard._calls.values()))
            assert call._socket is not None
            # The line may stand again before a look from outside sees it dropped, so the page keeps what it told.
            await page.get_by_role("status").evaluate(
                """status => {
                    const told = [];
                    window.restored = new Promise(done => {
                        new MutationObserver(() => {
                            told.push(status.textContent);
                            if (status.textContent === "Listening") done(told);
                        }).observe(status, { childList: true, characterData: true, subtree: true });
                    });
                }"""
            )
            call._socket.abort()
            async with asyncio.timeout(20):
                told = await page.evaluate("window.restored")
            assert told[0] == "Reconnecting…"
            assert told[-1] == "Listening"
            await heard(session, 200)
            assert len(speech.sessions) == 1

    async def test_a_refused_key_is_told(self, exchange: Exchange, microphone: Path) -> None:
        _, key = exchange.key(scopes=[Scope.VOICE], origins=["https://elsewhere.example"])
        async with chromium_page(microphone) as (page, _faults):
            await page.goto(f"{origin(exchange)}/demo#agent=a1")
            await page.get_by_label("API key").fill(key)
            await page.get_by_role("button", name="Use it").click()
            await page.get_by_role("button", name="Call", exact=True).click()
            await expect(page.get_by_role("alert")).to_contain_text("refused")
            await expect(page.get_by_role("status")).to_have_text("Call ended")


@dataclasses.dataclass
class Site:
    origin: str
    body: str = ""


@asynccontextmanager
async def another_site() -> AsyncIterator[Site]:
    """A web server that is not ours, with one page."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        page = f"<!doctype html><title>Shop</title><link rel=icon href=data:,>{site.body}".encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + page)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        site = Site(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        yield site


class TestWidget:
    async def test_one_line_puts_a_call_button_on_any_page(
        self, exchange: Exchange, speech: PlayedSpeech, microphone: Path
    ) -> None:
        async with another_site() as site, chromium_page(microphone) as (page, faults):
            _, key = exchange.key(scopes=[Scope.VOICE], origins=[site.origin])
            site.body = f'<script src="{origin(exchange)}/widget.js" data-agent="a1" data-key="{key}" async></script>'
            await page.goto(site.origin)
            await page.get_by_role("button", name="Call", exact=True).click()
            await expect(page.get_by_role("status")).to_have_text("Listening", timeout=20_000)
            await heard(await speech.opened(), 200)
            await page.get_by_label("Message").fill("Is anybody there?")
            await page.get_by_role("button", name="Send").click()
            await expect(page.get_by_role("listitem").first).to_have_text("You: Is anybody there?")
            assert faults == []
