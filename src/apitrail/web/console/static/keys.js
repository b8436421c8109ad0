// Keys: / searches, j and k move, Enter opens, n turns the page, e exports, u goes back, p pauses, ? explains.
// @ts-check
import { go } from "./swap.js";

/** @returns {HTMLTableRowElement[]} */
function rows() {
  return [...document.querySelectorAll("#rows tr")].filter((row) => row instanceof HTMLTableRowElement);
}

/** Go so many rows on. @param {number} by */
function move(by) {
  const all = rows();
  const at = all.findIndex((row) => row.classList.contains("at"));
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
  if (!next) return;
  all[at]?.classList.remove("at");
  next.classList.add("at");
  next.querySelector("a")?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function help() {
  const dialog = document.getElementById("help");
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

/** @param {string} selector */
function follow(selector) {
  const link = document.querySelector(selector);
  if (link instanceof HTMLAnchorElement) go(link.href);
}

/** Key → what it does; false lets the browser do what it would. @type {Record<string, () => unknown>} */
const KEYS = {
  "/": () => {
    const box = document.getElementById("q");
    if (!(box instanceof HTMLInputElement)) return follow(".brand");
    box.focus();
    box.select();
  },
  j: () => move(1),
  k: () => move(-1),
  Enter: () => {
    if (document.activeElement?.matches("a, button, summary, input, select")) return false;
    const link = document.querySelector("#rows tr.at a.open, #rows tr.at a");
    return link instanceof HTMLAnchorElement ? go(link.href) : false;
  },
  n: () => follow("a.next"),
  e: () => {
    const menu = document.querySelector("details.menu");
    if (!(menu instanceof HTMLDetailsElement)) return false;
    menu.open = true;
    menu.querySelector("a")?.focus();
    return true;
  },
  u: () => follow(".brand"),
  p: () => document.getElementById("pause")?.click(),
  "?": help,
};

/** Listen for keys, but not while somebody writes. */
export function keys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target;
    if (target instanceof Element && target.matches("input, textarea, select")) {
      if (event.key === "Escape" && target instanceof HTMLElement) target.blur();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    const act = KEYS[event.key];
    if (act && act() !== false) event.preventDefault();
  });
}
