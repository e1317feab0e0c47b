// Slow gain before the encoder: features/gain.py.

export const TARGET_DBFS = -65;
export const STEP_DB = 4;
export const LEAST_DB = -40;
export const MOST_DB = 60;

/** Decides a gain for each second from the noise floor before it, in coarse steps. */
export class SlowGain {
  constructor() {
    this.gainDb = null;
  }

  /** Take the noise floor (dBFS) and return the gain (dB) for the next second. */
  follow(noiseDbfs) {
    const wantedDb = Math.min(Math.max(TARGET_DBFS - noiseDbfs, LEAST_DB), MOST_DB);
    if (this.gainDb === null || Math.abs(wantedDb - this.gainDb) > STEP_DB) {
      this.gainDb = wantedDb;
    }
    return this.gainDb;
  }
}
