// A complete range: all entries of it, held against the signed root, and every call judged anew.

import { Coverage } from "./coverage.js";
import { RESOURCES } from "./manifest.js";
import { inAnotherCase, matches, without } from "./question.js";
import { INTERVAL, erasures, intervalOf } from "./statements.js";
import { LATEST, Problem, iso, same } from "./text.js";
import { root, rootFrom, siblings } from "./tree.js";

/** After a range's time: milliseconds by which every call of it was answered, or was said to be. */
const SLACK = 300000, SETTLING = 5000;
// The kinds of entries that a range may end with, once that long has passed.
const ENDING = ["api", "close", "heartbeat", "run", "erase", "key", "gap", "anchor", "insight"];
const OF_CALLERS = ["username", "access_key_id", "source_ip", "run", "operator", "label"];

/** @typedef {import("./bundle.js").Bundle} Bundle */
/** @typedef {import("./call.js").Row} Row */
/** @typedef {import("./entry.js").Entry} Entry */
/**
 * @typedef {object} Found
 * @property {number} calls
 * @property {number} erased
 * @property {number[]} matches
 * @property {number[]} undetermined
 * @property {number[]} cased
 * @property {number[]} unjudged
 * @property {Row[]} rows
 * @property {Coverage} coverage
 * @property {string} ending
 */

/** @param {Bundle} bundle @param {import("./verifier.js").Pause} pause @returns {Promise<Found>} */
export async function checkRange(bundle, pause) {
  const claimed = /** @type {import("./manifest.js").Range} */ (bundle.manifest.range);
  const where = bundle.manifest.filter;
  const whole = chained(bundle);
  checkRoot(bundle, whole);
  const links = whole.filter((link) => link.index >= claimed.first);
  const needed = OF_CALLERS.some((name) => where.has(name)) ? ["who", "what"] : ["what"];
  if (!needed.every((tag) => claimed.opened.includes(tag))) throw new Problem("the range does not open what its question needs");
  const first = links[0], last = links[links.length - 1];
  const coverage = new Coverage(where.get("since") ?? first.time, where.get("until") ?? last.time + 1, intervalBefore(bundle, first.index));
  /** @type {Found} */
  const found = { calls: 0, erased: 0, matches: [], undetermined: [], cased: [], unjudged: [], rows: [], coverage, ending: "" };
  const leave = erasures(bundle);
  for (const link of links) {
    judge(bundle, link, found, leave.get(link.index) ?? new Set());
    const turn = pause();
    if (turn) await turn;
  }
  checkEnds(bundle, links);
  checkMatches(bundle, found);
  coverage.finish(last.time);
  return { ...found, ending: ending(bundle, last) };
}

/** The entries of the range, in order and chained. @param {Bundle} bundle @returns {Entry[]} */
function chained(bundle) {
  const { start, stop } = bundle.span;
  const links = Array.from({ length: stop - start }, (_, at) => bundle.entry(start + at));
  links.slice(1).forEach((after, at) => {
    if (!same(after.previous, links[at].hash)) throw new Problem(`entry ${after.index}: it does not follow the entry before it`);
    if (after.time < links[at].time) throw new Problem(`entry ${after.index}: it is older than the entry before it`);
  });
  return links;
}

/** The range must give the signed root, with what the proofs of its ends tell of the rest. @param {Bundle} bundle @param {Entry[]} links */
function checkRoot(bundle, links) {
  const { head, span } = bundle;
  const size = Number(head.size);
  const known = new Map();
  for (const [name, link] of /** @type {Array<[string, Entry]>} */ ([["first", links[0]], ["last", links[links.length - 1]]])) {
    const [at, path] = bundle.proof(`range/${name}.tlog-proof`);
    if (at !== link.index) throw new Problem(`range/${name}.tlog-proof is a proof of something else`);
    const found = siblings(link.index, size, path);
    if (!same(rootFrom(link.index, size, link.hash, path), head.root)) throw new Problem(`range/${name}.tlog-proof fails`);
    for (const [place, value] of found) {
      const [start, end] = place.split(" ").map(Number);
      // What lies in the range is hashed from its leaves, never taken from a proof.
      if (end <= span.start || start >= span.stop) known.set(place, value);
    }
  }
  const leaves = new Map(links.map((link) => [link.index, link.hash]));
  if (!same(root(0, size, leaves, known), head.root)) throw new Problem("the entries of the range are not those that the checkpoint signs");
}

