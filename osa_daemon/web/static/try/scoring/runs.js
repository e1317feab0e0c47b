// Runs of frames that look like one respiratory event: scoring/runs.py.

import { FRAME_RATE_HZ } from "../features/features.js";

/**
 * Cuts the stream into runs `{readings, lapsed, truncated}`, by hysteresis and merging; `readings`
 * is empty where a run lapsed (120 s).
 */
export class RunFinder {
  #settings;
  #run = [];
  #dip = [];
  #reached = false;
  #lapsed = false;
  #breathFrames = 0;
  #edgeFrames = 0;

  constructor(settings) {
    this.#settings = settings;
  }

  /** Take the next frame and its smoothed probability; return a run that is over, else null. */
  push(reading, pEvent) {
    const limit = this.#settings.thresholds.event;
    if (pEvent >= limit) {
      this.#extend(reading, true);
      return null;
    }
    if (pEvent >= limit * this.#settings.hysteresis && this.#mayBeEdge()) {
      this.#extend(reading, false);
      return null;
    }
    if (!this.#open()) {
      return null;
    }
    this.#dip.push(reading);
    this.#breathFrames = reading.breath ? this.#breathFrames + 1 : 0;
    return this.#isOver() ? this.#close(false) : null;
  }

  /** Sound ends here: return the run that was open, else null. */
  cut() {
    return this.#open() ? this.#close(true) : null;
  }

  #open() {
    return this.#run.length > 0 || this.#lapsed;
  }

  #near() {
    return this.#dip.length <= this.#settings.click_s * FRAME_RATE_HZ;
  }

  #mayBeEdge() {
    if (!this.#near()) {
      return false;
    }
    const longest = this.#settings.merge_gap_s * FRAME_RATE_HZ;
    if (!this.#reached && this.#edgeFrames >= longest) {
      this.#run.shift();
      return true;
    }
    return this.#edgeFrames < longest;
  }

  #extend(reading, reached) {
    this.#edgeFrames = reached ? 0 : this.#edgeFrames + 1;
    this.#run.push(...this.#dip, reading);
    this.#dip = [];
    this.#breathFrames = 0;
    this.#reached ||= reached;
    if (this.#run.length >= this.#settings.unknown_after_s * FRAME_RATE_HZ) {
      this.#lapsed = true;
    }
    if (this.#lapsed) {
      this.#run = [];
    }
  }

  #isOver() {
    if (!this.#reached && !this.#near()) {
      return true;
    }
    const sureBreath = this.#breathFrames > this.#settings.click_s * FRAME_RATE_HZ;
    return sureBreath || this.#dip.length >= this.#settings.merge_gap_s * FRAME_RATE_HZ;
  }

  #close(truncated) {
    const run = this.#reached ? { readings: this.#trimmed(), lapsed: this.#lapsed, truncated } : null;
    [this.#run, this.#dip] = [[], []];
    this.#reached = this.#lapsed = false;
    this.#breathFrames = this.#edgeFrames = 0;
    return run;
  }

  /** Return the run without the edges that only the smoothing has put there. */
  #trimmed() {
    const limit = this.#settings.thresholds.event * this.#settings.hysteresis;
    const isInside = (reading) => reading.apnea + reading.hypopnea >= limit;
    const first = this.#run.findIndex(isInside);
    return first < 0 ? [] : this.#run.slice(first, this.#run.findLastIndex(isInside) + 1);
  }
}
