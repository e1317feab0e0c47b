/** Numbers and times as people read them. Times are the browser's local ones. */

/** @type {Intl.DateTimeFormatOptions} */
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
export const UNKNOWN = "–";

/** 03:12 @param {string|number|Date} time ISO 8601, or milliseconds */
export function clock(time) {
  return new Date(time).toLocaleTimeString("en-GB", CLOCK);
}

/** 03:12:05 @param {string|number|Date} time */
export function exactClock(time) {
  return new Date(time).toLocaleTimeString("en-GB", { ...CLOCK, second: "2-digit" });
}

/** Sun 29 Nov 2026 @param {string} night YYYY-MM-DD, the date of the evening */
export function dateOf(night) {
  return asDay(night).toLocaleDateString("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
  });
}

/** @param {string} night */
export function asDay(night) {
  const [year, month, day] = night.split("-").map(Number);
  return new Date(year, month - 1, day, 12);
}

/** 6.4, or a dash @param {number|null|undefined} value */
export function number(value, digits = 1) {
  return value === null || value === undefined ? UNKNOWN : value.toFixed(digits);
}

/** 24 s @param {number|null|undefined} value */
export function seconds(value) {
  return value === null || value === undefined ? UNKNOWN : `${Math.round(value)} s`;
}

/** 6.4 h, or 40 min, whole ones as a night's reason counts them. @param {number|null|undefined} value seconds */
export function hours(value, whole = Math.floor) {
  if (value === null || value === undefined) return UNKNOWN;
  return value < 3600 ? `${whole(value / 60)} min` : `${(whole(value / 360) / 10).toFixed(1)} h`;
}

/** 87 % @param {number|null|undefined} value a share of 0 to 1 */
export function share(value) {
  return value === null || value === undefined ? UNKNOWN : `${Math.round(100 * value)} %`;
}

/** 1 event, 2 events @param {number} n @param {string} one */
export function count(n, one, many = one + "s") {
  return `${n} ${n === 1 ? one : many}`;
}

/** What stands for no event: where breathing could not be heard, that is not known. @param {any} night */
export function noneHeard(night) {
  return night.monitorable_s > 0 ? "none heard" : UNKNOWN;
}

/** The longest pause of a night. @param {any} night */
export function longest(night) {
  return night.longest_apnea_s ? seconds(night.longest_apnea_s) : noneHeard(night);
}

/** What a kind of event is called. @param {string} type */
export function kind(type) {
  return type === "apnea" ? "pause" : "reduced breathing";
}

/** 6.4 (4.8 to 8.3) @param {number|null} index @param {[number, number]|null|undefined} interval */
export function estimate(index, interval) {
  if (index === null || index === undefined) return UNKNOWN;
  const between = interval ? ` (${number(interval[0])} to ${number(interval[1])})` : "";
  return number(index) + between;
}
