// Blocks of sound in, frames of features out: features/extractor.py, with the encoder awaited.

import { FRAME_RATE_HZ, FRAME_SAMPLES, SAMPLE_RATE_HZ, joinFeatures, newFeatures } from "./features.js";
import { SlowGain } from "./gain.js";
import { LEVEL_WIDTH, LevelMeter, QUIETEST_DBFS, SAMPLES_BEFORE } from "./levels.js";
import { Tape } from "./tape.js";

export const LONG_GAP_S = 120;
const SECOND_FRAMES = FRAME_RATE_HZ;

/**
 * Turns a stream of blocks `{start, samples}` into features, the same however it is cut.
 *
 * The encoder runs on chunks of `chunkS` every `hopS` (seconds; the hop a whole number); margins
 * of (chunkS - hopS) / 2 are heard and discarded. Each call must be awaited before the next.
 */
export class FeatureExtractor {
  #encoder;
  #hop;
  #margin;
  #meter;
  #gain;
  #tape;
  #held; // sound behind a long gap, not yet begun
  #end; // of the last block
  #skip; // samples before the first whole frame
  #nextFrame;
  #nextSecond;
  #seconds; // second → its levels
  #gainsDb; // second → gain

  constructor(encoder, chunkS = 4, hopS = 2) {
    this.#encoder = encoder;
    this.#hop = hopS * SAMPLE_RATE_HZ;
    this.#margin = ((chunkS - hopS) * SAMPLE_RATE_HZ) / 2;
    if (this.#hop % SAMPLE_RATE_HZ || this.#margin < 0 || this.#margin % FRAME_SAMPLES) {
      throw new RangeError(`chunks of ${chunkS} s every ${hopS} s do not lie on the grid of frames`);
    }
    this.#reset();
  }