/** @param {Bundle} bundle @param {number} index */
function intervalBefore(bundle, index) {
  const starts = /** @type {number[]} */ (bundle.events).filter((at) => at < index && bundle.entry(at).kind === "open");
  return starts.reduce((interval, at) => intervalOf(bundle.value(at, "what")) ?? interval, INTERVAL);
}

/** @param {Bundle} bundle @param {Entry} link @param {Found} found @param {Set<string>} leave what was erased of it */
function judge(bundle, link, found, leave) {
  const { filter: where, range, unasked } = bundle.manifest;
  const { tags } = bundle.opened(link.index);
  const missing = (range?.opened ?? []).filter((tag) => link.committed.has(tag) && !tags.has(tag)).sort();
  const hidden = missing.find((tag) => !leave.has(tag));
  if (hidden !== undefined) throw new Problem(`entry ${link.index}: facet '${hidden}' is not opened, nor erased`);
  found.erased += missing.length;
  const what = bundle.value(link.index, "what");
  found.coverage.add(link, what);
  if (!bundle.isCall(link.index)) return;
  found.calls++;
  if (missing.length || what === null) {
    found.unjudged.push(link.index);
    return;
  }
  const row = bundle.row(link.index, what);
  found.rows.push(row);
  const asksResources = [...RESOURCES.keys()].some((name) => where.has(name));
  if (matches(where, row)) (bundle.chosen.has(link.index) || unasked.length === 0 ? found.matches : found.undetermined).push(link.index);
  else if (what.get("undetermined") && asksResources && matches(without(where, ...RESOURCES.keys()), row)) found.undetermined.push(link.index);
  else if (inAnotherCase(where, row)) found.cased.push(link.index);
}

/** @param {Bundle} bundle @param {Found} found */
function checkMatches(bundle, found) {
  const selected = bundle.manifest.selected;
  const hidden = found.matches.find((index) => !bundle.chosen.has(index));
  if (hidden !== undefined) throw new Problem(`entry ${hidden}: it matches the question and is not shown`);
  const matched = new Set(found.matches);
  const wrong = selected.find((index) => !matched.has(index));
  if (wrong !== undefined) throw new Problem(`entry ${wrong}: it is shown and does not match the question`);
}

/** @param {Bundle} bundle @param {Entry[]} links */
function checkEnds(bundle, links) {
  const first = links[0], last = links[links.length - 1];
  const since = bundle.manifest.filter.get("since"), until = bundle.manifest.filter.get("until");
  if (first.index !== 0 && (since === undefined || first.time >= since)) throw new Problem(`the range begins with entry ${first.index}, too late for its question`);
  if (last.index === Number(bundle.head.size) - 1) return;
  const what = bundle.value(last.index, "what");
  const settled = last.kind === "close" || (last.kind === "heartbeat" && what?.get("in_flight") === 0);
  const ends = until !== undefined && ((last.time >= until + SETTLING && settled) || (last.time >= until + SLACK && ENDING.includes(last.kind)));
  if (!ends) throw new Problem(`the range ends with entry ${last.index}, too early for its question`);
  // The clock may have been set back since, and calls of that time may follow.
  const stepped = links.some((link) => link.kind === "clock" && link.time >= (until ?? LATEST));
  if (stepped) throw new Problem(`the range ends with entry ${last.index}, after a step of the clock and too early for its question`);
}

/** @param {Bundle} bundle @param {Entry} last */
function ending(bundle, last) {
  const until = bundle.manifest.filter.get("until");
  if (last.index === Number(bundle.head.size) - 1) return `with the newest entry of the log, ${iso(last.time)}`;
  const said = `with entry ${last.index}, ${iso(last.time)}`;
  return until !== undefined && last.time >= until + SLACK ? `${said}, ${SLACK / 1000} s after the time` : `${said}, which says that no call was in flight`;
}
