// "Check it here": a bundle of one call, verified in this browser by the verifier of pages of evidence.
// @ts-check
import { say } from "./page.js";

// It lies elsewhere in the source: pages of evidence carry the same.
const VERIFIER = /** @type {string} */ ("./verifier.js");

/** @param {Element} form @param {string} selector */
function inside(form, selector) {
  const found = form.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`${selector} is not there`);
  return found;
}

/** What then follows, a fact a line. @param {HTMLElement} place @param {string[]} lines */
function tell(place, lines) {
  place.replaceChildren(
    ...lines.map((line) => {
      const made = document.createElement("li");
      made.textContent = line;
      return made;
    }),
  );
}

/** Fetch the bundle and verify it, with the keys in the form. @param {HTMLFormElement} form */
async function check(form) {
  const verdict = inside(form, "[data-verdict]"), facts = inside(form, "[data-facts]");
  const button = inside(form, "button");
  const step = (/** @type {string} */ text) => (verdict.textContent = text);
  const given = new FormData(form).get("key");
  const keys = typeof given === "string" ? given.split(/\s+/).filter(Boolean) : [];
  button.setAttribute("disabled", "");
  verdict.className = "mono";
  tell(facts, []);
  try {
    step("loading the verifier and the bundle");
    const [{ check: verify }, answer] = await Promise.all([
      import(VERIFIER),
      fetch(form.getAttribute("data-check") ?? ""),
    ]);
    if (!answer.ok) throw new Error(`the bundle could not be made (${answer.status})`);
    const found = await verify(new Uint8Array(await answer.arrayBuffer()), keys, { step });
    // The entry that this page shows is the one that was checked.
    const shown = form.getAttribute("data-leaf");
    const other = found.bundle && shown && !leaves(found.bundle).includes(shown);
    verdict.textContent = other ? "TAMPERED: this page shows another entry than the bundle has" : found.line;
    verdict.classList.add(found.holds && !other ? "good" : "bad");
    tell(facts, found.holds && !other ? found.statement : found.hint ? [found.hint] : []);
  } catch (error) {
    verdict.textContent = `UNCHECKED: ${error instanceof Error ? error.message : error}`;
  } finally {
    button.removeAttribute("disabled");
  }
  say(verdict.textContent ?? "");
}

/** The hashes of the entries of the calls, in hex. @param {any} bundle */
function leaves(bundle) {
  const hex = (/** @type {Uint8Array} */ data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return bundle.manifest.selected.map((/** @type {number} */ index) => hex(bundle.entry(index).hash));
}

/** Take over the forms that check something here. */
export function checking() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.hasAttribute("data-check")) return;
    event.preventDefault();
    check(form);
  });
}
