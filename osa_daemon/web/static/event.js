/** The view *event*: what was before, during and after one event. */

import { get } from "./api.js";
import { axis, Chart, fill, fillRuns, legend, line } from "./chart.js";
import { el, table, terms } from "./element.js";
import { notes } from "./night.js";
import { colour } from "./theme.js";
import { dateOf, exactClock, kind, number, seconds, share } from "./words.js";

const STEP_OF_TABLE_S = 10;

/** @typedef {{start: string, step_s: number, level_dbfs: (number|null)[],
 *   noise_dbfs: (number|null)[], breath: (number|null)[], apnea: (number|null)[],
 *   hypopnea: (number|null)[], audible: (0|1)[]}} Trace: null where sound was lost */

/** @param {string} id @param {import("./page.js").Context} context */
export async function open(id, { signal }) {
  const told = await get(`./api/events/${encodeURIComponent(id)}`, signal);
  const { event, trace } = told;
  const what = kind(event.type);
  const title = `${what.charAt(0).toUpperCase()}${what.slice(1)} of ${seconds(event.duration_s)} at ${exactClock(event.onset)}`;
  const shown = trace ? course(event, trace) : null;
  const parts = [
    neighbours(told),
    el("h1", {}, title),
    terms(figures(event)),
    shown?.element ??
      el(
        "p",
        {},
        "There is no course of this event. It is made a minute after the event's end, and lost where the " +
          "daemon ended before that or the disk did not take it; it is forgotten after 30 nights.",
      ),
    el("p.dim", {}, "Which of the two kinds an event is, is often wrong: sound does not tell it well."),
  ];
  return { title, parts, close: () => shown?.close() };
}

/** @param {any} told */
function neighbours({ event, previous, next }) {
  return el(
    "nav.row.neighbours",
    { "aria-label": "Other events" },
    previous && el("a.button", { href: `#event/${encodeURIComponent(previous)}`, rel: "prev" }, "‹ Earlier"),
    el("a.button", { href: `#night/${event.night}` }, dateOf(event.night)),
    next && el("a.button", { href: `#event/${encodeURIComponent(next)}`, rel: "next" }, "Later ›"),
  );
}

/** @param {any} event @returns {[string, string][]} */
function figures(event) {
  return [
    ["Began", exactClock(event.onset)],
    ["Ended", exactClock(event.end)],
    ["Sure by", share(event.confidence)],
    ["Notes", notes(event)],
  ];
}

/** @param {any} event @param {Trace} trace */
function course(event, trace) {
  const onset = Date.parse(event.onset) / 1000;
  const first = Date.parse(trace.start) / 1000 - onset;
  const times = trace.level_dbfs.map((_, i) => first + i * trace.step_s);
  const span = /** @type {[number, number]} */ ([0, event.duration_s]);
  const charts = [
    new Chart({
      label: `Sound level and noise floor. ${words(trace, times, span)}`,
      height: 180,
      data: [times, trace.level_dbfs, trace.noise_dbfs],
      options: () => levels(trace, times, span),
    }),
    new Chart({
      label: "How likely breath, pause and reduced breathing were, second by second",
      height: 160,
      data: [times, trace.breath, trace.apnea, trace.hypopnea],
      options: () => chances(trace, times, span),
    }),
  ];
  const element = el(
    "section",
    {},
    el("h2", {}, "Before, during, after"),
    el("p", {}, words(trace, times, span)),
    el(
      "figure",
      {},
      el("figcaption", {}, "Level (dB of full scale); seconds from the beginning"),
      charts[0].element,
      legend([
        ["level", "sound level"],
        ["noise", "noise floor"],
        ["pause", "the event"],
        ["unheard", "not heard"],
      ]),
    ),
    el(
      "figure",
      {},
      el("figcaption", {}, "How likely (0 to 1)"),
      charts[1].element,
      legend([
        ["breath", "breath"],
        ["event", "pause"],
        ["reduced", "reduced breathing"],
      ]),
    ),
    inFigures(trace, times),
  );
  return { element, close: () => charts.forEach((chart) => chart.close()) };
}

/** @param {Trace} trace @param {number[]} times @param {[number, number]} span */
function words(trace, times, [from, to]) {
  const level = (least, most) => {
    const places = times.map((_, i) => i).filter((i) => times[i] >= least && times[i] < most);
    const known = places.filter((i) => trace.level_dbfs[i] !== null && trace.noise_dbfs[i] !== null);
    const over = known.map((i) => Number(trace.level_dbfs[i]) - Number(trace.noise_dbfs[i]));
    return over.length ? over.reduce((sum, db) => sum + db, 0) / over.length : null;
  };
  const before = `${number(level(from - 60, from))} dB the minute before`;
  const during = `${number(level(from, to))} dB during it`;
  const after = `${number(level(to, to + 60))} dB after it`;
  return `Sound above the noise floor, on average: ${before}, ${during}, ${after}.`;
}

/** @param {Trace} trace @param {number[]} times @param {[number, number]} span */
function shade(trace, times, span) {
  return (u) => {
    fill(u, colour("pause-fill"), span[0], span[1]);
    fillRuns(u, colour("unheard-fill"), times, trace.step_s, (i) => !trace.audible[i]);
  };
}

function levels(trace, times, span) {
  return {
    cursor: { show: false },
    scales: { x: { time: false }, y: {} },
    axes: [secondsAxis(), axis()],
    series: [{}, line("level"), line("noise", { dash: [4, 4] })],
    hooks: { drawClear: [shade(trace, times, span)] },
  };
}

function chances(trace, times, span) {
  return {
    cursor: { show: false },
    scales: { x: { time: false }, y: { range: [0, 1] } },
    axes: [secondsAxis(), axis()],
    series: [
      {},
      line("breath", { width: 1 }),
      line("event", { width: 2 }),
      line("reduced", { dash: [6, 3] }),
    ],
    hooks: { drawClear: [shade(trace, times, span)] },
  };
}

function secondsAxis() {
  return axis({ size: 28, space: 44, values: (_, marks) => marks.map((mark) => `${mark} s`) });
}

/** @param {Trace} trace @param {number[]} times */
function inFigures(trace, times) {
  const every = Math.max(1, Math.round(STEP_OF_TABLE_S / trace.step_s));
  const rows = times
    .map((time, i) => [time, i])
    .filter(([, i]) => i % every === 0)
    .map(([time, i]) => [
      `${Math.round(time)} s`,
      `${number(trace.level_dbfs[i], 0)} dB`,
      `${number(trace.noise_dbfs[i], 0)} dB`,
      number(trace.breath[i], 2),
      number(trace.apnea[i], 2),
      number(trace.hypopnea[i], 2),
      trace.audible[i] ? "yes" : "no",
    ]);
  const heads = ["From its beginning", "Level", "Noise", "Breath", "Pause", "Reduced", "Audible"];
  return el(
    "details",
    {},
    el("summary", {}, "As a table, every 10 s"),
    table("Course of the event", heads, rows),
  );
}
