// When the recorder was watching, by its own entries.

import { isWhole } from "./json.js";
import { intervalOf, isAlive } from "./statements.js";

/** How many intervals without a sign of life are a silence. */
export const MISSED = 2;

/** @typedef {import("./entry.js").Entry} Entry */

export class Coverage {
  /** @param {number} since @param {number} until @param {number} interval */
  constructor(since, until, interval) {
    this.since = since;
    this.until = until;
    this.interval = interval;
    /** @type {Map<string, number>} */
    this.kinds = new Map();
    /** @type {Map<string, number | bigint>} */
    this.tunnelled = new Map();
    /** @type {Array<[number, number, string]>} */
    this.gaps = [];
    /** @type {number[]} */
    this.lost = [];
    /** @type {number | null} the last sign of life */
    this.alive = null;
    /** @type {number | null} */
    this.stopped = null;
    this.begun = false;
  }

  /** @param {Entry} link @param {Map<string, any> | null} what */
  add(link, what) {
    if (!this.begun && link.time > this.since) this.gap(this.since, link.time, "before the log began");
    this.begun = true;
    if (isAlive(link.kind, what)) {
      this.lives(link);
      this.count(link, what);
    } else if (link.kind === "close") {
      this.silence(link.time);
      this.alive = null;
      this.stopped = link.time;
    }
  }

  /** @param {Entry} link */
  lives(link) {
    if (this.stopped !== null) this.gap(this.stopped, link.time, "no recorder was running");
    else if (link.kind === "open" && this.alive !== null) this.gap(this.alive, link.time, "the recorder had stopped without saying so");
    else this.silence(link.time);
    this.alive = link.time;
    this.stopped = null;
  }

  /** @param {Entry} link @param {Map<string, any> | null} what */
  count(link, what) {
    if (link.kind === "open") this.interval = intervalOf(what) ?? this.interval;
    else if (link.kind === "gap") this.lost.push(link.index);
    else if (link.kind === "heartbeat" && link.time >= this.since) {
      for (const [host, number] of what?.get("tunnelled") ?? []) {
        if (isWhole(number) && number > 0) this.tunnelled.set(host, sum(this.tunnelled.get(host) ?? 0, number));
      }
    }
    if (this.since <= link.time && link.time < this.until) this.kinds.set(link.kind, (this.kinds.get(link.kind) ?? 0) + 1);
  }

  /** @param {number} last */
  finish(last) {
    if (this.stopped !== null) this.gap(this.stopped, Math.max(last, this.until), "no recorder was running");
    else if (this.alive !== null) this.silence(last);
    if (last < this.until && this.stopped === null) this.gap(last, this.until, "after the newest entry of this log");
  }

  /** @param {number} time */
  silence(time) {
    if (this.alive !== null && time - this.alive > MISSED * this.interval) this.gap(this.alive, time, "no heartbeat");
  }

  /** @param {number} start @param {number} end @param {string} reason */
  gap(start, end, reason) {
    const from = Math.max(start, this.since), to = Math.min(end, this.until);
    if (from < to) this.gaps.push([from, to, reason]);
  }
}

/** @param {number | bigint} one @param {number | bigint} other @returns {number | bigint} */
function sum(one, other) {
  const total = BigInt(one) + BigInt(other);
  return Number.isSafeInteger(Number(total)) ? Number(total) : total;
}
