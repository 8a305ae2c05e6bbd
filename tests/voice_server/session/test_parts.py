"""The pure parts: messages, formats, clauses, play-out, limits, sound, recordings."""

import asyncio
import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oratio.audio import Resampler, mulaw_decode, mulaw_encode, resample
from oratio.protocol import voice as wire
from oratio.protocol.voice import AudioFormat, BadMessage
from voice_server.audio.codec import ClientDecoder, ClientEncoder
from voice_server.audio.playout import Playout
from voice_server.audio.tts_chunker import TtsChunker
from voice_server.recording.wav_recorder import WavRecorder, keep_recording, recover_recordings
from voice_server.server.auth import agent_of, credential_of, subprotocol_of


class TestAudioFormats:
    @pytest.mark.parametrize(
        ("wish", "format"),
        [
            ({}, AudioFormat(rate=16_000)),
            (8_000, AudioFormat(rate=8_000)),
            ({"rate": 24_000}, AudioFormat(rate=24_000)),
            ({"encoding": "pcm16", "sampleRate": 8_000}, AudioFormat(rate=8_000)),
            ({"format": "pcm_s16le", "rate": 16_000, "channels": 1}, AudioFormat(rate=16_000)),
            ("pcm16/24000", AudioFormat(rate=24_000)),
            ("pcm_8000", AudioFormat(rate=8_000)),
            ("24kHz", AudioFormat(rate=24_000)),
            ("mulaw", AudioFormat(encoding="mulaw", rate=8_000)),
            ({"encoding": "mu-law", "rate": 8_000}, AudioFormat(encoding="mulaw", rate=8_000)),
            (None, None),
            ("none", None),
        ],
    )
    def test_wishes(self, wish: object, format: AudioFormat | None) -> None:
        assert wire.audio_format(wish, 16_000) == format

    @pytest.mark.parametrize(
        "wish",
        [44_100, {"rate": "fast"}, {"encoding": "opus"}, "mp3", {"encoding": "mulaw", "rate": 16_000}, [1], True],
    )
    def test_what_is_not_spoken_here(self, wish: object) -> None:
        with pytest.raises(BadMessage):
            wire.audio_format(wish, 16_000)


class TestMessages:
    def test_unknown_fields_are_ignored(self) -> None:
        assert wire.parse('{"type":"input.text","text":"Hi","new":1}') == wire.InputText(type="input.text", text="Hi")

    def test_a_bad_message_does_not_repeat_the_content(self) -> None:
        with pytest.raises(BadMessage) as refused:
            wire.parse('{"type":"input.dtmf","digits":"my secret"}')
        assert "secret" not in str(refused.value)


class TestGate:
    def test_agent_of_a_path(self) -> None:
        assert agent_of("/v1/agents/a1/voice?ticket=x") == "a1"
        assert agent_of("/v1/agents/a1/text") is None
        assert agent_of("/v1/agents//voice/") is None

    @pytest.mark.parametrize(
        ("headers", "protocols", "path", "credential"),
        [
            ({"Authorization": "Bearer k1", "X-API-Key": "k2"}, "bearer.k3", "?ticket=k4", "k1"),
            ({"X-API-Key": "k2"}, "oratio.v1, bearer.k3", "?ticket=k4", "k2"),
            ({}, "oratio.v1, bearer.k3.sig", "?ticket=k4", "k3.sig"),
            ({}, "oratio.v1", "?ticket=k4", "k4"),
            ({"Authorization": "Basic k1"}, "", "", None),
        ],
    )
    def test_the_first_credential_counts(
        self, headers: dict[str, str], protocols: str, path: str, credential: str | None
    ) -> None:
        assert credential_of(f"/v1/agents/a1/voice{path}", headers, protocols) == credential

    def test_a_credential_is_never_echoed(self) -> None:
        assert subprotocol_of("bearer.k1, oratio.v1") == "oratio.v1"
        assert subprotocol_of("bearer.k1") is None


class TestClauses:
    def test_the_first_piece_is_short(self) -> None:
        pieces = TtsChunker().feed("The tech support manual says: if the phone shows no service, toggle it. ")
        assert pieces == ["The tech support manual says:", "if the phone shows no service, toggle it."]

    def test_a_sentence_waits_until_it_is_whole(self) -> None:
        clauses = TtsChunker()
        assert clauses.feed("Hold the") == []
        assert clauses.feed(" button. ") == ["Hold the button."]

    def test_a_number_with_a_point_is_not_a_sentence(self) -> None:
        assert TtsChunker().finish() == []
        clauses = TtsChunker()
        assert clauses.feed("It costs 3.50 now. ") == ["It costs 3.50 now."]
        clauses = TtsChunker()
        assert [clauses.feed(part) for part in ("It is 3.", "50 now.", " ")] == [[], [], ["It is 3.50 now."]]

    def test_a_title_is_said_with_the_name_after_it(self) -> None:
        assert TtsChunker().feed("Ask Dr. Smith. He knows. ") == ["Ask Dr. Smith.", "He knows."]

    @given(st.lists(st.text(alphabet="ab .,!?\n-", max_size=30), max_size=10))
    def test_no_word_is_lost_or_doubled(self, parts: list[str]) -> None:
        clauses = TtsChunker()
        pieces = [piece for part in parts for piece in clauses.feed(part)] + clauses.finish()
        words = "".join(c if c in "ab" else " " for c in "".join(parts)).split()
        assert "".join(c if c in "ab" else " " for c in " ".join(pieces)).split() == words


