// The page of a phone that is the microphone: one button, and what is to be known.

import { Microphone } from "./microphone.js";
import { NOT_SIGNED_IN, Sender } from "./sender.js";
import { Clock } from "./wire.js";

const TICK_MS = 500;
const REVIVE_MS = 5000;
const DARK_AFTER_MS = 20000;
const WAKING_MS = 700; // a touch that wakes the page presses nothing on it
const LOW_BATTERY = 0.2;
const HTTPS_ONLY =
  "A browser gives its microphone only to pages that come by HTTPS. Switch web.tls on, and open " +
  "this page by https://.";
const OLD = "This browser is too old for it: it has no AudioWorklet. Use another one.";
const IGNORED = {
  echoCancellation: "echo cancellation",
  noiseSuppression: "noise suppression",
  autoGainControl: "automatic gain",
};
const STOPPED = {
  hidden: "Stopped: this page was hidden, or the screen went off.",
  muted: "Stopped: another app or a call has the microphone. End that.",
  ended: "Stopped: the browser took the microphone away. Press Start again.",
  refused:
    "The browser may not use the microphone. Allow it in its settings for this page, then press " +
    "Start.",
  interrupted: "Stopped: the system interrupted the sound, as it does for a call.",
  silent: "Stopped: the browser gives no sound any more. Reload this page, then press Start.",
};

const element = (id) => document.getElementById(id);
const clock = new Clock();
const url = new URL("../api/phone", location.href);
url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
const sender = new Sender(url, new URL("../api/session", location.href), howItIs, show);

let microphone = null;
let isOpening = false;
let isOn = false; // between Start and Stop
let failed = null; // the word for why it could not be opened
let wakeLock = null;
let battery = null;
let triedMs = 0;
let touchedMs = performance.now();
let wokenMs = -WAKING_MS;
let peak = 0;

function howItIs() {
  return {
    stopped: isOn ? (microphone ? microphone.stopped : failed ?? "ended") : "by_hand",
    hidden: document.hidden,
    battery: battery ? battery.level : null,
    charging: battery ? battery.charging : null,
  };
}

async function open() {
  if (isOpening) return;
  isOpening = true;
  triedMs = performance.now();
  try {
    microphone?.close();
    microphone = null;
    microphone = await Microphone.open((start, samples) => {
      sender.push(start, clock.now(), samples);
      for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
      sender.tick();
    });
    failed = null;
    if (isOn) sender.begin(microphone.name, microphone.rateHz, microphone.ignored);
    else letGo();
  } catch (error) {
    failed = Microphone.why(error);
    sender.tellNote();
  } finally {
    isOpening = false;
  }
  show();
}

function letGo() {
  microphone?.close();
  microphone = null;
}

async function start() {
  isOn = true;
  keepAwake();
  await open();
}

function stop() {
  isOn = false;
  failed = null;
  sender.end();
  letGo();
  wakeLock?.release().catch(() => {});
  wakeLock = null;
  show();
}

async function keepAwake() {
  if (!isOn || document.hidden || (wakeLock && !wakeLock.released)) return;
  try {
    wakeLock = await navigator.wakeLock.request("screen");
  } catch {
    wakeLock = null; // there is none, or the battery is low: `warnings` says so
  }
  show();
}

/** Bring back what the system took, as long as Stop is not pressed. */
function revive() {
  if (!isOn || sender.isOver || document.hidden) return;
  keepAwake();
  microphone?.resume();
  const isGone = !microphone || microphone.hasEnded;
  if (isGone && failed !== "refused" && performance.now() - triedMs > REVIVE_MS) open();
}

