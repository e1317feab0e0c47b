/** The view *health*: what the examination found, the wrong first, each with what to do. */

import { get } from "./api.js";
import { el, marked } from "./element.js";
import { count, exactClock } from "./words.js";

export const WAITING = "Everything is looked at. That takes some ten seconds, on a Pi up to a minute.";
const ORDER = ["wrong", "unknown", "note", "ok"];
const WORDS = { ok: "ok", note: "note", wrong: "wrong", unknown: "not known" };

/** @param {string} _ @param {import("./page.js").Context} context */
export async function open(_, { signal, speaker }) {
  const found = el("div");
  const again = el("button", { type: "button" }, "Look again");
  const look = async () => {
    again.disabled = true;
    try {
      const told = await get("./api/health", signal);
      found.replaceChildren(...report(told));
      speaker.tell(summary(told.findings));
    } finally {
      again.disabled = false;
    }
  };
  await look();
  again.addEventListener("click", () =>
    look().catch((error) => found.replaceChildren(el("p.wrong", {}, error.message))),
  );
  return { title: "Health", parts: [el("h1", {}, "Health"), found, el("p.row", {}, again)] };
}

/** @param {any} told */
function report({ at, findings }) {
  const rows = [...findings].sort((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state));
  const list = rows.map((each) =>
    el(
      "li",
      { "data-state": each.state },
      el("b", {}, WORDS[each.state] ?? each.state),
      " ",
      el("strong", {}, each.check),
      el("p", {}, marked(each.text)),
      each.remedy && el("p", {}, "What to do: ", marked(each.remedy)),
    ),
  );
  return [
    el("p.lead", {}, summary(findings)),
    el("ul.findings", {}, ...list),
    el("p.dim", {}, `Looked at ${exactClock(at)}.`),
  ];
}

/** @param {any[]} findings */
function summary(findings) {
  const wrong = findings.filter((each) => each.state === "wrong").length;
  const notes = findings.filter((each) => each.state === "note" || each.state === "unknown").length;
  if (wrong) return `${count(wrong, "thing keeps", "things keep")} the daemon from its work.`;
  return notes ? `It can work; ${count(notes, "note")} below may matter here.` : "Nothing was found wrong.";
}
