// Checks a bundle of apitrail's where it is opened, and says the verdict that `apitrail verify` and
// verify.py say. It needs a browser or Node that knows Ed25519, and fetches nothing.
//
//   const found = await check(bytesOfTheZip, [verifierKey], { step: console.log });
//   found.line       "OK: 2 calls in entries 0 to 34, and none but these"
//   found.statement  what then follows, a fact a line
//
// The modules beside this one hold no state but what they are given; `verifyBundle` is the whole of it.

import { statement, walkShown } from "./attestation.js";
import { Bundle } from "./bundle.js";
import { MISSED } from "./coverage.js";
import { Entry } from "./entry.js";
import { checkHeads, trace } from "./heads.js";
import { Key, LOG_KEY, knowsEd25519 } from "./note.js";
import { Policy, checkWitnessed, liars } from "./policy.js";
import { checkRange } from "./range.js";
import { checkItself } from "./sha256.js";
import { checkStamps } from "./stamps.js";
import { INTERVAL, intervalOf, isAlive } from "./statements.js";
import { Problem, clean, count, iso, same } from "./text.js";
import { checkTickets } from "./tickets.js";
import { WIDTH } from "./tree.js";
import { Zip } from "./zip.js";

/** The verdict where a check could not be made here: never a word on the bundle. */
export const UNCHECKED = "UNCHECKED";
const HINTS = new Map([["UNTRUSTED-KEY", "the key must come from elsewhere than the bundle: ask the log's owner for it (apitrail key show)"]]);
const EVENTS = "events/";
// Beside the evidence, for information: but it must come out of the zip whole.
const TOLD = ["README.txt", "report.html", "verify.py", "log.vkey", "keys"];
// Milliseconds of work after which the page may be drawn.
const TURN = 100;

/**
 * @typedef {object} Report
 * @property {string} verdict OK, STALE, TAMPERED, UNTRUSTED-KEY, UNWITNESSED or UNCHECKED
 * @property {boolean} holds
 * @property {string} message
 * @property {string | null} hint
 * @property {string} line verdict and message
 * @property {string[]} statement
 * @property {number} [calls]
 * @property {Bundle} [bundle] what was verified, where it holds
 */
/**
 * @typedef {object} Options
 * @property {(text: string) => void} [step] told what is done next
 * @property {(done: number, all: number) => void} [progress] told how many entries are checked
 * @property {Uint8Array | string} [policy] a C2SP tlog-policy: its witnesses must have seen what is shown
 */

/**
 * The verdict on a bundle's zip or its bytes, under keys in their text form. Never throws for what
 * it is handed; a key that is none is said to be none.
 * @param {Uint8Array | Zip} zip @param {string[]} vkeys @param {Options} [options] @returns {Promise<Report>}
 */
export async function check(zip, vkeys, options = {}) {
  try {
    if (!(await canCheck())) throw new Problem("this browser does not know Ed25519 signatures, so nothing was checked: take a newer one, verify.py or apitrail verify", UNCHECKED);
    const { keys, policy } = trustOf(vkeys, options.policy);
    return await verifyBundle(new Bundle(zip instanceof Zip ? zip : new Zip(zip)), keys, options, policy);
  } catch (error) {
    return failing(error);
  }
}

/** @type {Promise<boolean> | null} */
let able = null;

/** Can anything be checked here? @returns {Promise<boolean>} */
export function canCheck() {
  able ??= knowsEd25519().then((knows) => knows && checkItself());
  return able;
}

/**
 * The keys that are trusted, and the policy: its logs are trusted where it names any.
 * @param {string[]} vkeys @param {Uint8Array | string} [text] @returns {{keys: Key[], policy: Policy | null}}
 */
export function trustOf(vkeys, text) {
  try {
    const keys = vkeys.map((vkey) => new Key(vkey)), policy = text === undefined ? null : new Policy(text);
    if (!policy?.logs.length) return { keys, policy };
    if (keys.length) throw new Problem("the log's key is in the policy, and is given besides");
    return { keys: policy.logs.map((log) => log.key).filter((key) => key.type === LOG_KEY), policy };
  } catch (error) {
    throw error instanceof Problem ? new Problem(error.message, UNCHECKED) : error;
  }
}

