// Whether a pause could be heard: scoring/audibility.py.

import { FRAME_RATE_HZ } from "../features/features.js";
import { Recent } from "./recent.js";

export const COVER_WINDOW = 5 * FRAME_RATE_HZ;
export const COVER_FRAMES = Math.floor(COVER_WINDOW / 2);
export const CLIP_WINDOW = 10 * FRAME_RATE_HZ;
export const CLIP_FRAMES = (CLIP_WINDOW * 8) / 10;
export const FORGET_AFTER = 10 * FRAME_RATE_HZ;

const DEAF = { audible: false, monitorable: false, usable: false };
const UNHEARD = { audible: false, monitorable: false, usable: true };
const HELD = { audible: false, monitorable: true, usable: true };
const AUDIBLE = { audible: true, monitorable: true, usable: true };

/** Follows from frame to frame whether breathing is and stays audible. */
export class Audibility {
  #settings;
  #audibleAt = null;
  #floorDbfs = 0;
  #covering = new Recent(COVER_WINDOW);
  #clipped = new Recent(CLIP_WINDOW);
  #silentFrames = 0;
  #usableAt = -1;

  constructor(settings) {
    this.#settings = settings;
  }

  /** Judge the next frame; frames left out count as a gap. */
  push(frame) {
    if (!this.#usable(frame)) {
      return DEAF;
    }
    if (frame.index - this.#usableAt > FORGET_AFTER) {
      this.#audibleAt = null;
    }
    this.#usableAt = frame.index;
    if (frame.audible >= this.#settings.thresholds.audible) {
      this.#audibleAt = frame.index;
      this.#floorDbfs = frame.noise_dbfs;
      this.#covering.clear();
      return AUDIBLE;
    }
    return this.#stillHeld(frame) ? HELD : UNHEARD;
  }

  #usable(frame) {
    const clipped = this.#clipped.push(frame.clipped) >= CLIP_FRAMES;
    this.#silentFrames = frame.silent ? this.#silentFrames + 1 : 0;
    const silent = this.#silentFrames >= this.#settings.silent_after_s * FRAME_RATE_HZ;
    return frame.valid && !silent && !clipped;
  }

  #stillHeld(frame) {
    if (this.#audibleAt === null) {
      return false;
    }
    const loud = frame.level_dbfs >= this.#floorDbfs + this.#settings.cover_db;
    const covered = this.#covering.push(loud) >= COVER_FRAMES;
    const hold = this.#settings.monitorable_hold_s * FRAME_RATE_HZ;
    if (covered || frame.index - this.#audibleAt > hold) {
      this.#audibleAt = null;
      return false;
    }
    return true;
  }
}