class TestPlayout:
    @given(
        st.lists(
            st.one_of(
                st.tuples(st.just("push"), st.integers(0, 3_000)),
                st.tuples(st.just("time"), st.integers(0, 500)),
                st.tuples(st.just("hold"), st.booleans()),
            ),
            max_size=60,
        )
    )
    def test_audio_comes_out_whole_in_order_and_never_early(self, steps: list[tuple[str, Any]]) -> None:
        playout, now, pushed, out = Playout(lead_ms=200), 0.0, b"", b""
        first: float | None = None
        for what, value in steps:
            if what == "push":
                pcm = bytes([len(pushed) % 251]) * (value * 2)
                pushed += pcm
                playout.push(pcm)
            elif what == "time":
                now += value
            else:
                playout.held = value
            taken = playout.take(now)
            if taken and first is None:
                first = now
            out += taken
            assert pushed.startswith(out)
            assert first is None or len(out) <= (now - first + 200) * 48
            assert playout.heard_ms(now) <= playout.sent_ms
        playout.held = False
        for _ in range(2_000):
            now += 100
            out += playout.take(now, whole=True)
        assert out == pushed

    def test_what_was_heard_is_let_go_and_what_was_not_can_be_played_again(self) -> None:
        playout, now = Playout(lead_ms=200), 0.0
        second = b"".join(bytes([frame]) * (20 * 48) for frame in range(50))
        for _ in range(60):
            playout.push(second)
            for _ in range(50):
                playout.take(now)
                now += 20
        assert playout.sent_ms == 60_000
        assert len(playout._audio) < 1_000 * 48
        heard = playout.heard_ms(now - 100)
        playout.rewind(heard)
        assert playout.take(now, whole=True) == second[-(60_000 - heard) * 48 :]

    def test_text_until_cuts_at_words(self) -> None:
        playout = Playout()
        playout.segment("One two.")
        playout.push(bytes(200 * 48))
        playout.segment("Three four five six.")
        playout.push(bytes(400 * 48))
        playout.close_segment()
        assert playout.text_until(0) == ""
        assert playout.text_until(200) == "One two."
        assert playout.text_until(400) == "One two. Three four"
        assert playout.text_until(600) == "One two. Three four five six."


