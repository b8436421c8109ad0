// Pages without full reloads: the next page's content takes the place of this one's.
// @ts-check
import { say } from "./page.js";

/** What is taken over of the next page. */
const PARTS = ["header.top", "main", "footer"];
/** @type {AbortController | null} */
let going = null;

/** Is it a page of ours that a script may show? @param {URL} url */
function isPage(url) {
  return (
    url.origin === location.origin &&
    !/^\/(export|static)\b|\.json$|\/proof$|^\/live\/events/.test(url.pathname)
  );
}

/**
 * Show the page at a URL; where that fails, the browser goes there itself.
 * @param {string} href
 * @param {{push?: boolean, top?: boolean}} [how]
 */
export async function go(href, { push = true, top = true } = {}) {
  going?.abort();
  going = new AbortController();
  const { signal } = going;
  document.documentElement.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(href, { headers: { accept: "text/html" }, signal });
    const kind = answer.headers.get("content-type") ?? "";
    if (!kind.startsWith("text/html")) throw new Error("no page");
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (push) history.pushState(null, "", answer.url);
    replace(next, top);
  } catch {
    if (!signal.aborted) location.href = href;
  } finally {
    if (going?.signal === signal) document.documentElement.removeAttribute("aria-busy");
  }
}

/** @param {Document} next @param {boolean} top */
function replace(next, top) {
  const focused = document.activeElement?.id;
  for (const part of PARTS) {
    const now = document.querySelector(part);
    const then = next.querySelector(part);
    if (now && then) now.replaceWith(then);
  }
  document.title = next.title;
  if (top) scrollTo(0, 0);
  const again = focused ? document.getElementById(focused) : null;
  (again ?? document.getElementById("main"))?.focus({ preventScroll: true });
  say(document.querySelector("#summary")?.textContent?.trim() || document.title);
  document.dispatchEvent(new CustomEvent("console:shown"));
}

/** Take over links and forms that only read. */
export function swapping() {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey) return;
    if (event.shiftKey || event.altKey || !(event.target instanceof Element)) return;
    const bar = event.target.closest(".chart [data-href]");
    if (bar) go(bar.getAttribute("data-href") ?? "/");
    const link = event.target.closest("a[href]");
    if (!(link instanceof HTMLAnchorElement) || link.hasAttribute("download")) return;
    const url = new URL(link.href);
    if (!isPage(url) || (url.hash && url.pathname === location.pathname)) return;
    event.preventDefault();
    go(link.href);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== "get") return;
    event.preventDefault();
    const url = new URL(form.action);
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && (value || name === "q")) url.searchParams.append(name, value);
    }
    go(url.href);
  });
  addEventListener("popstate", () => go(location.href, { push: false, top: false }));
  document.addEventListener("console:go", (event) => {
    if (event instanceof CustomEvent) go(event.detail, { push: false, top: false });
  });
}
