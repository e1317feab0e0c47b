// From the delayed reading to decided events: scoring/decide.py, without ids.

import { FRAME_RATE_HZ } from "../features/features.js";
import { Smoother } from "./reading.js";
import { RunFinder } from "./runs.js";

export const EDGE_FRAMES = 5;
export const EFFORT_SPOTS = 2;
export const SNORE_SHARE = 0.2;

/** Judges runs: length, type, and that breathing was audible before and after. */
export class Decider {
  #settings;
  #smoother = new Smoother();
  #runs;
  #waiting = [];
  #resumedAt = null;
  #continues = false;
  #inGap = true;

  constructor(settings) {
    this.#settings = settings;
    this.#runs = new RunFinder(settings);
  }

  /** Take the next frame; return the events that are decided with it. */
  push(reading) {
    if (this.#inGap) {
      [this.#resumedAt, this.#inGap] = [reading.index, false];
    }
    const smoothed = this.#smoother.push(reading);
    return smoothed === null ? [] : this.#advance(...smoothed);
  }

  /** Sound is missing here, or has ended for good. */
  gap() {
    if (this.#inGap) {
      return [];
    }
    const held = this.#smoother.flush();
    const events = held === null ? [] : this.#advance(...held);
    const run = this.#runs.cut();
    if (run === null) {
      this.#continues = false;
    } else if (!this.#isRest(run)) {
      this.#continues = run.lapsed || this.#longEnough(run);
      this.#waitFor(run);
    }
    events.push(...this.#settle(null));
    this.#inGap = true;
    return events;
  }

  #advance(reading, pEvent) {
    const run = this.#runs.push(reading, pEvent);
    if (run !== null && !this.#isRest(run)) {
      this.#waitFor(run);
    }
    return this.#waiting.length ? this.#settle(reading) : [];
  }

  /** Whether the run goes on from before a gap, where it has been decided. */
  #isRest(run) {
    if (!this.#continues || this.#resumedAt === null || !run.readings.length) {
      return false;
    }
    return run.readings[0].index - this.#resumedAt <= EDGE_FRAMES;
  }

  #waitFor(run) {
    if (run.lapsed || !this.#longEnough(run)) {
      return;
    }
    const { index: onset, audibleBefore: before } = run.readings[0];
    if (before !== null && onset - before <= this.#settings.audible_before_s * FRAME_RATE_HZ) {
      this.#waiting.push(run);
    }
  }

  #longEnough(run) {
    return run.readings.length >= this.#settings.min_event_s * FRAME_RATE_HZ;
  }

  /** Decide what can be decided now; `reading` is null where sound ends. */
  #settle(reading) {
    const events = [];
    while (this.#waiting.length) {
      const run = this.#waiting[0];
      let confirmed = run.truncated;
      if (reading !== null && !confirmed) {
        confirmed = heardAfter(run, reading);
        if (!confirmed && this.#mayWait(run, reading)) {
          break;
        }
      }
      this.#waiting.shift();
      if (confirmed) {
        events.push(eventOf(run));
      }
    }
    return events;
  }

  #mayWait(run, reading) {
    const wait = this.#settings.audible_after_s * FRAME_RATE_HZ;
    return reading.index - run.readings.at(-1).index < wait;
  }
}

function heardAfter(run, reading) {
  const before = reading.audibleBefore;
  return reading.audible || (before !== null && before > run.readings.at(-1).index);
}

function eventOf({ readings, truncated }) {
  const total = (name) => readings.reduce((sum, reading) => sum + Number(reading[name]), 0);
  const [apnea, hypopnea] = [total("apnea"), total("hypopnea")];
  const confidence = Math.min((apnea + hypopnea) / readings.length, 1);
  return {
    type: apnea >= hypopnea ? "apnea" : "hypopnea",
    onset_s: readings[0].index / FRAME_RATE_HZ,
    duration_s: readings.length / FRAME_RATE_HZ,
    confidence: Math.round(confidence * 1000) / 1000,
    character: character(readings, apnea >= hypopnea),
    monitorable: 2 * total("monitorable") >= readings.length,
    truncated,
  };
}

/** Hint at effort: short sounds inside an apnea, snoring inside a hypopnea. */
function character(readings, isApnea) {
  const inside = readings.slice(EDGE_FRAMES, -EDGE_FRAMES);
  if (!isApnea) {
    const snores = inside.filter((reading) => reading.snore).length;
    return snores >= SNORE_SHARE * inside.length ? "with_effort" : "unknown";
  }
  const spots = inside.filter((now, k) => k > 0 && now.spot && !inside[k - 1].spot).length;
  if (spots >= EFFORT_SPOTS) {
    return "with_effort";
  }
  return inside.some((reading) => reading.spot) ? "unknown" : "silent";
}
