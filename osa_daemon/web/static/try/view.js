// What a person reads on the page.

import { Chart } from "./chart.js";

const REDRAW_MS = 500;
const LIKELY = 0.5; // from this probability on a sound is named
const MOST_S = 24 * 3600; // rows that are kept, one a second

const part = (name) => document.getElementById(name);

/** Shows seconds, events and how fast they come. */
export class View {
  #chart = new Chart(part("chart"));
  #seconds = [];
  #events = [];
  #heardS = 0;
  #tookS = 0;
  #totalS = null;
  #isDrawing = false;

  constructor() {
    addEventListener("resize", () => this.#redraw());
  }

  /** Begin anew; `totalS` is how long the recording is, null of a microphone. */
  clear(totalS = null) {
    [this.#seconds, this.#events] = [[], []];
    [this.#heardS, this.#tookS, this.#totalS] = [0, 0, totalS];
    part("events").replaceChildren();
    part("picture").hidden = false;
    part("count").textContent = "No event yet.";
    this.#redraw();
  }

  /** Say in one sentence what goes on. */
  say(sentence) {
    part("state").textContent = sentence;
  }

  /** Say in one sentence what went wrong; an empty one takes it back. */
  complain(sentence) {
    part("wrong").textContent = sentence;
  }

  set totalS(totalS) {
    this.#totalS = totalS;
  }

  /** How fast it hears, as a multiple of real time. */
  get speed() {
    return this.#tookS ? this.#heardS / this.#tookS : 0;
  }

  /** Take what the worker told. */
  take({ seconds, events, tookS = 0, heardS = 0 }) {
    this.#tookS += tookS;
    this.#heardS += heardS;
    this.#seconds.push(...seconds);
    this.#seconds.splice(0, Math.max(this.#seconds.length - MOST_S, 0));
    events.forEach((event) => this.#addEvent(event));
    this.#redraw();
  }

  #addEvent(event) {
    this.#events.push(event);
    const row = part("events").insertRow();
    const word = event.type === "apnea" ? "pause" : "reduced breathing";
    const cells = [clock(event.onset_s), `${event.duration_s.toFixed(1)} s`, word, event.confidence.toFixed(2)];
    cells.forEach((text) => (row.insertCell().textContent = text));
    const count = this.#events.length;
    part("count").textContent = `${count} event${count === 1 ? "" : "s"}.`;
  }

  #redraw() {
    if (this.#isDrawing) {
      return;
    }
    this.#isDrawing = true;
    setTimeout(() => {
      this.#isDrawing = false;
      this.#chart.draw(this.#seconds, this.#events, this.#totalS);
      this.#figures();
    }, REDRAW_MS);
  }

  #figures() {
    const now = this.#seconds.at(-1);
    const monitorable = this.#seconds.filter((second) => second.monitorable).length;
    const figures = {
      at: now ? clock(now.atS) + (this.#totalS === null ? "" : ` of ${clock(this.#totalS)}`) : "–",
      hears: now ? hears(now) : "–",
      level: now ? `${now.levelDbfs.toFixed(0)} dBFS` : "–",
      noise: now ? `${now.noiseDbfs.toFixed(0)} dBFS` : "–",
      breath: now ? percent(now.breath) : "–",
      pause: now ? percent(now.pause) : "–",
      reduced: now ? percent(now.reduced) : "–",
      heard: this.#seconds.length ? percent(monitorable / this.#seconds.length) : "–",
      speed: this.#tookS ? `${this.speed.toFixed(1)} × real time` : "–",
    };
    Object.entries(figures).forEach(([name, text]) => (part(name).textContent = text));
  }
}

/** Return seconds as hours, minutes and seconds. */
function clock(seconds) {
  const whole = Math.floor(seconds);
  const two = (number) => String(number).padStart(2, "0");
  const minutes = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return whole < 3600 ? minutes : `${Math.floor(whole / 3600)}:${minutes}`;
}

function percent(share) {
  return `${Math.round(share * 100)}\u00a0%`;
}

/** Return in words what is heard in a second, those of the bedside's page; the first that is so counts. */
export function hears(second) {
  const told = [
    [!second.isHeard, "No sound arrives"],
    [second.silent, "Nothing at all: the microphone may be muted"],
    [second.clipped, "Too loud for the microphone"],
    [second.progress === "ON", pauseText(second.pauseS)],
    [second.gasp >= LIKELY, "A gasp"],
    [second.snore >= LIKELY, "Snoring"],
    [second.breath >= LIKELY, "Breathing"],
    [second.audible, "Quiet, in which breathing could be heard"],
  ];
  return told.find(([isSo]) => isSo)?.[1] ?? "Breathing cannot be heard";
}

function pauseText(seconds) {
  return "A pause in breathing" + (seconds === null ? "" : `, ${seconds.toFixed(0)} s so far`);
}
