/** The view *nights*: a calendar, and how the estimate went over the nights. */

import { get } from "./api.js";
import { el, table } from "./element.js";
import { month, monthsOf } from "./month.js";
import { trend } from "./trend.js";
import { dateOf, estimate, hours, noneHeard, number, share, UNKNOWN } from "./words.js";

const MONTHS_AT_ONCE = 3;

/** @typedef {{night: string, events: number, apneas: number, hypopneas: number, index: number|null,
 *   index_reason: string|null, longest_apnea_s: number, monitorable_s: number, monitorable_share: number,
 *   snoring_share: number, breathing_rate_bpm: number|null, listened_s: number, gap_s: number,
 *   interval?: [number, number]|null}} Night */

/** @param {string} _ @param {import("./page.js").Context} context */
export async function open(_, { signal }) {
  const told = await get("./api/nights", signal);
  /** @type {Night[]} */
  const nights = [...told.nights].sort((one, other) => (one.night < other.night ? 1 : -1));
  const heading = el("h1", {}, "Nights");
  if (!nights.length) {
    return {
      title: "Nights",
      parts: [heading, el("p", {}, "No night yet: the first is shown here while it lasts.")],
    };
  }
  const chart = nights.some((night) => night.index !== null) ? trend(nights) : null;
  return {
    title: "Nights",
    parts: [heading, average(told.average_14, nights), chart?.element ?? "", calendar(nights), list(nights)],
    close: () => chart?.close(),
  };
}

/** @param {number|null} mean @param {Night[]} nights */
function average(mean, nights) {
  const judged = nights.slice(0, 14).filter((night) => night.index !== null).length;
  if (mean === null || mean === undefined) {
    const none = "none of the last 14 nights had 2 hours in which breathing could be heard.";
    return el("p.lead", {}, `No average yet: ${none}`);
  }
  const text = `${number(mean)} estimated events per hour on average of those of the last 14 nights that could be judged.`;
  const unjudged = Math.min(14, nights.length) - judged;
  const more = unjudged
    ? ` Of the last ${Math.min(14, nights.length)} nights, ${unjudged} could not be.`
    : "";
  return el("p.lead", {}, text + more);
}

/** Months from the newest on, some at a time. @param {Night[]} nights */
function calendar(nights) {
  const byDate = new Map(nights.map((night) => [night.night, night]));
  const waiting = monthsOf(nights.map((night) => night.night));
  const shown = el("div.months");
  const more = el("button", { type: "button", onclick: () => extend() }, "Earlier months");
  const extend = () => {
    shown.append(...waiting.splice(0, MONTHS_AT_ONCE).map((first) => month(first, byDate)));
    more.hidden = waiting.length === 0;
  };
  extend();
  const text =
    "Each night is named after its evening. The number is the estimated events per hour, the bar how much " +
    `of the time breathing could be heard. ${UNKNOWN}: too little was heard to judge.`;
  return el("section", {}, el("h2", {}, "Calendar"), el("p.dim", {}, text), shown, more);
}

/** @param {Night[]} nights */
function list(nights) {
  const heads = ["Night", "Per hour (95 % interval)", "Events", "Heard", "Snoring"];
  const rows = nights.map((night) => [
    el("a", { href: `#night/${night.night}` }, dateOf(night.night)),
    estimate(night.index, night.interval),
    night.events || noneHeard(night),
    `${hours(night.monitorable_s)} (${share(night.monitorable_share)})`,
    share(night.snoring_share),
  ]);
  return el("details", {}, el("summary", {}, "All nights as a table"), table("All nights", heads, rows));
}
