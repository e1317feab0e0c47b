/** The last minutes of sound, a row a second, in a ring that never grows. */

/** @typedef {{at: string, level_dbfs: number|null, noise_dbfs: number|null, breath: number|null,
 *   audible: boolean, progress: "ON"|"OFF"|"None", pause_s: number|null, hears: string}} Sound */

const GAP_S = 2.5; // between two rows: something is missing, and the line breaks

export class History {
  #rows;
  #next = 0;
  #count = 0;
  #last = -Infinity;

  /** @param {number} seconds how many rows are kept */
  constructor(seconds) {
    this.seconds = seconds;
    this.#rows = new Array(seconds).fill(null);
  }

  get length() {
    return this.#count;
  }

  /** @param {Omit<Sound, "hears">} sound */
  push(sound) {
    const at = Date.parse(sound.at) / 1000;
    if (!Number.isFinite(at)) return;
    if (at <= this.#last) this.clear(); // the clock was set back
    if (this.#count && at - this.#last > GAP_S) this.#add([this.#last + 1, null, null, null, 0, 1]);
    this.#last = at;
    const pause = sound.progress === "ON" ? (sound.pause_s ?? 1) : 0;
    this.#add([at, sound.level_dbfs, sound.noise_dbfs, sound.breath, pause, sound.audible ? 0 : 1]);
  }

  /** Puts in what was told while nobody looked. @param {Omit<Sound, "hears">[]} sounds the oldest first */
  fill(sounds) {
    for (const sound of sounds) if (Date.parse(sound.at) / 1000 > this.#last) this.push(sound);
  }

  /** When the last row was, in milliseconds; null where there is none. */
  get lastMs() {
    return this.#count ? 1000 * this.#last : null;
  }

  clear() {
    this.#rows.fill(null);
    this.#next = this.#count = 0;
    this.#last = -Infinity;
  }

  /** The rows as columns, the oldest first: time (s), level, noise, breath, length of the
   * pause so far (s; 0: there is none), unheard (0 or 1). */
  columns() {
    const start = (this.#next - this.#count + this.seconds) % this.seconds;
    /** @type {(number|null)[][]} */
    const columns = [[], [], [], [], [], []];
    for (let i = 0; i < this.#count; i++) {
      const row = this.#rows[(start + i) % this.seconds];
      columns.forEach((column, c) => column.push(row[c]));
    }
    return columns;
  }

  /** @param {(number|null)[]} row */
  #add(row) {
    this.#rows[this.#next] = row;
    this.#next = (this.#next + 1) % this.seconds;
    this.#count = Math.min(this.#count + 1, this.seconds);
  }
}
