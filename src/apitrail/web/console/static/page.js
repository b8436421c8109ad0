// What a page shows only where scripts run: buttons to copy, bars that lead on, the keys.
// @ts-check

/** Say something to whoever listens rather than looks. @param {string} text */
export function say(text) {
  const place = document.getElementById("said");
  if (place) place.textContent = text;
}

/** Show what works with scripts alone; called for each page. */
export function shown() {
  for (const each of document.querySelectorAll(".copy, .keys, .here, #pause")) {
    each.removeAttribute("hidden");
  }
  if (document.querySelector("[data-verifying]")) watch();
}

/** Copy the command beside a button. */
export function copying() {
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest(".copy") : null;
    const command = button?.parentElement?.querySelector(".command")?.textContent;
    if (!button || !command) return;
    try {
      await navigator.clipboard.writeText(command);
      say("Copied");
      button.textContent = "Copied";
    } catch {
      say("Copying is not allowed here: select the command");
    }
  });
}

let watching = false;

/** Follow a verification until it ends, then show what came of it. */
async function watch() {
  if (watching) return;
  watching = true;
  try {
    while (await isRunning()) await new Promise((done) => setTimeout(done, 300));
    await tellVerdict();
  } finally {
    watching = false;
  }
}

/** Tell how far it is; gives whether it goes on. */
async function isRunning() {
  const answer = await fetch("/trust/progress.json").catch(() => null);
  if (!answer?.ok) return false;
  /** @type {{runs: boolean, done: number, size: number, steps: string[]}} */
  const now = await answer.json();
  const bar = document.querySelector("[data-progress] progress");
  if (bar instanceof HTMLProgressElement) {
    bar.max = Math.max(now.size, 1);
    bar.value = now.done;
  }
  const step = document.querySelector("[data-progress] .step");
  if (step) step.textContent = now.steps.at(-1) ?? "";
  return now.runs;
}

/** The page of a verification is shown anew, of other pages what is in sight of it. */
async function tellVerdict() {
  if (document.querySelector("[data-progress]")) {
    document.dispatchEvent(new CustomEvent("console:go", { detail: location.href }));
    return;
  }
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer) return;
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  const standing = next.querySelector(".standing");
  if (standing) document.querySelector(".standing")?.replaceWith(standing);
}
