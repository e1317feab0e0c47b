/** The shell: which view is seen, the bar that says what is so now, and what is read out. */

import { session, sentence, signIn, post } from "./api.js";
import { el, say } from "./element.js";
import { Live } from "./live.js";
import { Painter } from "./paint.js";
import { Speaker } from "./speaker.js";
import * as theme from "./theme.js";
import { verdict } from "./verdict.js";
import * as event from "./event.js";
import * as health from "./health.js";
import * as night from "./night.js";
import * as nights from "./nights.js";
import * as settings from "./settings.js";
import * as tonight from "./tonight.js";

/** @typedef {{paint?: () => void, close?: () => void}} View
 *  @typedef {{live: Live, speaker: Speaker, signal: AbortSignal, painter: Painter}} Context */

const VIEWS = { tonight, nights, night, event, settings, health };
const TABS = { night: "nights", event: "nights" };

const main = byId("content");
const bar = byId("now");
const speaker = new Speaker(byId("said"), byId("called"));
const live = new Live(changed);
const painter = new Painter(paint);
/** @type {View} */
let view = {};
let leave = new AbortController();
let name = "";
let foot = ""; // what it was made of

theme.wear();
start();

async function start() {
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
  });
  if (await isLockedOut()) return;
  addEventListener("hashchange", async () => {
    await route();
    main.querySelector("h1")?.focus();
  });
  live.start();
  painter.start();
  await route();
}

/** Asks who is signed in, and for the token that changes need: another one after a restart. */
async function isLockedOut() {
  try {
    const found = await session();
    const locked = found.needs_password && !found.signed_in;
    if (locked) signIn();
    else footer(found);
    return locked;
  } catch {
    return false; // the views and the bar say that there is no connection
  }
}

async function route() {
  const [wanted, argument = ""] = location.hash.slice(1).split("/");
  name = wanted in VIEWS ? wanted : "tonight";
  leave.abort();
  leave = new AbortController();
  view.close?.();
  view = {};
  tabs(TABS[name] ?? name);
  main.replaceChildren(el("p.dim", {}, VIEWS[name].WAITING ?? "One moment…"));
  const { signal } = leave;
  try {
    const opened = await VIEWS[name].open(decoded(argument), { live, speaker, signal, painter });
    if (signal.aborted) return opened.close?.();
    main.replaceChildren(...opened.parts);
    view = opened;
    const heading = main.querySelector("h1");
    if (heading) heading.tabIndex = -1;
    document.title = `${opened.title} – osa_daemon`;
  } catch (error) {
    if (signal.aborted) return;
    if (error.status === 401) return signIn();
    main.replaceChildren(
      el("h1", {}, "Not shown"),
      el("p.wrong", { role: "alert" }, sentence(error)),
      el("p", {}, el("button", { type: "button", onclick: route }, "Try again")),
    );
  }
  scrollTo(0, 0);
  painter.soon();
}

/** What an address names; what is mistyped stays, for the daemon's sentence. @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {"state"|"sound"|"connection"} what */
function changed(what) {
  speaker.listen(live);
  if (what !== "sound") painter.soon();
  if (what === "connection" && live.connection === "open") isLockedOut();
}

function paint() {
  live.check();
  speaker.listen(live);
  const now = verdict(live);
  const alert = live.isCurrent && live.states.alert?.active ? live.states.alert : null;
  bar.hidden = name === "tonight";
  bar.dataset.tone = alert ? "alert" : now.tone;
  const length = now.seconds === null ? "" : ` ${now.seconds} s`;
  say(bar, (alert ? `Alert: ${alert.text} ` : "") + now.headline + length);
  view.paint?.();
}

/** @param {string} tab */
function tabs(tab) {
  for (const link of byId("views").children) {
    if (link.getAttribute("href") === "#" + tab) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/**
 * Made anew only where it differs: a link that is replaced takes the focus, or a click, with it.
 * @param {import("./api.js").Session} found
 */
function footer(found) {
  const wanted = JSON.stringify([found.phone, found.try, found.needs_password, found.version]);
  if (wanted === foot) return;
  foot = wanted;
  const light = el(
    "button",
    {
      type: "button",
      onclick: () => {
        theme.turn();
        say(light, lightWord());
      },
    },
    lightWord(),
  );
  const links = [
    found.phone && el("a", { href: "./phone/" }, "This phone as the microphone"),
    found.try && el("a", { href: "./try/" }, "Try it here"),
    light,
    found.needs_password && el("button", { type: "button", onclick: signOut }, "Sign out"),
  ].filter(Boolean);
  byId("more").replaceChildren(...links);
  say(byId("version"), `osa_daemon ${found.version}`);
}

function lightWord() {
  return theme.isLight() ? "Dark colours" : "Light colours";
}

async function signOut() {
  try {
    await post("./api/logout", {});
    signIn();
  } catch (error) {
    speaker.call(sentence(error));
  }
}

/** @param {string} id */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
