/** What the daemon tells now: its states and the sound of each second. Bounded in memory. */

import { Refused, sentence, signIn, Unreachable } from "./api.js";
import { History } from "./history.js";
import { readStream } from "./stream.js";

const KEPT_S = 300;
const SILENCE_MS = 20000; // the server says something, a comment at least, every 15 s
const SOUND_LATE_MS = 7000; // while it listens, sound is told every second, two or three at once
const HEARING = ["monitoring", "deaf"]; // what is deaf may hear too much
const WORDS_OF = 6; // seconds: longer than a breath
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 15000;

export class Live {
  /** @type {Record<string, any>} */
  states = {};
  /** @type {import("./history.js").Sound | null} */
  sound = null;
  soundAt = 0; // performance.now() of the last sound, or of the opening
  history = new History(KEPT_S);
  /** "connecting", "open" or "lost" */
  connection = "connecting";
  /** @type {Date | null} */
  lostSince = null;
  reason = "";
  /** @type {import("./history.js").Sound[]} */
  #recent = [];
  #aliveAt = 0;
  #failures = 0;
  #changed;
  /** @type {AbortController | null} */
  #abort = null;
  #hurry = () => {};

  /** @param {(what: "state"|"sound"|"connection") => void} changed called for each message */
  constructor(changed) {
    this.#changed = changed;
  }

  start() {
    addEventListener("offline", () => this.#drop("This device has no network."));
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => !document.hidden && this.#wake());
    this.#run();
  }

  /** Whether what is shown is what is so now. */
  get isCurrent() {
    return this.connection === "open" && !this.isSoundLate;
  }

  /** Whether sound should have been told and was not. */
  get isSoundLate() {
    const listens = this.states.status?.state === "monitoring";
    return listens && performance.now() - this.soundAt > SOUND_LATE_MS;
  }

  /** The sound of this second; null where none is told now, whatever was told before. */
  get soundNow() {
    const isTold = HEARING.includes(this.states.status?.state) && this.isCurrent;
    return isTold && performance.now() - this.soundAt <= SOUND_LATE_MS ? this.sound : null;
  }

  /** Gives up a connection that has fallen silent; to be called every second. */
  check() {
    if (this.#abort && performance.now() - this.#aliveAt > SILENCE_MS) {
      this.#drop("The daemon has fallen silent.");
    }
  }

  /**
   * What is heard, in words. While all is calm, those of the loudest of the last seconds, or they
   * would change with each breath.
   */
  get words() {
    const isCalm = ({ audible, progress, level_dbfs: level }) =>
      audible && progress === "OFF" && level !== null;
    if (!this.sound || !isCalm(this.sound)) return this.sound?.hears ?? "";
    const calm = this.#recent.filter(isCalm);
    return calm.reduce((loudest, each) => (each.level_dbfs > loudest.level_dbfs ? each : loudest)).hears;
  }

  async #run() {
    for (;;) {
      const abort = (this.#abort = new AbortController());
      this.#aliveAt = performance.now();
      try {
        await readStream("./api/live", this, abort.signal);
        this.#lose("The daemon ended the connection.");
      } catch (error) {
        if (error instanceof Refused && error.status === 401) return signIn();
        const isKnown = error instanceof Refused || error instanceof Unreachable;
        if (!isKnown && !abort.signal.aborted) console.error(error);
        if (!abort.signal.aborted) this.#lose(sentence(error));
      }
      this.#abort = null;
      await this.#rest();
    }
  }

  opened() {
    this.#aliveAt = this.soundAt = performance.now();
    this.#failures = 0;
  }

  alive() {
    this.#aliveAt = performance.now();
  }

  /** @param {string} name @param {any} data */
  message(name, data) {
    if (name === "states") {
      this.states = data;
      this.sound = null;
      this.#recent = [];
      this.soundAt = performance.now();
      this.connection = "open";
      this.lostSince = null;
      this.#changed("connection");
    } else if (name === "state") {
      if (data.suffix === "status") this.#turn(data.payload);
      this.states[data.suffix] = data.payload;
      this.#changed("state");
    } else if (name === "sounds") {
      this.history.fill(data);
    } else if (name === "sound") {
      this.sound = data;
      this.soundAt = performance.now();
      this.history.push(data);
      this.#recent = [...this.#recent.slice(1 - WORDS_OF), data];
      this.#changed("sound");
    }
  }

  /** Another state of the daemon: the sound of the one before is not that of now. */
  #turn(status) {
    this.soundAt = performance.now();
    if (status?.state === this.states.status?.state) return;
    this.sound = null;
    this.#recent = [];
  }

  /** A page that is seen again asks at once: a sleeping phone keeps dead connections. */
  #wake() {
    this.check();
    if (!this.#abort) this.#hurry();
  }

  /** @param {string} reason */
  #drop(reason) {
    this.#lose(reason);
    this.#abort?.abort();
  }

  /** @param {string} reason */
  #lose(reason) {
    this.reason = reason;
    this.lostSince ??= new Date();
    this.sound = null;
    const told = this.connection === "lost";
    this.connection = "lost";
    if (!told) this.#changed("connection");
  }

  /** Waits before the next attempt: longer each time, not at the same moment as other pages. */
  #rest() {
    const ms = Math.min(FIRST_RETRY_MS * 2 ** this.#failures++, LONGEST_RETRY_MS);
    return new Promise((done) => {
      const timer = setTimeout(done, ms * (0.75 + Math.random() / 2));
      this.#hurry = () => {
        clearTimeout(timer);
        done(undefined);
      };
    });
  }
}
