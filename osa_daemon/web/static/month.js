/** One month of the calendar, weeks from Monday on. */

import { el } from "./element.js";
import { asDay, count, dateOf, noneHeard, number, share, UNKNOWN } from "./words.js";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** First days of the months that have nights, the newest first. @param {string[]} dates */
export function monthsOf(dates) {
  const months = new Set(dates.map((date) => date.slice(0, 7)));
  return [...months]
    .sort()
    .reverse()
    .map((name) => asDay(`${name}-01`));
}

/** @param {Date} first @param {Map<string, import("./nights.js").Night>} nights */
export function month(first, nights) {
  const name = first.toLocaleDateString("en-GB", { month: "long", year: "numeric" });
  const days = new Date(first.getFullYear(), first.getMonth() + 1, 0).getDate();
  const cells = [
    ...Array((first.getDay() + 6) % 7)
      .fill(el.bind(null, "td", {}, ""))
      .map((make) => make()),
  ];
  for (let day = 1; day <= days; day++) {
    const date = [first.getFullYear(), two(first.getMonth() + 1), two(day)].join("-");
    cells.push(el("td", {}, dayCell(date, day, nights.get(date))));
  }
  const weeks = [];
  while (cells.length) weeks.push(el("tr", {}, ...cells.splice(0, 7)));
  const head = el(
    "tr",
    {},
    ...DAYS.map((day) => el("th", { scope: "col" }, el("abbr", { title: day }, day))),
  );
  return el("table.month", {}, el("caption", {}, name), el("thead", {}, head), el("tbody", {}, ...weeks));
}

/** @param {string} date @param {number} day @param {import("./nights.js").Night|undefined} night */
function dayCell(date, day, night) {
  if (!night) return el("span.day", {}, day);
  const judged = night.index === null ? `not judged: ${night.index_reason}` : "estimated events per hour";
  const heard = `breathing heard ${share(night.monitorable_share)} of the time`;
  const events = night.events ? count(night.events, "event") : `events: ${noneHeard(night)}`;
  const told = el(
    "span.unseen",
    {},
    ` ${judged}; ${events}; ${heard}; ${dateOf(date)}`,
  );
  const bar = el("meter", { min: 0, max: 1, value: night.monitorable_share, "aria-hidden": "true" });
  const figure = el(
    "b",
    {},
    night.index === null ? UNKNOWN : number(night.index, night.index < 9.95 ? 1 : 0),
  );
  return el("a.day", { href: `#night/${date}` }, el("small", {}, day), " ", figure, told, bar);
}

/** @param {number} n */
function two(n) {
  return String(n).padStart(2, "0");
}
