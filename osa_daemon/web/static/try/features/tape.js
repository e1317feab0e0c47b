// The stretch of sound that the front end still needs: features/tape.py.

import { FRAME_SAMPLES } from "./features.js";

export const NO_SOUND = 1e6; // 120 dB over full scale

/** Holds samples from `start` (on the frame grid) to `end`, at most `capacity`, with lost frames. */
export class Tape {
  #samples;
  #lost;

  constructor(start, capacity) {
    this.start = start;
    this.end = start;
    const frames = Math.ceil(capacity / FRAME_SAMPLES);
    this.#samples = new Float32Array(frames * FRAME_SAMPLES);
    this.#lost = new Uint8Array(frames);
  }

  /** Append as many samples as fit, and return how many. */
  write(samples) {
    const at = this.end - this.start;
    const count = Math.min(samples.length, this.#samples.length - at);
    this.#samples.set(samples.subarray(0, count), at);
    const isLost = count > 0 && this.#lost[Math.floor(at / FRAME_SAMPLES)];
    for (let k = 0; k < count; k++) {
      if (!(Math.abs(samples[k]) < NO_SOUND)) { // NaN too
        this.#loseFrame(Math.floor((at + k) / FRAME_SAMPLES));
      }
    }
    if (isLost) {
      this.#loseFrame(Math.floor(at / FRAME_SAMPLES));
    }
    this.end += count;
    return count;
  }

  /** Append up to `count` lost samples, and return how many fitted. */
  lose(count) {
    const at = this.end - this.start;
    count = Math.min(count, this.#samples.length - at);
    const last = Math.floor((at + count - 1) / FRAME_SAMPLES);
    for (let frame = Math.floor(at / FRAME_SAMPLES); count && frame <= last; frame++) {
      this.#loseFrame(frame);
    }
    this.end += count;
    return count;
  }

  /** Return a copy of samples `start` … `end`; before the tape's start there are zeros. */
  read(start, end) {
    const copy = new Float32Array(end - start);
    const from = Math.max(start, this.start);
    if (end > from) {
      copy.set(this.#samples.subarray(from - this.start, end - this.start), from - start);
    }
    return copy;
  }

  /** Return the marks of `count` frames from absolute `firstFrame`; none lie before the start. */
  lost(firstFrame, count) {
    const at = firstFrame - this.start / FRAME_SAMPLES;
    return Uint8Array.from({ length: count }, (_, k) => (at + k < 0 ? 1 : this.#lost[at + k]));
  }

  /** Let go of the frames that end before `sample`. */
  forgetBefore(sample) {
    const drop = Math.floor((sample - this.start) / FRAME_SAMPLES);
    if (drop <= 0) {
      return;
    }
    this.#samples.copyWithin(0, drop * FRAME_SAMPLES, this.end - this.start);
    this.#lost.copyWithin(0, drop);
    this.#lost.fill(0, Math.ceil((this.end - this.start) / FRAME_SAMPLES) - drop);
    this.start += drop * FRAME_SAMPLES;
  }

  #loseFrame(frame) {
    this.#lost[frame] = 1;
    this.#samples.fill(0, frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES);
  }
}
