// The pause in progress, from the causal reading alone: scoring/progress.py.

import { FRAME_RATE_HZ } from "../features/features.js";
import { Recent } from "./recent.js";

export const [ON, OFF, UNKNOWN] = ["ON", "OFF", "None"];

export const CROSSING_FRAMES = 5;
export const BREATH_WINDOW = 10;
export const UNHEARD_FRAMES = 5 * FRAME_RATE_HZ;
export const BREATH_FRAMES = 5;

/** State machine: `state` is what is told, `onset` the first frame of the pause while it is ON. */
export class PauseInProgress {
  #settings;
  #first = null;
  #heardSince = 0;
  #breathAt = [];
  #breath = new Recent(BREATH_WINDOW);
  #apnea = [];
  #highFrames = 0;
  #lowFrames = 0;
  #doubtFrames = 0;
  #quietFrames = 0;
  #owesBreath = false;
  #lapsed = false;
  #endedAt = null;
  #dropped = null; // {at, onset} of a pause without its breath

  constructor(settings) {
    this.#settings = settings;
    this.state = UNKNOWN;
    this.onset = null;
  }

  /** Take the next frame and what could be heard in it. */
  push(frame, hearing) {
    if (this.#first === null) {
      this.#first = this.#heardSince = frame.index;
    }
    if (!hearing.monitorable) {
      this.lose(frame.index);
      return;
    }
    this.#count(frame, hearing);
    if (this.state === ON) {
      this.#watch(frame, hearing);
    } else if (this.#crosses(frame.index)) {
      this.#begin(frame.index);
    } else if (this.state === UNKNOWN) {
      this.#recover(frame, hearing);
    } else if (this.#breathIsHeard()) {
      this.#dropped = null; // what comes now is another pause
    }
  }

  /** Nothing could be heard up to and including this frame: the state is unknown. */
  lose(index) {
    this.#owesBreath ||= this.state === ON;
    this.state = UNKNOWN;
    this.onset = null;
    this.#heardSince = index + 1;
    this.#breathAt = [];
    this.#breath.clear();
    this.#apnea = [];
    this.#highFrames = this.#lowFrames = this.#doubtFrames = this.#quietFrames = 0;
    this.#dropped = null;
  }

  #frames(name) {
    return this.#settings[name] * FRAME_RATE_HZ;
  }

  #count(frame, hearing) {
    const limits = this.#settings.thresholds;
    const breathes = frame.breath >= limits.breath;
    this.#breath.push(breathes);
    if (breathes) {
      this.#breathAt.push(frame.index);
    }
    const oldest = frame.index - this.#frames("onset_search_s");
    while (this.#breathAt.length && this.#breathAt[0] < oldest) {
      this.#breathAt.shift();
    }
    this.#apnea = [...this.#apnea, frame.apnea].slice(-CROSSING_FRAMES);
    const high = frame.apnea >= limits.in_progress;
    const low = frame.apnea < limits.release;
    this.#highFrames = high ? this.#highFrames + 1 : 0;
    this.#doubtFrames = high ? 0 : this.#doubtFrames + 1;
    this.#lowFrames = low ? this.#lowFrames + 1 : 0;
    this.#quietFrames = low && hearing.audible ? this.#quietFrames + 1 : 0;
  }

  #breathIsHeard() {
    return this.#breath.count >= BREATH_FRAMES && this.#highFrames === 0;
  }

  #crosses(index) {
    const shortest = this.#frames("min_event_s");
    return (
      this.#apneaIsSure() &&
      !this.#lapsed &&
      index + 1 - this.#heardSince >= shortest &&
      this.#warm(index) &&
      (this.#resumes(index) || this.#endedAt === null || index - this.#endedAt >= shortest)
    );
  }

  #apneaIsSure() {
    const sum = this.#apnea.reduce((total, apnea) => total + apnea, 0);
    return this.#highFrames > 0 && sum >= this.#settings.thresholds.in_progress * CROSSING_FRAMES;
  }

  #warm(index) {
    return index + 1 - this.#first >= this.#frames("warm_up_s");
  }

  #resumes(index) {
    return this.#dropped !== null && index - this.#dropped.at <= this.#frames("merge_gap_s");
  }

  #begin(index) {
    const crossing = index - Math.floor(CROSSING_FRAMES / 2);
    this.onset = this.#resumes(index) ? this.#dropped.onset : this.#datedBack(crossing);
    this.state = ON;
    this.#owesBreath = false;
    this.#dropped = null;
  }

  /** First frame after the last breath, 10 to 14 s before; else 10 s before. */
  #datedBack(crossing) {
    const latest = crossing - Math.round(this.#frames("min_event_s"));
    const last = this.#breathAt.findLast((at) => at < latest);
    return Math.max(last === undefined ? latest : last + 1, this.#heardSince, this.#endedAt ?? 0);
  }

  #watch(frame, hearing) {
    if (frame.index + 1 - this.onset >= this.#frames("unknown_after_s")) {
      this.lose(frame.index);
      this.#lapsed = true;
    } else if (this.#breathIsHeard()) {
      this.#end(frame.index - BREATH_WINDOW);
    } else if (this.#hasDropped()) {
      if (hearing.audible) {
        this.#dropped = { at: frame.index, onset: this.onset };
        this.#end(frame.index - this.#doubtFrames);
      } else if (this.#doubtFrames >= UNHEARD_FRAMES) {
        this.lose(frame.index);
      }
    }
  }

  #hasDropped() {
    return (
      this.#lowFrames >= this.#frames("release_s") || this.#doubtFrames >= this.#frames("doubt_s")
    );
  }

  #end(last) {
    this.state = OFF;
    this.onset = null;
    this.#endedAt = last + 1;
    this.#owesBreath = this.#lapsed = false;
  }

  #recover(frame, hearing) {
    if (!this.#warm(frame.index)) {
      return;
    }
    if (this.#owesBreath) {
      // faint breathing may never look like breath: audible for long without a pause will do
      if (this.#breathIsHeard() || this.#quietFrames >= this.#frames("audible_after_s")) {
        this.#end(frame.index);
      }
    } else if (hearing.audible && this.#highFrames === 0) {
      this.state = OFF;
    }
  }
}
