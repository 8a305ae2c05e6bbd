// Runs on the audio thread: the microphone to 20 ms frames, and a jitter buffer to the loudspeaker.

const CAPTURE_RATE = 16000;
const PLAY_RATE = 24000;

class Resampler {
  constructor(from, to) { this.step = from / to; this.at = 0; this.tail = [0, 0, 0]; }
  feed(input) {
    const held = this.tail, out = [], size = held.length + input.length;
    const sample = (i) => (i < held.length ? held[i] : input[i - held.length]);
    let at = this.at;
    for (; Math.floor(at) + 3 < size; at += this.step) {
      const i = Math.floor(at), t = at - i;
      const a = sample(i), b = sample(i + 1), c = sample(i + 2), d = sample(i + 3);
      out.push(b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))));
    }
    const kept = Math.min(Math.floor(at), size);
    this.tail = Array.from({ length: size - kept }, (_, i) => sample(kept + i));
    this.at = at - kept;
    return out;
  }
}
class OratioCapture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, CAPTURE_RATE);
    this.frame = new Int16Array(320);
    this.filled = 0;
  }
  process(inputs) {
    const input = inputs[0][0];
    if (!input) return true;
    for (const value of this.resampler.feed(input)) {
      this.frame[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(value * 32767)));
      if (this.filled === this.frame.length) {
        this.port.postMessage(this.frame.buffer, [this.frame.buffer]);
        this.frame = new Int16Array(320);
        this.filled = 0;
      }
    }
    return true;
  }
}
class OratioPlayer extends AudioWorkletProcessor {
  constructor() {
    super();
    this.clear();
    this.peak = this.ticks = 0;
    this.port.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) {
        this.queue.push(new Int16Array(data));
        this.queued += data.byteLength / 2;
      } else if (data.flush) {
        const played = this.played;
        this.clear();
        this.port.postMessage({ flushed: data.flush, played });
      } else if (data.begin) {
        this.played = data.played;
      } else if (data.whole) {
        this.whole = true;
      }
    };
  }
  clear() {
    this.queue = [];
    this.head = this.queued = this.at = this.played = 0;
    this.last = [0, 0, 0, 0];
    // Primed: enough is queued to play without a hole. Whole: no more comes.
    this.primed = this.whole = false;
  }
  next() {
    if (this.queued === 0) return null;
    const value = this.queue[0][this.head++] / 32768;
    this.queued--;
    this.played++;
    if (this.head === this.queue[0].length) {
      this.queue.shift();
      this.head = 0;
    }
    return value;
  }
  process(_inputs, outputs) {
    const output = outputs[0][0], step = PLAY_RATE / sampleRate;
    let level = 0;
    if (!this.primed && this.queued > 0 && (this.whole || this.queued >= PLAY_RATE * 0.08)) this.primed = true;
    for (let n = 0; n < output.length; n++) {
      let value = 0;
      if (this.primed) {
        for (this.at += step; this.at >= 1; this.at -= 1) {
          const sample = this.next();
          if (sample === null) {
            this.primed = false;
            this.at = 0;
            this.last = [0, 0, 0, 0];
            break;
          }
          this.last = [this.last[1], this.last[2], this.last[3], sample];
        }
        const [a, b, c, d] = this.last, t = this.at;
        value = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
      }
      output[n] = value;
      level = Math.max(level, Math.abs(value));
    }
    this.peak = Math.max(this.peak, level);
    if (++this.ticks % 32 === 0) {
      this.port.postMessage({ played: this.played, queued: this.queued, level: this.peak });
      this.peak = 0;
    }
    return true;
  }
}
registerProcessor("oratio-capture", OratioCapture);
registerProcessor("oratio-player", OratioPlayer);
