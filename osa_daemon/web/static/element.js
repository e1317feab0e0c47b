/** Elements from plain words; nothing here takes HTML, so nothing that is shown can be any. */

/**
 * @param {string} name a tag, with classes if wanted: "p.dim"
 * @param {Record<string, any>} [properties] attributes; `on…` are listeners; null and false are left out
 * @param {...(Node|string|number|null|undefined|false)} children
 * @returns {HTMLElement & Record<string, any>}
 */
export function el(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.classList.add(...classes);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(
    ...children.filter((child) => child !== null && child !== undefined && child !== false).map(asNode),
  );
  return made;
}

/** A list of terms and what they are. @param {[string, any][]} rows */
export function terms(rows) {
  const pairs = rows.map(([term, ...told]) => el("div", {}, el("dt", {}, term), el("dd", {}, ...told)));
  return el("dl", {}, ...pairs);
}

/**
 * A table with a caption for those who do not see it. On a narrow screen each row is a heading with
 * what belongs to it: roles keep it a table where the style does not.
 * @param {string} caption @param {string[]} heads @param {any[][]} rows
 */
export function table(caption, heads, rows) {
  const columns = heads.map((name) => el("th", { scope: "col", role: "columnheader" }, name));
  const cells = (row) => row.map((told, i) => cell(told, i, heads[i]));
  const body = rows.map((row) => el("tr", { role: "row" }, ...cells(row)));
  const made = el(
    "table",
    { role: "table" },
    el("caption.unseen", {}, caption),
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...columns)),
    el("tbody", { role: "rowgroup" }, ...body),
  );
  return el("div.wide", { tabindex: 0, role: "region", "aria-label": caption }, made);
}

/** Sets text only where it differs, so that nothing is repainted or read out again. */
export function say(/** @type {HTMLElement} */ where, /** @type {string} */ text) {
  if (where.textContent !== text) where.textContent = text;
}

/** Text in which `code` and *names* are marked. @param {string} text */
export function marked(text) {
  const made = document.createDocumentFragment();
  for (const part of text.split(/(`[^`]+`|\*[^*]+\*)/)) {
    if (part.startsWith("`") && part.length > 2) made.append(el("code", {}, part.slice(1, -1)));
    else if (part.startsWith("*") && part.length > 2) made.append(el("em", {}, part.slice(1, -1)));
    else made.append(part);
  }
  return made;
}

/** @param {any} told @param {number} i @param {string} head */
function cell(told, i, head) {
  if (i === 0) return el("th", { scope: "row", role: "rowheader" }, told);
  return el("td", { role: "cell", "data-head": head }, told);
}

/** @param {Node|string|number} child */
function asNode(child) {
  return child instanceof Node ? child : String(child);
}
