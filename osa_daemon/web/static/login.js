/** The sign-in page. */

import { post, sentence, session } from "./api.js";
import { say } from "./element.js";
import { wear } from "./theme.js";

const BACK = { phone: "./phone/", try: "./try/" }; // an address of the link's own is never followed

const form = /** @type {HTMLFormElement} */ (document.getElementById("login"));
const problem = /** @type {HTMLElement} */ (document.getElementById("problem"));
const password = /** @type {HTMLInputElement} */ (document.getElementById("password"));
const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));

wear();
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  say(problem, "");
  try {
    await session(); // brings the token that a sign-in needs
    await post("./api/login", { password: password.value });
    location.replace(back());
  } catch (error) {
    say(problem, sentence(error));
    password.select();
    password.focus();
  } finally {
    button.disabled = false;
  }
});

// not before: a form that nobody listens to would put the password into the address
password.disabled = button.disabled = false;

/** Where whoever signs in wanted to. */
function back() {
  const from = new URLSearchParams(location.search).get("from") ?? "";
  return Object.hasOwn(BACK, from) ? BACK[from] : "./" + location.hash;
}