class TestSound:
    @pytest.mark.parametrize(
        ("source", "target"), [(8_000, 16_000), (24_000, 16_000), (24_000, 8_000), (48_000, 16_000)]
    )
    def test_a_tone_keeps_its_pitch_and_level(self, source: int, target: int) -> None:
        tone = 10_000 * np.sin(2 * np.pi * 440 * np.arange(source) / source).astype(np.float32)
        resampler = Resampler(source, target)
        out = np.concatenate([resampler.feed(part) for part in np.array_split(tone, 37)])
        assert len(out) == pytest.approx(target, abs=100)
        spectrum = np.abs(np.fft.rfft(out[: target // 2 * 1]))
        assert np.argmax(spectrum) * 2 == pytest.approx(440, abs=4)
        assert np.sqrt(np.mean(out[500:-500] ** 2)) == pytest.approx(10_000 / np.sqrt(2), rel=0.02)

    def test_what_the_lower_rate_cannot_hold_is_cut_off(self) -> None:
        hiss = 10_000 * np.sin(2 * np.pi * 7_000 * np.arange(24_000) / 24_000).astype(np.float32)
        out = Resampler(24_000, 8_000).feed(hiss)
        assert np.sqrt(np.mean(out[200:-200] ** 2)) < 1

    @pytest.mark.parametrize(
        ("source", "target"), [(8_000, 16_000), (8_000, 24_000), (16_000, 24_000), (24_000, 16_000), (24_000, 8_000)]
    )
    def test_every_frame_is_given_on_with_the_same_small_delay(self, source: int, target: int) -> None:
        resampler = Resampler(source, target)
        given = np.cumsum([len(resampler.feed(np.zeros(source // 50, np.float32))) for _ in range(50)])
        behind_ms = np.arange(1, 51) * 20 - given / target * 1_000
        assert np.ptp(behind_ms) < 0.15
        assert 0 < behind_ms.max() <= 3.1

    def test_frames_give_what_the_whole_gives(self) -> None:
        sound = (np.random.default_rng(3).standard_normal(2_400) * 3_000).astype(np.float32)
        whole, parts = Resampler(24_000, 16_000).feed(sound), Resampler(24_000, 16_000)
        out = np.concatenate([parts.feed(part) for part in np.array_split(sound, 91)])
        assert np.allclose(out, whole, atol=0.1)

    @pytest.mark.parametrize(("source", "target"), [(24_000, 16_000), (44_100, 16_000), (11_127, 16_000)])
    def test_a_whole_piece_keeps_its_length_and_its_time(self, source: int, target: int) -> None:
        tone = 10_000 * np.sin(2 * np.pi * 440 * np.arange(source) / source).astype(np.float32)
        out = resample(tone, source, target)
        assert abs(len(out) - target) <= 1
        wanted = 10_000 * np.sin(2 * np.pi * 440 * np.arange(len(out)) / target)
        assert np.abs(out - wanted)[200:-200].max() < 5

    def test_rates_without_a_small_ratio_are_refused_for_frames(self) -> None:
        with pytest.raises(ValueError, match="small whole numbers"):
            Resampler(11_127, 16_000)

    @given(st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=50))
    def test_mulaw_is_close(self, values: list[int]) -> None:
        samples = np.array(values, np.int16)
        back = mulaw_decode(mulaw_encode(samples)).astype(int)
        assert np.all(np.abs(back - samples) <= np.maximum(16, np.abs(samples.astype(int)) * 0.04) + 140)

    def test_every_mulaw_code_survives(self) -> None:
        codes = bytes(code for code in range(256) if code != 0x7F)
        assert mulaw_encode(mulaw_decode(codes)) == codes

    @given(st.lists(st.integers(1, 7), min_size=1, max_size=20))
    def test_frames_may_be_cut_anywhere(self, sizes: list[int]) -> None:
        pcm = bytes(range(sum(sizes) % 2, sum(sizes) + sum(sizes) % 2))[: sum(sizes)]
        audio, at, out = ClientDecoder(AudioFormat(rate=16_000), 16_000), 0, b""
        for size in sizes:
            out += audio.feed(pcm[at : at + size])
            at += size
        assert out == pcm[: len(pcm) & ~1]

    def test_the_same_format_is_passed_on(self) -> None:
        assert ClientEncoder(24_000, AudioFormat(rate=24_000)).feed(b"abcd") == b"abcd"


class TestRecords:
    async def test_both_sides_stand_where_they_were_in_time(self, tmp_path: Path) -> None:
        kept: list[bytes] = []
        record = WavRecorder("ada", "a1", "c1", tmp_path, lambda path: kept.append(path.read_bytes()))
        record.caller(b"\x01\x00" * 16_000, 1_000)
        record.agent(b"\x02\x00" * 24_000, 3_000)
        await record.close()
        with wave.open(io.BytesIO(kept[0])) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
        assert np.all(samples[:16_000, 0] == 1)
        assert np.all(samples[: 16_000 * 2 - 100, 1] == 0)
        assert samples[16_000 * 2 + 8_000, 1] == 2

    async def test_it_is_written_as_the_call_goes(self, tmp_path: Path) -> None:
        record = WavRecorder("ada", "a1", "c1", tmp_path, lambda path: None)
        for second in range(1, 6):
            record.caller(bytes(32_000), second * 1_000)
            assert record._writing is None or await asyncio.wait([record._writing])
        with wave.open(str(tmp_path / "c1.wav")) as file:
            assert file.getnframes() >= 16_000 * 2
        await record.close()

    def test_what_a_crash_left_is_kept_if_the_conversation_is_known(self, tmp_path: Path) -> None:
        from oratio.adapters.local.objects import FileObjectStore

        store = FileObjectStore(tmp_path / "objects", "bucket")
        for name in ("c1", "c2"):
            (tmp_path / f"{name}.wav").write_bytes(b"RIFF")
            (tmp_path / f"{name}.json").write_text(f'["ada", "a1", "{name}"]')
        recover_recordings(tmp_path, store, lambda user_id, conversation_id: conversation_id == "c1")
        assert [item.key for item in store.list("ada/")] == ["ada/a1/c1/audio.wav"]
        assert list(tmp_path.glob("c*")) == []

    def test_a_recording_without_its_note_is_dropped(self, tmp_path: Path) -> None:
        from oratio.adapters.local.objects import FileObjectStore

        (tmp_path / "c1.wav").write_bytes(b"RIFF")
        store = FileObjectStore(tmp_path / "objects", "bucket")
        keep_recording(tmp_path / "c1.wav", store, lambda *_: True)
        assert list(store.list("ada/")) == []
