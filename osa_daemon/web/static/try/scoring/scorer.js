// Scoring as a whole: scoring/scorer.py, without the ladder of alerts.

import { FRAME_RATE_HZ } from "../features/features.js";
import { Audibility } from "./audibility.js";
import { Decider } from "./decide.js";
import { PauseInProgress } from "./progress.js";

export const LONGEST_DELAY = 120 * FRAME_RATE_HZ;

/** Pure and deterministic: no clock; the same frames give the same answers. */
export class Scorer {
  #settings;
  #audibility;
  #progress;
  #decider;
  #passed = []; // {index, hearing} of frames that wait for their delayed reading
  #next = null;
  #nextDelayed = null;
  #audibleAt = null;

  constructor(settings) {
    this.#settings = settings;
    this.#audibility = new Audibility(settings);
    this.#progress = new PauseInProgress(settings);
    this.#decider = new Decider(settings);
  }

  /** Take the next frame; return what it led to. */
  push(frame) {
    if (this.#next !== null && frame.index !== this.#next) {
      this.#skip(frame.index);
    }
    this.#next = frame.index + 1;
    const hearing = this.#audibility.push(frame);
    this.#passed.push({ index: frame.index, hearing });
    if (this.#passed.length > LONGEST_DELAY) {
      this.#passed.shift();
    }
    this.#progress.push(frame, hearing);
    const events = frame.delayed === null ? [] : this.#decide(frame.delayed);
    return this.#scored(hearing, events);
  }

  /** Close what is open; `delayed` are the readings of the last frames. */
  finish(delayed = []) {
    const events = delayed.flatMap((reading) => this.#decide(reading));
    events.push(...this.#decider.gap());
    this.#progress.lose((this.#next ?? 0) - 1);
    return this.#scored({ audible: false, monitorable: false }, events);
  }

  #scored(hearing, events) {
    const onset = this.#progress.onset;
    return {
      index: (this.#next ?? 0) - 1,
      audible: hearing.audible,
      monitorable: hearing.monitorable,
      progress: this.#progress.state,
      progress_onset_s: onset === null ? null : onset / FRAME_RATE_HZ,
      events,
    };
  }

  #skip(index) {
    if (index < this.#next) {
      throw new RangeError(`frame ${index} came after frame ${this.#next - 1}`);
    }
    this.#progress.lose(index - 1);
  }

  #decide(delayed) {
    if (this.#nextDelayed !== null && delayed.index < this.#nextDelayed) {
      return [];
    }
    const events = [];
    if (this.#nextDelayed !== null && delayed.index > this.#nextDelayed) {
      events.push(...this.#decider.gap());
    }
    this.#nextDelayed = delayed.index + 1;
    const hearing = this.#hearingOf(delayed.index);
    if (!hearing?.usable) {
      return [...events, ...this.#decider.gap()];
    }
    return [...events, ...this.#decider.push(this.#reading(delayed, hearing))];
  }

  #hearingOf(index) {
    const passed = this.#passed;
    while (passed.length && passed[0].index < index) {
      passed.shift();
    }
    return passed[0]?.index === index ? passed.shift().hearing : null;
  }

  #reading(delayed, hearing) {
    const limits = this.#settings.thresholds;
    const audible = hearing.audible || delayed.audible >= limits.audible;
    const [breath, snore] = [delayed.breath >= limits.breath, delayed.snore >= limits.snore];
    const audibleBefore = this.#audibleAt;
    if (audible) {
      this.#audibleAt = delayed.index;
    }
    return {
      index: delayed.index,
      apnea: delayed.apnea,
      hypopnea: delayed.hypopnea,
      breath,
      snore,
      spot: breath || snore || delayed.gasp >= limits.gasp,
      audible,
      monitorable: hearing.monitorable,
      audibleBefore,
    };
  }
}