/** @param {unknown} error @returns {Report} */
function failing(error) {
  // What is no Problem is a fault of this program or of the machine: nothing is known of the bundle.
  const verdict = error instanceof Problem ? error.verdict : UNCHECKED;
  const message = error instanceof Problem ? error.message : `the verifier stopped: ${error instanceof Error ? error.message : error}`;
  return { verdict, holds: false, message, hint: HINTS.get(verdict) ?? null, line: `${verdict}: ${clean(message)}`, statement: [] };
}

/**
 * What holds, and what it then states. Throws Problem at the first thing that does not hold.
 * @param {Bundle} bundle @param {Key[]} trusted @param {Options} options @param {Policy | null} [policy] @returns {Promise<Report>}
 */
export async function verifyBundle(bundle, trusted, { step = () => {}, progress = () => {} }, policy = null) {
  for (const name of TOLD) if (bundle.names.has(name)) bundle.read(name);
  const stamps = checkStamps(bundle);
  step("the checkpoint's signature, and the log's keys");
  const history = await trace(bundle, trusted);
  const { manifest, head } = bundle;
  if (manifest.origin !== head.origin || manifest.size !== head.size) throw new Problem("manifest.json is of another log or size");
  step("older checkpoints: does the log continue them?");
  const { key, heads } = await checkHeads(bundle, history);
  const span = bundle.span.stop - bundle.span.start, all = bundle.events.length + 2 * span;
  const pause = pauses((done) => progress(Math.min(done, all), all));
  step(`${bundle.events.length} entries with their proofs and opened facets`);
  await checkEvents(bundle, pause);
  if (span) step(`entries ${manifest.range?.first} to ${manifest.range?.last}, all of them`);
  const found = manifest.range === null ? null : await checkRange(bundle, pause);
  checkTickets(bundle);
  const newest = checkFresh(bundle);
  const witnessed = policy === null ? null : await checkWitnessed(bundle, policy, [...heads, head]);
  const { told, erased: closed } = walkShown(bundle);
  const erased = (found?.erased ?? 0) + closed;
  const message = said(bundle, found !== null) + (witnessed ? `; nothing shown can be rewritten unless ${liars(witnessed)}` : "");
  return {
    verdict: "OK", holds: true, message, hint: null, calls: manifest.selected.length, bundle,
    line: `${erased ? `OK with ${count(erased, "erasure")}` : "OK"}: ${message}`,
    statement: statement(bundle, key, heads.length, newest, found, stamps, told),
  };
}

/**
 * Called after each entry. Now and then it gives a promise, and tells how far it is: while that is
 * awaited, the page is drawn.
 * @typedef {() => Promise<void> | undefined} Pause
 */

/** @param {(done: number) => void} tell @returns {Pause} */
function pauses(tell) {
  let since = performance.now(), done = 0;
  const turn = async () => {
    tell(done);
    await new Promise((resolve) => setTimeout(resolve, 0));
    since = performance.now();
  };
  return () => {
    done++;
    return performance.now() - since < TURN ? undefined : turn();
  };
}

/** @param {Bundle} bundle @param {boolean} complete */
function said(bundle, complete) {
  const { selected, range, unasked } = bundle.manifest;
  const number = count(selected.length, "call"), later = bundle.unknown().length;
  const rest = later ? `; ${count(later, "thing")} of a later version not looked into` : "";
  if (!complete) return `${number} shown, each in a log of ${bundle.head.size} entries${rest}`;
  return `${number} in entries ${range?.first} to ${range?.last}, ${unasked.length ? "others not ruled out" : "and none but these"}${rest}`;
}

/** Every file belongs to an entry, and every entry stands in the log. @param {Bundle} bundle @param {Pause} pause */
async function checkEvents(bundle, pause) {
  for (const index of bundle.manifest.selected) {
    if (!bundle.shows(index)) throw new Problem(`entry ${index}: it is said to be shown and is not there`);
  }
  for (const name of bundle.known) checkFile(bundle, name);
  for (const name of bundle.known.filter((name) => name.startsWith("range/opened/"))) await checkOpened(bundle, name, pause);
  for (const index of /** @type {number[]} */ (bundle.events)) {
    checkEvent(bundle, index);
    const turn = pause();
    if (turn) await turn; // a promise for each entry would take longer than to check it
  }
}