  /** Take the next block; return the frames that are now complete, or null. */
  async push(block) {
    if (this.#tape && block.start < this.#end) {
      throw new RangeError(`a block at ${block.start} follows sound that ends at ${this.#end}`);
    }
    const parts = await this.#takeHeld();
    if (!this.#tape) {
      this.#begin(block.start);
    }
    const gap = block.start - this.#end;
    if (gap > LONG_GAP_S * SAMPLE_RATE_HZ) {
      parts.push(...(await this.#finish()), this.#invalidAfterFinish());
      this.#tape = null;
      this.#held = block;
    } else {
      parts.push(...(await this.#feed(gap, block.samples)));
    }
    this.#end = block.start + block.samples.length;
    return joinFeatures(parts);
  }

  /** End the stream: return the frames that were still waiting, which hear silence behind it. */
  async flush() {
    const parts = await this.#takeHeld();
    if (this.#tape) {
      parts.push(...(await this.#finish()));
    }
    this.#reset();
    return joinFeatures(parts);
  }

  #reset() {
    this.#meter = new LevelMeter();
    this.#gain = new SlowGain();
    [this.#tape, this.#held, this.#end] = [null, null, 0];
  }

  /** Start a tape at the first whole frame from `start` on. */
  #begin(start) {
    const aligned = Math.ceil(start / FRAME_SAMPLES) * FRAME_SAMPLES;
    const around = this.#encoder.samplesBefore + this.#encoder.samplesAfter;
    // a chunk, the second around either end, and room to write
    this.#tape = new Tape(aligned, this.#hop + 2 * this.#margin + around + 4 * SAMPLE_RATE_HZ);
    this.#skip = aligned - start;
    this.#nextFrame = aligned / FRAME_SAMPLES;
    // from the beginning of the hop: what lies before the stream counts as lost
    this.#nextSecond = Math.floor(aligned / this.#hop) * (this.#hop / SAMPLE_RATE_HZ);
    this.#seconds = new Map();
    this.#gainsDb = new Map();
    this.#end = start;
  }

  /** Begin anew with the block that came after a long gap, if there is one. */
  async #takeHeld() {
    const block = this.#held;
    this.#held = null;
    if (!block) {
      return [];
    }
    this.#begin(block.start);
    const parts = await this.#feed(0, block.samples);
    this.#end = block.start + block.samples.length;
    return parts;
  }

  /** Write a gap, then samples, and return what became complete. */
  async #feed(gap, samples) {
    const parts = [];
    let skipped = Math.min(this.#skip, gap);
    this.#skip -= skipped;
    gap -= skipped;
    while (gap) {
      gap -= this.#tape.lose(gap);
      parts.push(...(await this.#advance()));
    }
    skipped = Math.min(this.#skip, samples.length);
    this.#skip -= skipped;
    samples = samples.subarray(skipped);
    while (samples.length) {
      samples = samples.subarray(this.#tape.write(samples));
      parts.push(...(await this.#advance()));
    }
    return parts;
  }

  /** Return the frames up to the last whole one, with silence behind it. */
  async #finish() {
    const lastFrame = Math.floor(this.#tape.end / FRAME_SAMPLES);
    const parts = [];
    while (this.#nextFrame < lastFrame) {
      this.#tape.lose(SAMPLE_RATE_HZ);
      parts.push(...(await this.#advance(lastFrame)));
    }
    return parts;
  }

  /** Return the invalid frames that stand for the beginning of a long gap. */
  #invalidAfterFinish() {
    const frames = LONG_GAP_S * FRAME_RATE_HZ;
    const features = newFeatures(this.#nextFrame, frames, this.#encoder.width, LEVEL_WIDTH);
    features.level_dbfs.fill(QUIETEST_DBFS);
    features.noise_dbfs.fill(QUIETEST_DBFS);
    return features;
  }

  /** Measure complete seconds and encode complete chunks; let go of what is done with. */
  async #advance(lastFrame = Infinity) {
    while ((this.#nextSecond + 1) * SAMPLE_RATE_HZ <= this.#tape.end) {
      this.#measure(this.#nextSecond);
      this.#nextSecond += 1;
    }
    const parts = [];
    while (this.#nextFrame < lastFrame) {
      const hop = Math.floor((this.#nextFrame * FRAME_SAMPLES) / this.#hop);
      const start = hop * this.#hop - this.#margin;
      const lastSample = start + 2 * this.#margin + this.#hop + this.#encoder.samplesAfter;
      if (this.#tape.end < lastSample || !this.#hasGain(lastSample - 1)) {
        break;
      }
      parts.push(await this.#encode(hop, lastFrame));
      this.#forgetBefore((hop + 1) * this.#hop - this.#margin);
    }
    return parts;
  }

  /** Let go of what neither the chunk at sample `chunk` nor the level meter needs. */
  #forgetBefore(chunk) {
    const first = chunk - this.#encoder.samplesBefore;
    this.#tape.forgetBefore(Math.min(first, this.#nextSecond * SAMPLE_RATE_HZ - SAMPLES_BEFORE));
    for (const second of this.#gainsDb.keys()) {
      if ((second + 1) * SAMPLE_RATE_HZ <= first) {
        this.#gainsDb.delete(second);
      }
    }
  }

  /** Measure the levels of a second, and decide the gain of the next. */
  #measure(second) {
    const start = second * SAMPLE_RATE_HZ;
    const samples = this.#tape.read(start - SAMPLES_BEFORE, start + SAMPLE_RATE_HZ);
    const lost = this.#tape.lost(second * SECOND_FRAMES, SECOND_FRAMES);
    const levels = this.#meter.push(second, samples, lost);
    this.#seconds.set(second, levels);
    if (levels.floorDbfs === null && this.#gain.gainDb === null) {
      this.#gainsDb.set(second, 0); // nothing but digital silence so far
      return;
    }
    const nextDb = levels.floorDbfs === null ? this.#gain.gainDb : this.#gain.follow(levels.floorDbfs);
    // the first second with sound has only itself to go by
    if (!this.#gainsDb.has(second)) {
      this.#gainsDb.set(second, nextDb);
    }
    this.#gainsDb.set(second + 1, nextDb);
  }

  #hasGain(sample) {
    return this.#gainsDb.has(Math.floor(sample / SAMPLE_RATE_HZ));
  }

  /** Return the frames of a hop that were not given yet, up to `lastFrame`. */
  async #encode(hop, lastFrame) {
    const [count, width] = [this.#hop / FRAME_SAMPLES, this.#encoder.width];
    const first = hop * count;
    const keep = this.#nextFrame - first;
    const stop = Math.min(lastFrame - first, count);
    const lost = this.#tape.lost(first, count);
    const features = newFeatures(first + keep, stop - keep, width, LEVEL_WIDTH);
    if (!lost.subarray(keep, stop).every(Boolean)) {
      const encoded = await this.#runEncoder(hop);
      features.encoder.set(encoded.subarray(keep * width, stop * width));
    }
    for (let frame = keep; frame < stop; frame++) {
      const at = frame - keep;
      features.valid[at] = Number(!lost[frame]);
      if (lost[frame]) {
        features.encoder.fill(0, at * width, (at + 1) * width);
      }
      this.#copyLevels(features, at, first + frame);
    }
    for (let frame = first; frame < first + count; frame += SECOND_FRAMES) {
      this.#seconds.delete(frame / SECOND_FRAMES);
    }
    this.#nextFrame = first + stop;
    return features;
  }

  /** Copy what was measured in absolute `frame` into row `at`. */
  #copyLevels(features, at, frame) {
    const second = this.#seconds.get(Math.floor(frame / SECOND_FRAMES));
    const row = frame % SECOND_FRAMES;
    features.levels.set(second.levels.subarray(row * LEVEL_WIDTH, (row + 1) * LEVEL_WIDTH), at * LEVEL_WIDTH);
    for (const name of ["level_dbfs", "noise_dbfs", "clipped", "silent"]) {
      features[name][at] = second[name][row];
    }
  }

  /** Return the encoder's frames of a hop, without the margins. */
  async #runEncoder(hop) {
    const start = hop * this.#hop - this.#margin - this.#encoder.samplesBefore;
    const end = (hop + 1) * this.#hop + this.#margin + this.#encoder.samplesAfter;
    const samples = this.#tape.read(start, end);
    let second = Math.floor(start / SAMPLE_RATE_HZ);
    for (let k = 0; k < samples.length; second++) {
      const gain = Math.fround(10 ** ((this.#gainsDb.get(second) ?? 0) / 20)); // zeros before any sound
      const stop = Math.min((second + 1) * SAMPLE_RATE_HZ - start, samples.length);
      for (; k < stop; k++) {
        samples[k] *= gain;
      }
    }
    const margin = (this.#margin / FRAME_SAMPLES) * this.#encoder.width;
    const encoded = await this.#encoder.run(samples);
    return encoded.subarray(margin, margin + (this.#hop / FRAME_SAMPLES) * this.#encoder.width);
  }
}
