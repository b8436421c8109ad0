// Whether each call that passed under a ticket had been approved, by the log's own rulings.

import { member } from "./json.js";
import { Problem, repr } from "./text.js";

/** @typedef {import("./bundle.js").Bundle} Bundle */

/** What was said of a ticket so far: the last step, the call that may pass, the one that did. */
class Ticket {
  step = "";
  /** @type {number | null} */
  asked = null;
  /** @type {string | null} */
  call = null;
  /** @type {number | null} */
  let = null;
  later = false;

  /** @param {number} index @param {string} step @param {string | null} event */
  follow(index, step, event) {
    if (step === "asked") Object.assign(this, { step, asked: index, call: null, let: null });
    else if (step === "denied") Object.assign(this, { step, call: null });
    else if (step === "approved") {
      if (this.step === "asked" || this.step === "") Object.assign(this, { step, call: event });
    } else if (step === "used") {
      if ((this.step === "approved" || this.step === "") && this.call === null) Object.assign(this, { step, call: event });
    } else if (step === "lapsed") {
      if (this.step === "approved" && this.call === null) this.step = step;
    } else this.later = true;
  }

  /** Why this call cannot have passed, whatever else there may be. @param {any} event */
  contradicts(event) {
    if (this.let !== null) return `which let entry ${this.let} pass already`;
    if (this.step === "denied") return "which was denied";
    return this.call !== null && this.call !== event ? "which was approved for another call" : null;
  }

  lacks() {
    if (this.call !== null) return null;
    if (this.step === "lapsed") return "which had lapsed";
    return this.step === "approved" ? "and no entry before it says that it used the approval" : "which nobody had approved";
  }
}

/** Hold each call that passed under a ticket to have been approved before, as far as that is here. @param {Bundle} bundle */
export function checkTickets(bundle) {
  if (bundle.ofKind("decision").length === 0) return;
  /** @type {Map<string, Ticket>} */
  const tickets = new Map();
  const ticketOf = (/** @type {string} */ name) => {
    const ticket = tickets.get(name) ?? new Ticket();
    tickets.set(name, ticket);
    return ticket;
  };
  let erased = -1;
  for (const index of bundle.disclosed()) {
    const isRuling = bundle.entry(index).kind === "decision";
    if (!isRuling && !bundle.isCall(index)) continue;
    const said = bundle.value(index, "what");
    if (isRuling && said === null) erased = index;
    else if (isRuling) ticketOf(said?.get("ticket")).follow(index, said?.get("step"), said?.get("event") ?? null);
    if (isRuling) continue;
    const decision = member(said, "decision"), name = member(decision, "ticket");
    if (member(decision, "outcome") !== "approved" || typeof name !== "string") continue;
    const ticket = ticketOf(name);
    const judged = ticket.asked !== null && erased < ticket.asked && !ticket.later;
    const wrong = ticket.contradicts(member(member(said, "record"), "eventID")) ?? (judged ? ticket.lacks() : null);
    if (wrong !== null) throw new Problem(`entry ${index}: it passed under ticket ${repr(name)}, ${wrong}`);
    ticket.let = index;
  }
}