/** @param {Bundle} bundle @param {string} name */
function checkFile(bundle, name) {
  const end = name.startsWith(EVENTS) ? name.indexOf("/", EVENTS.length) + 1 : 0;
  if (end && !bundle.names.has(`${name.slice(0, end)}leaf.json`)) throw new Problem(`${name} belongs to no entry`);
  if (name.startsWith("range/") && bundle.manifest.range === null) throw new Problem(`${name} belongs to no range`);
}

/** Every line of opened facets is of an entry of the range, and true to it. @param {Bundle} bundle @param {string} name @param {Pause} pause */
async function checkOpened(bundle, name, pause) {
  const first = bundle.manifest.range?.first ?? 0;
  const number = Number(/[0-9]+/.exec(name)?.[0]);
  if (number % WIDTH || !bundle.spans(number)) throw new Problem(`${name} belongs to no entry of the range`);
  for (const index of bundle.rangeLines(name).keys()) {
    if (!bundle.spans(index) || index < first) throw new Problem(`${name}: entry ${index} does not belong here`);
    bundle.opened(index);
    const turn = pause();
    if (turn) await turn;
  }
}

/** @param {Bundle} bundle @param {number} index */
function checkEvent(bundle, index) {
  const link = bundle.spans(index) ? new Entry(bundle.shownLeaf(index), index) : bundle.entry(index);
  if (!bundle.manifest.packed) checkProof(bundle, index, link);
  else if (bundle.packs.of(index) === index) checkPack(bundle, index);
  if (link.index !== index) throw new Problem(`entry ${index}: its leaf is of another index`);
  if (bundle.spans(index) && !same(bundle.leaf(index), link.data)) throw new Problem(`entry ${index}: it differs from the entry in the range`);
  bundle.opened(index);
  bundle.value(index, "what");
}

/** The entries of a pack make the signed root, with the hashes of its proof. @param {Bundle} bundle @param {number} first */
function checkPack(bundle, first) {
  if (!same(bundle.packs.root(first), bundle.head.root)) throw new Problem(`the proof of packed/${first} fails: it is not what the log holds there`);
  bundle.packLines(first);
}

/** @param {Bundle} bundle @param {number} index @param {Entry} link */
function checkProof(bundle, index, link) {
  const [at, path] = bundle.proof(`events/${index}/event.tlog-proof`);
  const size = Number(bundle.head.size);
  if (link.index !== index || at !== index) throw new Problem(`entry ${index}: its entry and its proof are not of this index`);
  if (index >= size || !bundle.paths.lead(index, link.hash, path)) throw new Problem(`entry ${index}: its proof fails: it is not what the log holds there`);
  // A facet without its salt is compared with nothing, wherever else it is opened.
  const salts = bundle.salts(index), bare = bundle.facetFiles(index).find((tag) => !salts.has(tag));
  if (bare !== undefined) throw new Problem(`entry ${index}: facet '${bare}' has no salt`);
}

/** The entry that dates the export; STALE if the recorder had fallen silent by then. @param {Bundle} bundle */
function checkFresh(bundle) {
  const interval = bundle.ofKind("open").reduce((before, at) => intervalOf(bundle.value(at, "what")) ?? before, INTERVAL);
  let newest = null;
  for (let index = Number(bundle.head.size) - 1; ; index--) {
    if (!bundle.has(index)) throw new Problem(`entry ${index}: it dates the export and is not there`);
    const last = bundle.entry(index), alive = isAlive(last.kind, bundle.value(index, "what"));
    newest ??= last;
    if (last.kind !== "close" && !alive && index > 0) continue;
    if (alive && newest.time - last.time > MISSED * interval) {
      throw new Problem(`when this was exported, ${iso(newest.time)}, the recorder was last heard of at ${iso(last.time)} and had not said that it stopped`, "STALE");
    }
    return newest;
  }
}
