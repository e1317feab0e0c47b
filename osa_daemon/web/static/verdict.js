/**
 * What is so now, in words for somebody half asleep. Nothing here calls breathing normal: what is
 * not heard is not known.
 */

import { clock, exactClock } from "./words.js";

/** @typedef {{tone: "lost"|"off"|"deaf"|"unheard"|"heard"|"pause", headline: string, text: string,
 *   seconds: number|null}} Verdict */

const UNHEARD = "A pause in breathing would not be noticed now.";
// by the headline, as far as it is known: the words are of the last seconds, not of this one alone
const ALREADY_SAID = ["Breathing.", "Breathing cannot be heard."];
const NOT_LISTENING = {
  starting: ["off", "Starting", "It does not listen yet."],
  paused: ["off", "Not listening", "It was told to rest."],
  deaf: ["deaf", "It hears nothing", "No sound arrives that is of use."],
  no_microphone: ["deaf", "No microphone", "The microphone cannot be used."],
  stopping: ["off", "Stopping", "It listens no more."],
};

/**
 * @param {import("./live.js").Live} live
 * @returns {Verdict}
 */
export function verdict(live) {
  if (live.connection !== "open") return unconnected(live);
  const status = live.states.status;
  if (!status) return plain("lost", "No news yet", "The daemon has not told what it does.");
  if (status.state !== "monitoring") return notListening(status);
  if (live.isSoundLate) {
    return plain("lost", "No news", "The daemon has told nothing for some seconds. " + UNHEARD);
  }
  return listening(live);
}

/** Seconds of the pause in progress, counted on since they were told. */
export function pauseSeconds(/** @type {import("./live.js").Live} */ live) {
  const told = live.sound?.pause_s;
  if (told === null || told === undefined) return null;
  return Math.floor(told + (performance.now() - live.soundAt) / 1000);
}

/** Problems that the daemon tells of, each a sentence, but for the verdict's. @returns {string[]} */
export function problems(/** @type {Record<string, any>} */ states) {
  const said = states.status?.state === "monitoring" ? null : states.status?.reason;
  const told = Object.entries(states)
    .filter(([suffix, payload]) => suffix.startsWith("problem/") && payload?.state === "ON")
    .filter(([, payload]) => payload.text !== said)
    .map(([suffix, payload]) => `${named(suffix)}: ${payload.text}`);
  const waiting = states.diagnostics?.outbox;
  if (waiting) {
    const events = waiting === 1 ? "1 event waits" : `${waiting} events wait`;
    told.push(`Broker: ${events} for the MQTT broker to take them.`);
  }
  return told;
}

/** @param {import("./live.js").Live} live @returns {Verdict} */
function unconnected(live) {
  if (live.connection === "connecting") return plain("lost", "Connecting", "Asking the daemon.");
  const since = live.lostSince ? ` Since ${clock(live.lostSince)}.` : "";
  return plain("lost", "No connection", `${live.reason}${since} What it hears now is not known.`);
}

/** @param {{state: string, since: string, reason: string|null}} status @returns {Verdict} */
function notListening(status) {
  const known = NOT_LISTENING[status.state] ?? ["off", status.state, ""];
  const since = `Since ${clock(status.since)}.`;
  return plain(known[0], known[1], join(ended(status.reason ?? known[2]), since, UNHEARD));
}

/** @param {import("./live.js").Live} live @returns {Verdict} */
function listening(live) {
  const { states, sound } = live;
  const progress = states.apnea ?? sound?.progress;
  const isAudible = states.breathing_audible === "ON";
  const words = live.words ? ended(live.words) : "";
  const hears = ALREADY_SAID.includes(words) ? "" : words;
  if (progress === "ON") {
    return { ...plain("pause", "Breathing pause", pauseText(sound)), seconds: pauseSeconds(live) };
  }
  if (!isAudible) {
    return plain("unheard", "Cannot hear breathing", join(hears, UNHEARD));
  }
  if (progress !== "OFF") {
    return plain("unheard", "Not known yet", join(hears, UNHEARD));
  }
  // in the first seconds of a pause, too: that it can be heard is all that is known
  return plain("heard", "Breathing can be heard", hears);
}

/** @param {import("./history.js").Sound|null} sound */
function pauseText(sound) {
  if (sound?.pause_s === null || sound?.pause_s === undefined) return "No breath is heard.";
  return `No breath is heard since ${exactClock(Date.parse(sound.at) - 1000 * sound.pause_s)}.`;
}

/** @param {any} tone @param {string} headline @param {string} text @returns {Verdict} */
function plain(tone, headline, text) {
  return { tone, headline, text, seconds: null };
}

/** @param {string} suffix */
function named(suffix) {
  const name = suffix.slice("problem/".length);
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** @param {string} text */
function ended(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?:]$/.test(whole) ? whole : whole + ".";
}

/** @param {...string} sentences */
function join(...sentences) {
  return sentences.filter(Boolean).join(" ");
}
