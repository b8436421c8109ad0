// Live: each call as it is recorded, put on top; while paused they are counted.
// @ts-check
import { say } from "./page.js";

/** @type {EventSource | null} */
let source = null;

/** Follow the stream of the page, if it is Live. */
export function follow() {
  source?.close();
  source = null;
  const place = document.getElementById("live");
  const url = place?.dataset.stream;
  if (place && url) new Live(place, url);
}

class Live {
  /** @param {HTMLElement} place @param {string} url */
  constructor(place, url) {
    this.kept = Number(place.dataset.kept);
    this.body = place.querySelector("tbody");
    this.state = document.getElementById("live-state");
    this.pause = document.getElementById("pause");
    /** @type {string[]} Rows that came while it was paused. */
    this.waiting = [];
    this.came = 0;
    this.paused = false;
    this.pause?.addEventListener("click", () => this.toggle());
    source = new EventSource(url);
    source.addEventListener("open", () => this.tell());
    source.addEventListener("error", () => this.said("The server does not answer; trying again"));
    source.addEventListener("call", (event) => this.take(JSON.parse(event.data)));
  }

  /** @param {{html: string}} call */
  take(call) {
    this.came += 1;
    if (this.paused) {
      this.waiting.push(call.html);
      this.waiting.splice(0, this.waiting.length - this.kept);
    } else {
      this.put(call.html);
    }
    this.tell();
  }

  /** The server has escaped what is in it. @param {string} html */
  put(html) {
    this.body?.insertAdjacentHTML("afterbegin", html);
    this.body?.firstElementChild?.classList.add("new");
    while (this.body && this.body.rows.length > this.kept) this.body.lastElementChild?.remove();
  }

  toggle() {
    this.paused = !this.paused;
    this.pause?.setAttribute("aria-pressed", String(this.paused));
    if (this.pause) this.pause.textContent = this.paused ? "Go on" : "Pause";
    if (!this.paused) this.waiting.splice(0).forEach((html) => this.put(html));
    this.came = 0;
    this.tell();
    say(this.paused ? "Paused" : "Going on");
  }

  tell() {
    this.said(this.paused ? `Paused, ${this.came} new` : `${this.came} new`);
  }

  /** @param {string} text */
  said(text) {
    if (this.state) this.state.textContent = text;
  }
}