function state() {
  if (!window.isSecureContext) return HTTPS_ONLY;
  if (!Microphone.isPossible()) return OLD;
  if (!isOn) return "Not started.";
  if (failed) return STOPPED[failed];
  if (sender.isOver) return sender.refused || "The daemon closed the connection: press Start again.";
  if (!microphone) return "Opening the microphone …";
  if (microphone.stopped) return STOPPED[microphone.stopped];
  if (!sender.isOpen) {
    return sender.refused || "The daemon does not answer: is this phone in the Wi-Fi? Trying again …";
  }
  if (sender.rests) return "Connected. Nobody listens now: monitoring is off, or it is not its time.";
  return sender.isHeard ? "The daemon receives this phone's sound." : "Waiting for the daemon …";
}

function warnings() {
  const found = [];
  if (microphone?.ignored.length) {
    const names = microphone.ignored.map((name) => IGNORED[name]).join(" and ");
    found.push(
      `This browser leaves ${names} on, although it was asked not to: quiet breath may be lost. ` +
        "Another browser may do better.",
    );
  }
  if (isOn && !wakeLock) {
    found.push(
      "This browser does not keep the screen on: set the phone's own display time to never, or " +
        "the microphone will stop with it.",
    );
  }
  if (battery && !battery.charging) found.push("It is not charging: a night may empty its battery.");
  if (battery && !battery.charging && battery.level < LOW_BATTERY) {
    found.push(`Its battery is at ${Math.round(100 * battery.level)} %.`);
  }
  if (isOn && sender.told) found.push(sender.told);
  return found;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function show() {
  const isStarted = isOn && !sender.isOver;
  const button = element("start");
  setText(button, isStarted ? "Stop" : "Start");
  button.setAttribute("aria-pressed", String(isStarted));
  button.disabled = !window.isSecureContext || !Microphone.isPossible();
  const sentence = state();
  setText(element("state"), sentence);
  element("sign-in").hidden = sender.code !== NOT_SIGNED_IN;
  const list = element("warnings");
  const texts = warnings();
  if ([...list.children].map((item) => item.textContent).join() !== texts.join()) {
    list.replaceChildren(
      ...texts.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
    );
  }
  const isWell = isOn && sender.isHeard && !microphone?.stopped;
  setText(element("trouble"), isWell ? "" : sentence);
  element("life").classList.toggle("off", !isWell || Math.floor(Date.now() / 2000) % 2 === 0);
  element("night").hidden = !(isStarted && performance.now() - touchedMs > DARK_AFTER_MS);
}

function showLevel() {
  element("sound").hidden = !microphone || Boolean(microphone.stopped);
  const level = Math.max(-90, 20 * Math.log10(Math.max(peak, 1e-6)));
  element("level").value = level;
  setText(element("figure"), `${Math.round(level)} dBFS`);
  peak = 0;
}

function moveLife() {
  // a screen that shows one spot all night keeps it
  element("life").style.left = `${10 + 80 * Math.random()}%`;
  element("life").style.top = `${10 + 80 * Math.random()}%`;
}

let lastNote = "";
function tick() {
  sender.tick();
  if (isOn && sender.isOver) letGo(); // nobody hears it any more
  const { stopped, hidden } = howItIs();
  if (lastNote !== `${stopped} ${hidden}`) {
    lastNote = `${stopped} ${hidden}`;
    sender.tellNote();
  }
  show();
}

element("start").addEventListener("click", () => {
  if (performance.now() - wokenMs < WAKING_MS) return;
  touched();
  if (sender.isOver && isOn) stop();
  if (isOn) stop();
  else start();
});
function touched() {
  if (!element("night").hidden) wokenMs = performance.now();
  touchedMs = performance.now();
  show();
}
for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, touched);
document.addEventListener("visibilitychange", () => {
  tick();
  triedMs = 0;
  revive();
});
window.addEventListener("pagehide", () => isOn && sender.socket?.close(1000));
navigator.getBattery?.().then((found) => {
  battery = found;
  show();
});
setInterval(tick, TICK_MS);
setInterval(showLevel, 1000);
setInterval(revive, 1000);
setInterval(moveLife, 60000);
moveLife();
show(); // from here on there is somebody whom the button tells
