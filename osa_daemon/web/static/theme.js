/** Dark, unless this browser was told otherwise here: what suits a desk at noon is no guide at 3. */

const KEY = "osa-daemon-light";
const GROUND = { dark: "#0a0806", light: "#f6f1ea" };

/** Takes up what was chosen before. */
export function wear() {
  show(read() === "yes");
}

export function isLight() {
  return document.documentElement.dataset.theme === "light";
}

/** Changes it, and tells charts, whose canvas has colours of its own. */
export function turn() {
  show(!isLight());
  try {
    localStorage.setItem(KEY, isLight() ? "yes" : "no");
  } catch {
    // a browser that keeps nothing: it holds until the page is closed
  }
  dispatchEvent(new Event("theme"));
}

/** A colour of the style sheet. @param {string} name without the dashes */
export function colour(name) {
  return getComputedStyle(document.documentElement)
    .getPropertyValue("--" + name)
    .trim();
}

/** @param {boolean} light */
function show(light) {
  const theme = light ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", GROUND[theme]);
}

function read() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
