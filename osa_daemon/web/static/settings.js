/** The view *settings*: every setting, what it is, and where its value comes from. */

import { get } from "./api.js";
import { el } from "./element.js";
import { row } from "./setting.js";

/** @param {string} _ @param {import("./page.js").Context} context */
export async function open(_, { signal, speaker }) {
  const { settings } = await get("./api/settings", signal);
  const sections = el("div");
  const draw = (rows) =>
    sections.replaceChildren(...bySection(rows).map(([name, list]) => section(name, list, speaker)));
  draw(settings);
  const lead =
    "What can be changed here holds at once, over the settings file, until it is reset. " +
    "What says “restart” is set in the file and holds after the next start of the service. " +
    "Where a text says null, leave the field empty. " +
    "Shown are the values that the files hold now: after a file was edited, what runs may differ " +
    "until the daemon reloads it.";
  return { title: "Settings", parts: [el("h1", {}, "Settings"), el("p.lead", {}, lead), sections] };
}

/** @param {any[]} rows @returns {[string, any[]][]} */
function bySection(rows) {
  const sections = new Map();
  for (const each of rows) {
    const list = sections.get(each.section) ?? [];
    list.push(each);
    sections.set(each.section, list);
  }
  return [...sections];
}

/** @param {string} name @param {any[]} rows @param {import("./speaker.js").Speaker} speaker */
function section(name, rows, speaker) {
  const changed = rows.filter((each) => each.origin !== "default").length;
  const canChange = rows.some((each) => each.live);
  const note = [canChange ? "" : "restart", changed ? `${changed} changed` : ""].filter(Boolean).join(", ");
  const summary = el("summary", {}, el("h2", {}, name), note && el("span.dim", {}, ` ${note}`));
  return el("details.section", { open: canChange }, summary, ...rows.map((each) => row(each, speaker)));
}
