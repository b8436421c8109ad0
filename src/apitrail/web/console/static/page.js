// What a page shows only where scripts run: buttons to copy, bars that lead on, the keys.
// @ts-check

/** Say something to whoever listens rather than looks. @param {string} text */
export function say(text) {
  const place = document.getElementById("said");
  if (place) place.textContent = text;
}

/** Show what works with scripts alone; called for each page. */
export function shown() {
  for (const each of document.querySelectorAll(".copy, .keys, #pause")) {
    each.removeAttribute("hidden");
  }
  const running = document.querySelector("[data-progress]");
  if (running instanceof HTMLElement) watch(running);
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

/** Follow a verification until it ends. @param {HTMLElement} place */
async function watch(place) {
  while (place.isConnected) {
    await new Promise((done) => setTimeout(done, 300));
    const answer = await fetch("/trust/progress.json").catch(() => null);
    if (!answer?.ok || !place.isConnected) return;
    /** @type {{runs: boolean, done: number, size: number, steps: string[]}} */
    const now = await answer.json();
    if (!now.runs) {
      document.dispatchEvent(new CustomEvent("console:go", { detail: location.href }));
      return;
    }
    const bar = place.querySelector("progress");
    if (bar) {
      bar.max = Math.max(now.size, 1);
      bar.value = now.done;
    }
    const step = place.querySelector(".step");
    if (step) step.textContent = now.steps.at(-1) ?? "";
  }
}
