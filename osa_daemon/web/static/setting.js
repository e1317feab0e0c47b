/** One setting: its text, value, range and origin; a form where it can change while it runs. */

import { post, sentence } from "./api.js";
import { el, marked, say } from "./element.js";

/** @typedef {{key: string, section: string, text: string, unit: string|null, kind: string,
 *   choices: string[]|null, least: number|null, most: number|null, allowed: string, optional?: boolean,
 *   default: any, value: any, is_set?: boolean, origin: "default"|"file"|"environment"|"override",
 *   origin_path: string|null, live: boolean, secret: boolean}} Setting */

/** @param {Setting} setting @param {import("./speaker.js").Speaker} speaker */
export function row(setting, speaker) {
  const shown = setting.live && !setting.secret ? form(setting, speaker) : told(setting);
  return el("section.setting", { "aria-labelledby": `name-${setting.key}` }, ...shown);
}

/** @param {Setting} setting */
function heading({ key, text }) {
  return [el("h3", { id: `name-${key}` }, key), el("p", { id: `text-${key}` }, marked(text))];
}

/** @param {Setting} setting */
function told(setting) {
  const hidden = setting.is_set === false ? "not set" : "set, and not shown";
  const value = setting.secret ? hidden : inWords(setting.value, setting);
  const needs = setting.secret ? "" : " A change needs the settings file and a restart.";
  return [...heading(setting), el("p", {}, el("b", {}, value)), el("p.dim", {}, origin(setting) + needs)];
}

/** @param {Setting} setting @param {import("./speaker.js").Speaker} speaker */
function form(setting, speaker) {
  const problem = el("p.wrong", { id: `wrong-${setting.key}` });
  const from = el("p.dim", {}, origin(setting));
  const input = field(setting);
  const reset = el("button", { type: "button", hidden: setting.origin !== "override" }, "Reset");
  const save = el("button", { type: "submit" }, "Save");
  const send = async (body) => {
    save.disabled = reset.disabled = true;
    try {
      const { settings } = await post("./api/settings", { key: setting.key, ...body });
      const now = settings.find((each) => each.key === setting.key) ?? setting;
      put(input, now);
      say(from, origin(now));
      reset.hidden = now.origin !== "override";
      say(problem, "");
      input.removeAttribute("aria-invalid");
      speaker.tell(`${setting.key} is ${inWords(now.value, now)}.`);
      say(save, "Saved");
      setTimeout(() => say(save, "Save"), 2000);
    } catch (error) {
      say(problem, sentence(error));
      input.setAttribute("aria-invalid", "true");
      speaker.call(sentence(error));
    } finally {
      save.disabled = reset.disabled = false;
    }
  };
  reset.addEventListener("click", () => send({ reset: true }));
  const made = el(
    "form.row",
    { novalidate: true },
    input,
    setting.unit && el("span", {}, setting.unit),
    save,
    reset,
  );
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    send({ value: read(input, setting) });
  });
  return [...heading(setting), made, problem, from];
}

/** @param {Setting} setting */
function field(setting) {
  const { key, kind, choices } = setting;
  const about = {
    id: `value-${key}`,
    "aria-labelledby": `name-${key}`,
    "aria-describedby": `text-${key} wrong-${key}`,
  };
  const options =
    kind === "bool"
      ? [
          ["true", "on"],
          ["false", "off"],
        ]
      : (choices ?? []).map((each) => [each, each]);
  const isNumber = kind === "int" || kind === "float";
  const made =
    options.length && kind !== "list"
      ? el("select", about, ...options.map(([value, name]) => el("option", { value }, name)))
      : el("input", {
          ...about,
          type: "text",
          autocomplete: "off",
          spellcheck: "false",
          placeholder: isOptional(setting) ? "none" : null,
          inputmode: isNumber ? "decimal" : null,
          size: isNumber ? 8 : 20,
        });
  put(made, setting);
  return made;
}

/** @param {any} input @param {Setting} setting */
function put(input, { value }) {
  input.value = value === null ? "" : Array.isArray(value) ? value.join(", ") : String(value);
}

/** What was typed, as the kind that it should be; what is none goes as text, for the daemon's sentence. */
function read(/** @type {any} */ input, /** @type {Setting} */ setting) {
  const text = input.value.trim();
  if (text === "" && isOptional(setting)) return null;
  if (setting.kind === "bool") return text === "true";
  if (setting.kind === "list") return text ? text.split(",").map((part) => part.trim()) : [];
  const value = Number(text.replace(",", "."));
  return (setting.kind === "int" || setting.kind === "float") && text && Number.isFinite(value)
    ? value
    : text;
}

/** @param {Setting} setting */
function isOptional({ optional, allowed, default: usual }) {
  return optional ?? (usual === null || /\bnull\b/.test(allowed));
}

/** @param {Setting} setting */
function origin(setting) {
  const from = {
    default: "The default.",
    file: `From ${setting.origin_path ?? "the settings file"}.`,
    environment: `From the environment, ${setting.origin_path}.`,
    override: "Changed here or in Home Assistant; over the settings file.",
  }[setting.origin];
  const usual =
    setting.origin === "default" || setting.secret
      ? ""
      : ` The default is ${inWords(setting.default, setting)}.`;
  return `${from}${usual} Allowed: ${setting.allowed}.`;
}

/** @param {any} value @param {Setting} setting */
function inWords(value, { unit }) {
  if (value === null || value === undefined) return "none";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (Array.isArray(value)) return value.length ? value.join(", ") : "none";
  return typeof value === "number" && unit ? `${value} ${unit}` : String(value);
}
