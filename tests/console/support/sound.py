"""Sound into a browser's fake microphone and out of what its page played."""

import base64
import wave
from pathlib import Path

import numpy as np
from playwright.sync_api import BrowserContext, Page

from oratio.speech.local.stt_worker import load_transcriber
from oratio.speech.local.tts_worker import Kokoro

_HEARD_RATE = 16_000
_SPOKEN_RATE = 24_000
# Everything a page sends to the loudspeaker also goes into `played`, 16-bit at the context's rate.
_TAP = """
window.played = { parts: [], rate: 0 };
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...rest) {
  const result = connect.call(this, target, ...rest);
  if (target instanceof AudioDestinationNode && !this.isTap) {
    const tap = this.context.createScriptProcessor(4096, 1, 1);
    tap.isTap = true;
    window.played.rate = this.context.sampleRate;
    tap.onaudioprocess = ({ inputBuffer }) => {
      const samples = inputBuffer.getChannelData(0);
      if (samples.some((value) => Math.abs(value) > 1e-4)) {
        window.played.parts.push(Int16Array.from(samples, (value) => Math.round(value * 32767)));
      }
    };
    connect.call(this, tap);
    tap.connect(this.context.destination);
  }
  return result;
};
"""
_TAKEN = """() => {
  const whole = new Uint8Array(window.played.parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of window.played.parts) { whole.set(new Uint8Array(part.buffer), at); at += part.byteLength; }
  let text = "";
  for (let i = 0; i < whole.length; i += 32768) text += String.fromCharCode(...whole.subarray(i, i + 32768));
  return { rate: window.played.rate, data: btoa(text) };
}"""


def microphone_of(
    file: Path, text: str, *, silence_before_s: float = 1.0, silence_after_s: float = 60.0, again: bool = False
) -> list[str]:
    """Write a spoken text as a WAV, and the arguments that make it Chromium's microphone, once or again and again."""
    spoken = np.frombuffer(Kokoro("af_heart", 2).speak(text), "<i2")
    quiet = [np.zeros(int(seconds * _SPOKEN_RATE), "<i2") for seconds in (silence_before_s, silence_after_s)]
    with wave.open(str(file), "wb") as target:
        target.setparams((1, 2, _SPOKEN_RATE, 0, "NONE", ""))
        target.writeframes(np.concatenate([quiet[0], spoken, quiet[1]]).astype("<i2").tobytes())
    return [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={file}{'' if again else '%noloop'}",
        "--autoplay-policy=no-user-gesture-required",
    ]


def tap(context: BrowserContext) -> None:
    """Keep what the context's pages play."""
    context.add_init_script(_TAP)


def recognised(page: Page) -> str:
    """What a page has played by now, in words."""
    told = page.evaluate(_TAKEN)
    samples = np.frombuffer(base64.b64decode(told["data"]), "<i2").astype(np.float32) / 32768
    if not len(samples):
        return ""
    at = np.arange(0, len(samples), told["rate"] / _HEARD_RATE)
    heard = np.interp(at, np.arange(len(samples)), samples).astype(np.float32)
    transcribe = load_transcriber()
    piece = _HEARD_RATE * 20
    return " ".join(transcribe(heard[begin : begin + piece]) for begin in range(0, len(heard), piece))
