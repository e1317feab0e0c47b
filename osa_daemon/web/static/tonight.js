/** The view *tonight*: what is heard now, to be read from the door in the dark. */

import { post, sentence } from "./api.js";
import { el, say, terms } from "./element.js";
import { LiveChart } from "./livechart.js";
import { problems, verdict } from "./verdict.js";
import {
  clock,
  count,
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

/** @param {string} _ @param {import("./page.js").Context} context */
export async function open(_, { live, speaker }) {
  const tonight = new Tonight(live, speaker);
  return {
    title: "Tonight",
    parts: tonight.parts,
    paint: () => tonight.paint(),
    close: () => tonight.close(),
  };
}

class Tonight {
  #live;
  #speaker;
  #headline = el("h1");
  #seconds = el("p.seconds", { hidden: true });
  #text = el("p.hears");
  #verdict = el("section.verdict", { "aria-label": "Now" }, this.#headline, this.#seconds, this.#text);
  #alertText = el("p");
  #alertSince = el("p.since");
  #acknowledge = el(
    "button.big",
    { type: "button", onclick: () => this.#command("acknowledge") },
    "Acknowledge",
  );
  #alert = el(
    "section.alert",
    { "aria-label": "Alert", hidden: true },
    this.#alertText,
    this.#alertSince,
    this.#acknowledge,
  );
  #problems = el("ul.problems", { "aria-label": "Problems", hidden: true });
  #figures = el("section", { "aria-label": "Figures of this night" });
  #shown = "";
  #more = el("p", { hidden: true });
  #aside = el("div");
  #answer = el("p.answer", { role: "status" });
  #chart = new LiveChart();

  /** @param {import("./live.js").Live} live @param {import("./speaker.js").Speaker} speaker */
  constructor(live, speaker) {
    this.#live = live;
    this.#speaker = speaker;
    const test = el("button", { type: "button", onclick: () => this.#command("test_alert") }, "Test alert");
    const trial = el(
      "p.row",
      {},
      test,
      el("span.dim", {}, "raises an alert for 10 s, on every way that is set up"),
    );
    this.#aside.append(this.#figures, this.#more, trial, this.#answer);
    this.parts = [
      el(
        "div.tonight",
        {},
        el("div", {}, this.#verdict, this.#alert, this.#problems, this.#chart.element),
        this.#aside,
      ),
    ];
  }

  paint() {
    const now = verdict(this.#live);
    this.#verdict.dataset.tone = now.tone;
    say(this.#headline, now.headline);
    this.#seconds.hidden = now.seconds === null;
    say(this.#seconds, now.seconds === null ? "" : `${now.seconds} s`);
    say(this.#text, now.text);
    this.#paintAlert(now.tone);
    this.#paintProblems();
    this.#paintFigures(now.tone);
    this.#chart.paint(this.#live);
  }

  close() {
    this.#chart.close();
  }

  /** @param {string} tone in a pause, that breathing is heard again is a word about another */
  #paintAlert(tone) {
    const alert = this.#live.connection === "open" ? this.#live.states.alert : null;
    const isRaised = Boolean(alert?.active);
    const isOver = Boolean(alert?.level) && !isRaised && tone !== "pause";
    this.#alert.hidden = !isRaised && !isOver;
    this.#alert.classList.toggle("over", isOver);
    this.#acknowledge.hidden = !isRaised;
    if (!alert) return;
    const level = { notice: "Notice", alert: "Alert", urgent: "Urgent" }[alert.level] ?? "";
    const at = alert.since ? exactClock(alert.since) : "";
    const last = [at, `last ${level.toLowerCase()}`].filter(Boolean).join(", ");
    say(this.#alertText, `${isRaised ? level : last}: ${alert.text ?? ""}`);
    say(this.#alertSince, isRaised && at ? `Since ${at}.` : "");
  }

  #paintProblems() {
    const told = this.#live.connection === "open" ? problems(this.#live.states) : [];
    this.#problems.hidden = told.length === 0;
    if (told.join() === [...this.#problems.children].map((item) => item.textContent).join()) return;
    this.#problems.replaceChildren(...told.map((text) => el("li", {}, text)));
  }

  /** @param {string} tone */
  #paintFigures(tone) {
    const rows = this.#live.connection === "open" ? figures(this.#live.states, tone) : unknown();
    const shown = JSON.stringify(rows);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#figures.replaceChildren(terms(rows));
    const { night } = this.#live.states["night/current"] ?? {};
    this.#more.hidden = !night;
    if (night) this.#more.replaceChildren(el("a.button", { href: `#night/${night}` }, "This night in full"));
  }

  /** @param {"acknowledge"|"test_alert"} key */
  async #command(key) {
    say(this.#answer, "");
    try {
      await post("./api/commands", { key, payload: "PRESS" });
      say(this.#answer, key === "test_alert" ? "The test alert is raised for 10 s." : "Acknowledged.");
    } catch (error) {
      say(this.#answer, sentence(error));
      this.#speaker.call(sentence(error));
    }
  }
}

/** @param {Record<string, any>} states @param {string} tone @returns {[string, string][]} */
function figures(states, tone) {
  const night = states["night/current"] ?? {};
  const isHeard = tone === "heard"; // both are of the last two minutes: in a pause, of before it
  const rate = isHeard ? number(states.breathing?.rate_bpm, 0) : UNKNOWN;
  const index = night.index === null ? (night.index_reason ?? UNKNOWN) : number(night.index);
  return [
    ["Breaths a minute", rate],
    ["Snoring now", isHeard && states.breathing ? (states.breathing.snoring ? "yes" : "no") : UNKNOWN],
    ["Events tonight", night.events === undefined ? UNKNOWN : events(night)],
    ["Estimated events per hour", index],
    ["Longest pause", longest(night)],
    ["Breathing heard", heard(night)],
    ["Last event", last(states.last_event, night)],
  ];
}

/** @returns {[string, string][]} */
function unknown() {
  return figures({}, "lost").map(([term]) => [term, UNKNOWN]);
}

/** @param {any} night */
function events(night) {
  if (!night.events) return noneHeard(night);
  return `${night.events}: ${count(night.apneas, "pause")}, ${night.hypopneas} of reduced breathing`;
}

/** @param {any} night */
function heard({ monitorable_s: s, monitorable_share: part }) {
  return s === undefined ? UNKNOWN : `${hours(s)}, ${share(part)} of the time listened`;
}

/** @param {any} event @param {any} night */
function last(event, night) {
  if (!event || event.night !== night.night) return noneHeard(night);
  return `${kind(event.type)} of ${seconds(event.duration_s)} at ${clock(event.onset)}`;
}
