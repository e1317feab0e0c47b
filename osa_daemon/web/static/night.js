/** The view *night*: one night as a picture, in figures, and what there is to take away. */

import { get, getFile, sentence } from "./api.js";
import { el, say, table, terms } from "./element.js";
import { picture } from "./picture.js";
import {
  clock,
  count,
  dateOf,
  estimate,
  exactClock,
  hours,
  kind,
  longest,
  noneHeard,
  number,
  seconds,
  share,
  UNKNOWN,
} from "./words.js";

const FILES = [
  ["pdf", "PDF for the doctor"],
  ["png", "Picture (PNG)"],
  ["csv", "Table (CSV)"],
  ["edf", "EDF+"],
  ["json", "JSON"],
];

/** @param {string} date YYYY-MM-DD @param {import("./page.js").Context} context */
export async function open(date, { signal }) {
  const [night, all] = await Promise.all([
    get(`./api/nights/${encodeURIComponent(date)}`, signal),
    get("./api/nights", signal),
  ]);
  const shown = night.minutes?.start?.length ? picture(night) : null;
  const parts = [
    neighbours(
      date,
      all.nights.map((each) => each.night),
    ),
    el("h1", {}, `Night of ${dateOf(date)}`),
    el("p.lead", {}, lead(night)),
    night.events === undefined ? "" : terms(figures(night)),
    shown?.element ?? el("p", {}, "There is no record of the minutes of this night."),
    events(night.event_list),
    alerts(night.alert_list),
    downloads(date),
  ];
  return { title: `Night of ${dateOf(date)}`, parts, close: () => shown?.close() };
}

/** @param {any} night */
function lead(night) {
  if (night.events === undefined)
    return "The figures of this night are not in the journal; what is left of it is shown.";
  const heard = `Breathing could be heard for ${hours(night.monitorable_s)} of ${hours(night.listened_s)} listened`;
  if (night.index === null || night.index === undefined) {
    return (
      `No estimate for this night: ${night.index_reason ?? "too little was heard"}. ${heard}: ` +
      "that says nothing about the sleeper."
    );
  }
  return `${number(night.index)} estimated events per hour in which breathing could be heard. ${heard}.`;
}

/** @param {any} night @returns {[string, string][]} */
function figures(night) {
  const interval = night.interval ? "Estimated events per hour (95 % interval)" : "Estimated events per hour";
  return [
    [interval, estimate(night.index, night.interval)],
    ["Events", counted(night)],
    ["Longest pause", longest(night)],
    ["Breathing heard", `${hours(night.monitorable_s)} (${share(night.monitorable_share)})`],
    ["Snoring", night.monitorable_s > 0 ? `${share(night.snoring_share)} of that` : UNKNOWN],
    ["Breaths a minute", number(night.breathing_rate_bpm)],
    ["Listened", `${clock(night.started)} to ${clock(night.updated)}`],
    ["Sound lost", night.gap_s < 90 ? seconds(night.gap_s) : hours(night.gap_s, Math.round)],
  ];
}

/** @param {any} night */
function counted(night) {
  if (!night.events) return noneHeard(night);
  return `${night.events}: ${count(night.apneas, "pause")}, ${night.hypopneas} of reduced breathing`;
}

/** @param {string} date @param {string[]} dates */
function neighbours(date, dates) {
  const sorted = [...dates].sort();
  const before = sorted.filter((each) => each < date).at(-1);
  const after = sorted.find((each) => each > date);
  return el(
    "nav.row.neighbours",
    { "aria-label": "Other nights" },
    before && el("a.button", { href: `#night/${before}`, rel: "prev" }, "‹ Earlier"),
    el("a.button", { href: "#nights" }, "All nights"),
    after && el("a.button", { href: `#night/${after}`, rel: "next" }, "Later ›"),
  );
}

/** @param {any[]} list */
function events(list) {
  const heading = el("h2", {}, "Events");
  if (!list.length)
    return el(
      "section",
      {},
      heading,
      el("p", {}, "None was decided. That says no more than what could be heard."),
    );
  const rows = list.map((event) => [
    el("a", { href: `#event/${encodeURIComponent(event.id)}` }, exactClock(event.onset)),
    kind(event.type),
    seconds(event.duration_s),
    share(event.confidence),
    notes(event),
  ]);
  return el(
    "section",
    {},
    heading,
    table("Events of this night", ["Began", "What", "Length", "Sure by", "Notes"], rows),
  );
}

/** What is to be said of an event besides. @param {any} event */
export function notes(event) {
  const character = { silent: "silent", with_effort: "with sounds of effort" }[event.character];
  return (
    [
      character,
      !event.monitorable && "does not count: breathing could not be heard around it",
      event.truncated && "cut off: listening ended or began inside it",
    ]
      .filter(Boolean)
      .join("; ") || UNKNOWN
  );
}

/** @param {any[]} list */
function alerts(list) {
  if (!list.length) return el("section", {}, el("h2", {}, "Alerts"), el("p", {}, "None was raised."));
  const rows = list.map((alert) => [
    exactClock(alert.raised),
    alert.level,
    alert.ended ? exactClock(alert.ended) : "not known",
    alert.acknowledged ? "yes" : "no",
    alert.text,
  ]);
  const heads = ["Raised", "Level", "Over", "Acknowledged", "Last said"];
  return el("section", {}, el("h2", {}, "Alerts"), table("Alerts of this night", heads, rows));
}

/** @param {string} date */
function downloads(date) {
  const answer = el("p.answer", { role: "status" });
  const links = FILES.map(([ending, name]) => {
    const href = `./api/nights/${encodeURIComponent(date)}/report.${ending}`;
    const link = el("a.button", { href, download: `night-${date}.${ending}` }, name);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      fetchFile(link, answer);
    });
    return link;
  });
  return el("section", {}, el("h2", {}, "Take it with you"), el("p.row", {}, ...links), answer);
}

/** @param {any} link @param {HTMLElement} answer */
async function fetchFile(link, answer) {
  say(answer, "It is being made: that can take up to a minute.");
  try {
    const address = URL.createObjectURL(await getFile(link.getAttribute("href")));
    const save = el("a", { href: address, download: link.download });
    save.click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    say(answer, `${link.download} is made.`);
  } catch (error) {
    say(answer, sentence(error));
  }
}
