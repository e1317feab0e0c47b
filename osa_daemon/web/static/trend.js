/** The estimate of each night with its interval, and the mean of 14. */

import { axis, Chart, legend, line } from "./chart.js";
import { el } from "./element.js";
import { colour } from "./theme.js";
import { asDay, number } from "./words.js";

const HEIGHT_PX = 200;
const SHOWN = 90;
const MEAN_OF = 14;
const DAY_S = 86400;

/** @param {import("./nights.js").Night[]} nights the newest first */
export function trend(nights) {
  const all = [...nights].reverse();
  const means = meansOf(all).slice(-SHOWN);
  const shown = all.slice(-SHOWN);
  const times = shown.map((night) => asDay(night.night).getTime() / 1000);
  const intervals = shown.map((night) => night.interval ?? null);
  const judged = shown.filter((night) => night.index !== null);
  const chart = new Chart({
    label: words(judged),
    height: HEIGHT_PX,
    data: [times, shown.map((night) => night.index), means],
    options: () => options(intervals, judged),
  });
  const one = intervals.some(Boolean) ? "a night, with its 95 % interval" : "a night";
  const signs = legend([
    ["index", one],
    ["mean", "mean of 14 nights"],
  ]);
  const element = el("figure", {}, el("figcaption", {}, "Estimated events per hour"), chart.element, signs);
  return { element, close: () => chart.close() };
}

/**
 * At each night the mean of those of the last 14 that have an index: the average that is told beside it.
 * @param {import("./nights.js").Night[]} nights
 */
export function meansOf(nights) {
  const indices = nights.map((night) => night.index);
  return indices.map((_, i) => {
    const last = indices.slice(Math.max(0, i + 1 - MEAN_OF), i + 1).filter((index) => index !== null);
    return last.length ? last.reduce((sum, value) => sum + value, 0) / last.length : null;
  });
}

/** @param {import("./nights.js").Night[]} judged */
function words(judged) {
  if (!judged.length) return "Estimated events per hour: no night could be judged.";
  const values = judged.map((night) => /** @type {number} */ (night.index));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `Estimated events per hour of ${judged.length} nights: from ${number(least)} to ${number(most)}, the last ${number(values.at(-1))}. The table of all nights below has each.`;
}

/** @param {([number, number]|null)[]} intervals @param {import("./nights.js").Night[]} judged */
function options(intervals, judged) {
  const highs = judged.map((night) => night.interval?.[1] ?? night.index);
  const top = Math.max(5, ...highs.map(Number));
  const date = (s) => new Date(s * 1000).toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return {
    cursor: { show: false },
    scales: {
      x: { time: true, range: (_, min, max) => [min - DAY_S, max + DAY_S] },
      y: { range: [0, top * 1.05] },
    },
    axes: [
      axis({
        space: 64,
        size: 28,
        incrs: [1, 7, 14, 28].map((days) => days * DAY_S),
        values: (_, marks) => marks.map(date),
      }),
      axis(),
    ],
    series: [
      {},
      {
        ...line("index", { width: 0 }),
        points: { show: true, size: 5, fill: colour("index"), stroke: colour("index") },
      },
      line("mean", { width: 2, spanGaps: true }),
    ],
    hooks: { drawClear: [(u) => whiskers(u, intervals)] },
  };
}

/** @param {any} u @param {([number, number]|null)[]} intervals */
function whiskers(u, intervals) {
  const { ctx } = u;
  ctx.strokeStyle = colour("whisker");
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  intervals.forEach((interval, i) => {
    if (!interval) return;
    const x = u.valToPos(u.data[0][i], "x", true);
    ctx.moveTo(x, u.valToPos(interval[0], "y", true));
    ctx.lineTo(x, u.valToPos(interval[1], "y", true));
  });
  ctx.stroke();
}
