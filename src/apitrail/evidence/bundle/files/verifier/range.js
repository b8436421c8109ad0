// A complete range: all entries of it, held against the signed root, and every call judged anew.

import { Coverage } from "./coverage.js";
import { holds } from "./kept.js";
import { RESOURCES } from "./manifest.js";
import { Unnamed, inAnotherCase, matches, without } from "./question.js";
import { INTERVAL, erasures, intervalOf } from "./statements.js";
import { LATEST, Problem, iso, same } from "./text.js";
import { WIDTH, root, rootFrom, siblings } from "./tree.js";

/** After a range's time: milliseconds by which every call of it was answered, or was said to be. */
const SLACK = 300000, SETTLING = 5000;
// The kinds of entries that a range may end with, once that long has passed.
const ENDING = ["api", "close", "heartbeat", "run", "erase", "key", "gap", "anchor", "insight"];
const OF_CALLERS = ["username", "access_key_id", "source_ip", "run", "operator", "label"];

/** @typedef {import("./bundle.js").Bundle} Bundle */
/** @typedef {import("./entry.js").Entry} Entry */
/**
 * @typedef {object} Found
 * @property {number} calls
 * @property {number} erased
 * @property {number[]} matches
 * @property {number[]} undetermined
 * @property {number[]} cased
 * @property {number[]} unjudged
 * @property {Unnamed} unnamed
 * @property {Coverage} coverage
 * @property {string} ending
 */

/** @param {Bundle} bundle @param {import("./verifier.js").Pause} pause @returns {Promise<Found>} */
export async function checkRange(bundle, pause) {
  const claimed = /** @type {import("./manifest.js").Range} */ (bundle.manifest.range);
  const where = bundle.manifest.filter;
  await checkRoot(bundle, pause);
  const needed = OF_CALLERS.some((name) => where.has(name)) ? ["who", "what"] : ["what"];
  if (!needed.every((tag) => claimed.opened.includes(tag))) throw new Problem("the range does not open what its question needs");
  const first = bundle.entry(claimed.first), last = bundle.entry(claimed.last);
  const coverage = new Coverage(where.get("since") ?? first.time, where.get("until") ?? last.time + 1, intervalBefore(bundle, first.index));
  /** @type {Found} */
  const found = { calls: 0, erased: 0, matches: [], undetermined: [], cased: [], unjudged: [], unnamed: new Unnamed(where), coverage, ending: "" };
  const leave = erasures(bundle);
  for (let index = claimed.first; index <= claimed.last; index++) {
    judge(bundle, bundle.entry(index), found, leave.get(index) ?? new Set());
    const turn = pause();
    if (turn) await turn;
  }
  checkEnds(bundle, first, last);
  checkMatches(bundle, found);
  coverage.finish(last.time);
  return { ...found, ending: ending(bundle, last) };
}

/**
 * The entries of the range are in order, chained, and give the signed root, with what the proofs of its
 * ends tell of the rest.
 * @param {Bundle} bundle @param {import("./verifier.js").Pause} pause
 */
async function checkRoot(bundle, pause) {
  const { head, span } = bundle;
  const size = Number(head.size);
  const known = new Map();
  for (const [name, index] of /** @type {Array<[string, number]>} */ ([["first", span.start], ["last", span.stop - 1]])) {
    const [at, path] = bundle.proof(`range/${name}.tlog-proof`);
    if (at !== index) throw new Problem(`range/${name}.tlog-proof is a proof of something else`);
    const found = siblings(index, size, path);
    if (!same(rootFrom(index, size, bundle.entry(index).hash, path), head.root)) throw new Problem(`range/${name}.tlog-proof fails`);
    for (const [place, value] of found) {
      const [start, end] = place.split(" ").map(Number);
      // What lies in the range is hashed from its leaves, never taken from a proof.
      if (end <= span.start || start >= span.stop) known.set(place, value);
    }
  }
  let before = null, leaves = new Map();
  for (let index = span.start; index < span.stop; index++) {
    const link = bundle.entry(index);
    if (before && !same(link.previous, before.hash)) throw new Problem(`entry ${index}: it does not follow the entry before it`);
    if (before && link.time < before.time) throw new Problem(`entry ${index}: it is older than the entry before it`);
    before = link;
    leaves.set(index, link.hash);
    if ((index + 1) % WIDTH === 0) {
      const start = index + 1 - WIDTH; // of a whole tile only its root is kept
      known.set(`${start} ${index + 1}`, root(start, index + 1, leaves, new Map()));
      leaves = new Map();
    }
    const turn = pause();
    if (turn) await turn;
  }
  if (!same(root(0, size, leaves, known), head.root)) throw new Problem("the entries of the range are not those that the checkpoint signs");
}

/** @param {Bundle} bundle @param {number} index */
function intervalBefore(bundle, index) {
  const starts = bundle.ofKind("open").filter((at) => at < index);
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
  found.unnamed.add(row);
  const asksResources = [...RESOURCES.keys()].some((name) => where.has(name));
  if (matches(where, row)) (unasked.length === 0 || bundle.isChosen(link.index) ? found.matches : found.undetermined).push(link.index);
  else if (what.get("undetermined") && asksResources && matches(without(where, ...RESOURCES.keys()), row)) found.undetermined.push(link.index);
  else if (inAnotherCase(where, row)) found.cased.push(link.index);
}

/** @param {Bundle} bundle @param {Found} found */
function checkMatches(bundle, found) {
  const selected = bundle.manifest.selected;
  const hidden = found.matches.find((index) => !bundle.isChosen(index));
  if (hidden !== undefined) throw new Problem(`entry ${hidden}: it matches the question and is not shown`);
  const wrong = selected.find((index) => !holds(found.matches, index));
  if (wrong !== undefined) throw new Problem(`entry ${wrong}: it is shown and does not match the question`);
}

/** @param {Bundle} bundle @param {Entry} first @param {Entry} last of the range */
function checkEnds(bundle, first, last) {
  const since = bundle.manifest.filter.get("since"), until = bundle.manifest.filter.get("until");
  if (first.index !== 0 && (since === undefined || first.time >= since)) throw new Problem(`the range begins with entry ${first.index}, too late for its question`);
  if (last.index === Number(bundle.head.size) - 1) return;
  const what = bundle.value(last.index, "what");
  const settled = last.kind === "close" || (last.kind === "heartbeat" && what?.get("in_flight") === 0);
  const ends = until !== undefined && ((last.time >= until + SETTLING && settled) || (last.time >= until + SLACK && ENDING.includes(last.kind)));
  if (!ends) throw new Problem(`the range ends with entry ${last.index}, too early for its question`);
  // The clock may have been set back since, and calls of that time may follow.
  const steps = bundle.ofKind("clock").filter((index) => index >= first.index && index <= last.index);
  const stepped = steps.some((index) => bundle.entry(index).time >= (until ?? LATEST));
  if (stepped) throw new Problem(`the range ends with entry ${last.index}, after a step of the clock and too early for its question`);
}

/** @param {Bundle} bundle @param {Entry} last */
function ending(bundle, last) {
  const until = bundle.manifest.filter.get("until");
  if (last.index === Number(bundle.head.size) - 1) return `with the newest entry of the log, ${iso(last.time)}`;
  const said = `with entry ${last.index}, ${iso(last.time)}`;
  return until !== undefined && last.time >= until + SLACK ? `${said}, ${SLACK / 1000} s after the time` : `${said}, which says that no call was in flight`;
}
