// What book-keeping entries say: the types of their members, and what the other checks ask of them.

import { TAG } from "./entry.js";
import { Float, isObject, isWhole, member } from "./json.js";
import { Problem } from "./text.js";

/** Milliseconds between signs of life, where a log does not say it. */
export const INTERVAL = 60000;
// A recorder at work writes these, beside heartbeats.
const ALIVE = ["api", "open", "unknown", "run", "gap"];

/** @typedef {(value: any) => boolean} Type */
/** @type {Type} */
const text = (value) => typeof value === "string";
/** @type {Type} */
const flag = (value) => typeof value === "boolean";
/** @type {Type} */
const list = Array.isArray;
export const TYPES = { text, flag, whole: /** @type {Type} */ (isWhole), object: /** @type {Type} */ (isObject), list };
const { whole, object } = TYPES;

// Members by kind: just this type where they are there.
const STATEMENTS = new Map(Object.entries(/** @type {Record<string, Record<string, Type>>} */ ({
  open: { apitrail: text, configuration: object },
  close: { reason: text, calls: whole },
  heartbeat: { calls: whole, tunnelled: object, in_flight: whole, rejected: whole, ambiguous: whole, unanchored: whole, recording: flag },
  run: { run: object, started: whole },
  gap: { lost: list, size: whole },
  erase: { erased: list, reason: text },
  key: { old: text, new: text, note: text },
  clock: { from: whole, to: whole },
  refused: { from: whole, to: whole, calls: whole, reason: text },
  policy: { name: text, sha256: text, text, watching: flag },
  decision: {
    ticket: text, step: text, guard: text, event: text, policy: text, statement: text, action: text, caller: text,
    same: text, until: whole, by: text, name: text, road: text, reason: text, stated: text,
  },
  insight: {
    record: object, kind: text, name: text, time: whole, caller: text, why: list, evidence: list,
    from: whole, to: whole, detector: whole, thresholds: object,
  },
  mute: { mute: object, by: text, reason: text, until: whole, lifted: flag },
})));
/** @type {Map<string, string[]>} */
const NEEDED = new Map(Object.entries({
  run: ["run"], gap: ["lost"], erase: ["erased"], key: ["old", "new", "note"], clock: ["from", "to"],
  refused: ["from", "to", "calls", "reason"], policy: ["name", "sha256", "text"], decision: ["ticket", "step", "guard"],
  insight: ["record", "kind", "name", "time", "caller", "why", "evidence", "from", "to", "detector", "thresholds"],
  mute: ["mute", "by", "reason", "lifted"],
}));
const RUN = { id: text, labels: object, command: text };
const MUTE = ["kind", "name", "caller", "operation"];

/** What else must hold of a kind. @type {Map<string, (said: Map<string, any>) => boolean>} */
const FURTHER = new Map(Object.entries({
  run: (/** @type {Map<string, any>} */ said) => said.get("run").has("id") && typed(said.get("run"), RUN),
  erase: (/** @type {Map<string, any>} */ said) => said.get("erased").length > 0 && said.get("erased").every(isTarget),
  insight: (/** @type {Map<string, any>} */ said) => said.get("why").every(text) && said.get("evidence").every(whole),
  mute: (/** @type {Map<string, any>} */ said) =>
    said.get("mute").size > 0 &&
    [...said.get("mute")].every(([name, value]) => MUTE.includes(name) && text(value) && value !== ""),
  gap: (/** @type {Map<string, any>} */ said) => said.get("lost").length > 0 && said.get("lost").every(text),
  anchor: (/** @type {Map<string, any>} */ said) => said.get("anchor") !== "s3" || isAnchor(said),
}));

/** Refuse what no recorder writes. @param {number | bigint} index @param {string} kind @param {Map<string, any>} said */
export function checkStatement(index, kind, said) {
  const good = (NEEDED.get(kind) ?? []).every((name) => said.has(name)) && typed(said, STATEMENTS.get(kind) ?? {});
  if (!good || !(FURTHER.get(kind)?.(said) ?? true)) throw new Problem(`entry ${index}: malformed ${kind}`);
}

/** @param {Map<string, any>} said @param {Record<string, Type>} members */
function typed(said, members) {
  return Object.entries(members).every(([name, fits]) => !said.has(name) || fits(said.get(name)));
}

/** @param {Map<string, any>} said */
function isAnchor(said) {
  return (
    ["bucket", "prefix", "key", "version", "note", "sha256", "retainUntil"].every((name) => text(said.get(name))) &&
    ["shipment", "entries"].every((name) => whole(said.get(name)) || flag(said.get(name))) &&
    list(said.get("objects")) &&
    said.get("objects").every((/** @type {any} */ item) => text(member(item, "key")) && text(member(item, "version")))
  );
}

/** @param {any} said */
function isTarget(said) {
  const index = member(said, "index"), facets = member(said, "facets");
  return isWhole(index) && index >= 0 && list(facets) && facets.length > 0 && facets.every((/** @type {any} */ tag) => text(tag) && TAG.test(tag));
}

/** Does this entry show that a recorder was at work? @param {string} kind @param {Map<string, any> | null} what */
export function isAlive(kind, what) {
  if (kind === "heartbeat") return what !== null && what.get("recording") !== false;
  return ALIVE.includes(kind);
}

/** Milliseconds between heartbeats, as a start says it; null where it does not. @param {Map<string, any> | null} what */
export function intervalOf(what) {
  const said = member(member(what, "configuration"), "heartbeat");
  const seconds = said instanceof Float ? said.value : isWhole(said) ? Number(said) : 0;
  return seconds > 0 && seconds < 1e9 ? Math.trunc(seconds * 1000) || null : null;
}

/** @typedef {import("./bundle.js").Bundle} Bundle */

/** The facets that `erase` entries name, by entry. @param {Bundle} bundle @returns {Map<number | bigint, Set<string>>} */
export function erasures(bundle) {
  const named = new Map();
  for (const index of bundle.ofKind("erase")) {
    for (const target of bundle.value(index, "what")?.get("erased") ?? []) {
      if (target.get("index") >= index) throw new Problem(`entry ${index}: it erases what came after it`);
      named.set(target.get("index"), new Set([...(named.get(target.get("index")) ?? []), ...target.get("facets")]));
    }
  }
  return named;
}
