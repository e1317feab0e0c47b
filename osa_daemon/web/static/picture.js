/** A night as a picture: events, snoring and what was heard; level and noise; breathing rate. */

import { axis, Chart, fill, legend, line, timeAxis } from "./chart.js";
import { el, table } from "./element.js";
import { colour } from "./theme.js";
import { clock, noneHeard, number, share } from "./words.js";
import { Zoom } from "./zoom.js";

const MINUTE_S = 60;
const LANES = ["Heard", "Snoring", "Events"]; // from below

/** @param {any} night as the server tells it */
export function picture(night) {
  const { minutes } = night;
  const times = minutes.start.map((at) => Date.parse(at) / 1000);
  const whole = [times[0], times.at(-1) + MINUTE_S];
  let zoom = null;
  const mouse = () => zoom.mouse;
  const charts = [
    new Chart({
      label: eventsLabel(night),
      height: 130,
      data: [times, times.map(() => null)],
      options: () => lanes(night, times, mouse()),
    }),
    new Chart({
      label: "Sound level and noise floor of each minute",
      height: 160,
      data: gapped(times, minutes.level_dbfs, minutes.noise_dbfs),
      options: () => levels(mouse()),
    }),
    new Chart({
      label: "Breathing rate of each minute, where it was known",
      height: 130,
      data: gapped(times, minutes.breathing_rate_bpm),
      options: () => rates(mouse()),
    }),
  ];
  zoom = new Zoom(charts, /** @type {[number, number]} */ (whole));
  const keys = el(
    "p.dim",
    {},
    "Keys in a picture: + and − for less and more of the night, arrows to move, 0 for all of it. Fingers and mouse draw it apart too.",
  );
  const element = el(
    "section",
    {},
    el("h2", {}, "Picture of the night"),
    zoom.buttons,
    figure("What was heard", charts[0], [
      ["event", "pause"],
      ["reduced", "reduced breathing"],
      ["snoring", "snoring"],
      ["heard", "breathing heard"],
      ["gap", "sound lost"],
    ]),
    figure("Level (dB of full scale)", charts[1], [
      ["level", "sound level"],
      ["noise", "noise floor"],
    ]),
    figure("Breaths a minute", charts[2], []),
    keys,
    byHour(night, times),
  );
  return { element, close: () => charts.forEach((chart) => chart.close()) };
}

/** @param {string} title @param {Chart} chart @param {[string, string][]} signs */
function figure(title, chart, signs) {
  return el("figure", {}, el("figcaption", {}, title), chart.element, signs.length > 0 && legend(signs));
}

/** @param {any} night */
function eventsLabel(night) {
  const events = night.event_list.length || noneHeard(night);
  return `Events over the night (${events}), snoring and what could be heard. The table by hour below has the figures.`;
}

/** The columns, with a break wherever minutes are missing. @param {number[]} times */
function gapped(times, ...columns) {
  const out = [[], ...columns.map(() => [])];
  times.forEach((time, i) => {
    if (i && time - times[i - 1] > 1.5 * MINUTE_S) {
      out[0].push(times[i - 1] + MINUTE_S);
      columns.forEach((_, c) => out[c + 1].push(null));
    }
    out[0].push(time);
    columns.forEach((column, c) => out[c + 1].push(column[i]));
  });
  return out;
}

function lanes(night, times, mouse) {
  const draw = (u) => drawLanes(u, night, times);
  return {
    cursor: mouse.cursor,
    scales: { x: whole(times), y: { range: [0, LANES.length] } },
    axes: [
      timeAxis(),
      axis({ splits: [0.5, 1.5, 2.5], values: () => LANES, grid: { show: false }, size: 60 }),
    ],
    series: [{}, {}],
    hooks: { ...mouse.hooks, drawClear: [draw] },
  };
}

function drawLanes(u, { minutes, event_list }, times) {
  times.forEach((time, i) => {
    const strips = [
      ["heard-fill", minutes.monitorable_s[i], 0],
      ["gap", minutes.gap_s[i], 0],
      ["snoring", minutes.snoring_s[i], 1],
    ];
    for (const [name, s, lane] of strips) {
      const part = Math.min(s / MINUTE_S, 1);
      if (part > 0.01) fill(u, colour(name), time, time + MINUTE_S, lane + 0.1, lane + 0.1 + 0.8 * part);
    }
  });
  for (const event of event_list) {
    const from = Date.parse(event.onset) / 1000;
    const isPause = event.type === "apnea";
    fill(
      u,
      colour(isPause ? "event" : "reduced"),
      from,
      from + event.duration_s,
      2.1,
      isPause ? 2.9 : 2.5,
      2,
    );
  }
}

function levels(mouse) {
  return {
    ...mouse,
    scales: {
      x: {},
      y: { range: (_, min, max) => [Math.floor((min ?? -70) - 3), Math.ceil((max ?? -30) + 3)] },
    },
    axes: [timeAxis(), axis({ size: 60 })],
    series: [{}, line("level"), line("noise", { dash: [4, 4] })],
  };
}

function rates(mouse) {
  return {
    ...mouse,
    scales: { x: {}, y: { range: (_, min, max) => [Math.min(8, min ?? 8), Math.max(24, max ?? 24)] } },
    axes: [timeAxis(), axis({ size: 60 })],
    series: [{}, line("breath")],
  };
}

function whole(times) {
  return { range: (_, min, max) => [min ?? times[0], max ?? times.at(-1)] };
}

/** The same in figures, an hour a row. */
function byHour(night, times) {
  /** @type {Map<number, number[]>} */
  const hours = new Map();
  times.forEach((time, i) => {
    const hour = Math.floor(time / 3600);
    hours.set(hour, [...(hours.get(hour) ?? []), i]);
  });
  const rows = [...hours].map(([hour, places]) => hourRow(night, hour, places));
  const heads = ["From", "Events", "Heard", "Snoring", "Level", "Noise", "Rate"];
  return el(
    "details",
    {},
    el("summary", {}, "The night by hour, as a table"),
    table("The night by hour", heads, rows),
  );
}

function hourRow({ minutes, event_list }, hour, places) {
  const sum = (column) => places.reduce((total, i) => total + (column[i] ?? 0), 0);
  const mean = (column) => {
    const known = places.map((i) => column[i]).filter((value) => value !== null && value !== undefined);
    return known.length ? known.reduce((total, value) => total + value, 0) / known.length : null;
  };
  const events = event_list.filter((event) => Math.floor(Date.parse(event.onset) / 3600000) === hour).length;
  const heard = sum(minutes.monitorable_s);
  const listened = sum(minutes.heard_s) + sum(minutes.gap_s);
  return [
    clock(hour * 3600000),
    events,
    share(listened ? heard / listened : null),
    share(heard ? sum(minutes.snoring_s) / heard : null),
    `${number(mean(minutes.level_dbfs), 0)} dB`,
    `${number(mean(minutes.noise_dbfs), 0)} dB`,
    number(mean(minutes.breathing_rate_bpm)),
  ];
}
