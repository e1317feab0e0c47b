/** What the daemon's server is asked. All paths are relative: a proxy may put a prefix before them. */

/** An answer that is no success; `message` is the server's sentence. */
export class Refused extends Error {
  /** @param {string} sentence @param {number} status */
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

/** No answer came at all. */
export class Unreachable extends Error {
  constructor() {
    super("The daemon cannot be reached. Is it running, and is this device in its network?");
  }
}

/** @typedef {{signed_in: boolean, csrf: string, needs_password: boolean, version: string,
 *   phone?: boolean, try?: boolean}} Session */

let csrf = "";

/** @returns {Promise<Session>} */
export async function session() {
  const found = await get("./api/session");
  csrf = found.csrf;
  return found;
}

/** Asks for JSON. @param {string} path @param {AbortSignal} [signal] */
export async function get(path, signal) {
  return (await ask(path, { signal })).json();
}

/** Asks for a file. @param {string} path */
export async function getFile(path) {
  return (await ask(path, {})).blob();
}

/** Sends JSON and returns JSON. @param {string} path @param {object} body */
export async function post(path, body) {
  const answer = await ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  return text ? JSON.parse(text) : {};
}

/** Opens the sign-in page, which comes back to where this one was. */
export function signIn() {
  location.assign("./login" + location.hash);
}

/** The sentence for a person about anything that was thrown. @param {unknown} error */
export function sentence(error) {
  return error instanceof Refused || error instanceof Unreachable ? error.message : String(error);
}

/**
 * @param {string} path
 * @param {RequestInit} how
 * @returns {Promise<Response>} a success
 */
export async function ask(path, how) {
  const whole = { credentials: "same-origin", cache: "no-store", ...how };
  const answer = await fetch(path, /** @type {RequestInit} */ (whole)).catch(unreachable);
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

/** The network's own errors are TypeErrors, as those of a wrong program are. @param {Error} error @returns {never} */
export function unreachable(error) {
  throw error instanceof TypeError ? new Unreachable() : error;
}

/** @param {Response} answer */
async function refusal(answer) {
  const told = await answer.json().catch(() => ({}));
  const known = `The daemon answered with ${answer.status} ${answer.statusText}.`;
  return new Refused(typeof told.error === "string" ? told.error : known, answer.status);
}
