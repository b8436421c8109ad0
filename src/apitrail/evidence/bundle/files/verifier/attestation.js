// What a bundle states, in words that an auditor can file.

import { howKnown } from "./call.js";
import { isTrue, member, printed } from "./json.js";
import { question } from "./question.js";
import { erasures } from "./statements.js";
import { LATEST, NAMED, Problem, byCodePoint, byNumber, clean, count, hex, indexes, iso, quoted } from "./text.js";

const UNJUDGED = "whose word that is was not checked: README.txt says how, with openssl";
const REPORTED = "report.html is for reading: it was not compared with the entries, and proves nothing";
const UNTOLD = "whose resources could not be told";
const CASED = "with such a name in another letter case, which does not count there";
const RESTS = "the resources that the recorder found in each call; what touches a resource and does not name it is listed in docs/evidence.md";
const LIMITS = [
  "It speaks of calls that went through this recorder, and of no others.",
  "Entries are dated by the recorder's clock; only a witness or a time stamp bounds it.",
];

/** @typedef {import("./bundle.js").Bundle} Bundle */
/** @typedef {import("./range.js").Found} Found */
/** @typedef {[string, string]} Fact */

/** Is what stands there a call that can be read? @param {Bundle} bundle @param {number} index */
function checkShown(bundle, index) {
  if (!bundle.isCall(index)) throw new Problem(`entry ${index}: it is shown and is no call`);
  const what = bundle.value(index, "what");
  if (what !== null) bundle.row(index, what);
}

/** One call that the bundle shows, on a line. @param {Bundle} bundle @param {number} index */
export function shown(bundle, index) {
  const link = bundle.entry(index), what = bundle.value(index, "what"), who = bundle.value(index, "who");
  const record = member(what, "record"), user = member(member(who, "record"), "userIdentity");
  const by = ["arn", "userName", "accessKeyId"].map((name) => member(user, name)).find(isTrue);
  const source = member(record, "eventSource"), error = member(member(what, "call"), "error");
  const said = (/** @type {any} */ value) => (isTrue(value) ? printed(value) : "");
  const parts = [
    `entry ${index}`, iso(link.time), said(source) || link.kind, said(member(record, "eventName")),
    by === undefined ? "" : `by ${printed(by)}${howKnown(who)}`, error ? `failed: ${error}` : "", said(member(record, "eventID")),
  ];
  return clean(parts.filter(Boolean).join("  "));
}

/**
 * The first calls that are shown, as they are told, and how many facets of all of them are erased,
 * instead of merely not opened.
 * @param {Bundle} bundle
 */
export function walkShown(bundle) {
  const leave = erasures(bundle), told = /** @type {string[]} */ ([]);
  let erased = 0;
  for (const index of bundle.manifest.selected) {
    checkShown(bundle, index);
    if (told.length < NAMED) told.push(shown(bundle, index));
    const { tags } = bundle.opened(index), gone = leave.get(index);
    if (gone) for (const tag of bundle.entry(index).committed.keys()) if (!tags.has(tag) && gone.has(tag)) erased++;
  }
  return { told, erased };
}

/**
 * The statement, a fact a line.
 * @param {Bundle} bundle @param {import("./note.js").Key} key @param {number} kept
 * @param {import("./entry.js").Entry} newest @param {Found | null} found
 * @param {import("./stamps.js").Stamp[]} stamps @param {string[]} chosen the first calls @returns {string[]}
 */
export function statement(bundle, key, kept, newest, found, stamps, chosen) {
  const { head, manifest } = bundle;
  const later = bundle.unknown();
  /** @type {Fact[]} */
  const facts = [
    ["log", `${head.size} entries under one signed root`],
    ...only(kept > 0, ["", `which continues ${count(kept, "older signed root")}`]),
    ["exported", `${iso(newest.time)}, by the newest entry, ${newest.kind} ${newest.index}`],
    ...stamps.map(({ name, size, time }) => /** @type {Fact} */ (["stamped", `${name} says that the first ${size} entries existed at ${time}`])),
    ...only(stamps.length > 0, ["", UNJUDGED]),
    ...(found === null ? plainFacts(bundle, chosen) : completeFacts(bundle, found, chosen)),
    ...later.map(([said, at]) => /** @type {Fact} */ (["unknown", at.length ? `${said}, ${count(at.length, "entry", "entries")}: ${indexes(at)}` : said])),
    ...only(later.length > 0, ["", "of a later version: compared as bytes, not looked into"]),
    ...only(found !== null, ["rests on", RESTS]),
    ...LIMITS.map((limit) => /** @type {Fact} */ (["limits", limit])),
    ...only(manifest.range !== null && manifest.range.last !== Number(head.size) - 1, [
      "limits", `The range ends before the log: entries after ${manifest.range?.last}, and a clock set back among them, are not told.`,
    ]),
    ...only(bundle.names.has("report.html"), ["report", REPORTED]),
  ];
  const attests = `the log ${clean(head.origin)} attests under its key ${clean(`${key.name}+${hex(key.id)}`)}:`;
  return [attests, ...facts.map(([name, value]) => `  ${name.padEnd(13)}${value}`)];
}

/** @param {boolean} holds @param {Fact} fact @returns {Fact[]} */
function only(holds, fact) {
  return holds ? [fact] : [];
}

/** @param {Bundle} bundle @param {string[]} chosen @returns {Fact[]} */
function plainFacts(bundle, chosen) {
  const entries = chosen.map((item) => /** @type {Fact} */ (["entry", item.slice(item.indexOf(" ") + 1)]));
  return [["shown", `${count(bundle.manifest.selected.length, "entry", "entries")}, each as it was recorded`], ["", "nothing is said of the others"], ...entries];
}

/** @param {Bundle} bundle @param {Found} found @param {string[]} chosen @returns {Fact[]} */
function completeFacts(bundle, found, chosen) {
  const { range, filter, selected, unasked } = bundle.manifest;
  const { coverage } = found;
  const names = unasked.map((name) => clean(name.replaceAll("_", "-"))).join(", ");
  const of = (/** @type {string} */ label, /** @type {number[]} */ at, /** @type {string} */ said) => only(at.length > 0, [label, `${count(at.length, "call")} ${said}: ${indexes(at)}`]);
  return [
    ["range", `entries ${range?.first} to ${range?.last}, all of them`],
    ["time", `${iso(coverage.since)} to ${iso(coverage.until)}, by when a call was answered`],
    ["ends", found.ending],
    ["question", question(filter)],
    ...found.unnamed.lines().map((said) => /** @type {Fact} */ (["", said])),
    ...only(unasked.length > 0, ["", `not judged by ${names}, which this verifier does not know`]),
    ["answer", `${count(selected.length, "call")} of ${found.calls} in the range, and none but these`],
    ...chosen.map((item) => /** @type {Fact} */ (["match", item])),
    ...of("undetermined", found.undetermined, UNTOLD),
    ...of("undetermined", found.cased, CASED),
    ...of("erased", found.unjudged, "that can no longer be judged"),
    ...watchedFacts(found),
    ...boundFacts(bundle),
    ...driftFacts(bundle),
    ...coverage.lost.map((index) => /** @type {Fact} */ (["lost", `entries that entry ${index} states were lost`])),
    ...[...coverage.tunnelled].sort(([a], [b]) => byCodePoint(a, b)).map(([host, number]) => /** @type {Fact} */ (["unread", `${connections(number)} to ${clean(host)} passed without being read`])),
  ];
}

/** @param {number | bigint} number */
function connections(number) {
  return `${number} ${number === 1 ? "connection" : "connections"}`;
}

/** When the recorder was watching, and when not. @param {Found} found @returns {Fact[]} */
function watchedFacts({ coverage }) {
  const kinds = [...coverage.kinds].sort(([a], [b]) => byCodePoint(a, b)).map(([kind, number]) => `${number} ${kind}`);
  return [
    ["entries", kinds.join(", ") || "none in this time"],
    ...coverage.gaps.map(([start, end, reason]) => /** @type {Fact} */ (["unwatched", `${iso(start)} to ${iso(end)}: ${reason}`])),
    ...only(coverage.gaps.length === 0, ["watched", `throughout, by a sign of life at least every ${Math.floor((coverage.interval * 2) / 1000)} s`]),
  ];
}

/** When the clock was set, and what could not be recorded. @param {Bundle} bundle @returns {Fact[]} */
function boundFacts(bundle) {
  const found = [...bundle.ofKind("clock"), ...bundle.ofKind("refused")].sort(byNumber);
  return found.flatMap((index) => {
    const kind = bundle.entry(index).kind, said = bundle.value(index, "what");
    if (said === null) return [];
    const [from, to] = ["from", "to"].map((name) => said.get(name));
    if (![from, to].every((time) => time >= 0 && time < LATEST)) throw new Problem(`entry ${index}: it is of no time`);
    if (kind === "clock") return [/** @type {Fact} */ (["clock", `entry ${index}: it was set from ${iso(from)} to ${iso(to)}`])];
    const calls = `${said.get("calls")} ${said.get("calls") === 1 ? "call" : "calls"}`;
    return [/** @type {Fact} */ (["refused", `entry ${index}: ${calls} from ${iso(from)} to ${iso(to)}, which could not be recorded: ${quoted(said.get("reason"))}`])];
  });
}

/** The changes that the recorder told of, which no recorded call can have made. @param {Bundle} bundle @returns {Fact[]} */
function driftFacts(bundle) {
  const told = bundle.ofKind("insight").flatMap((index) => {
    const said = bundle.value(index, "what");
    return said === null || said.get("kind") !== "drift" ? [] : [/** @type {[number, Map<string, any>]} */ ([index, said])];
  });
  const more = told.length - NAMED;
  return [
    ...told.slice(0, NAMED).map(([index, said]) => /** @type {Fact} */ (["drift", `entry ${index}, of entries ${indexes(said.get("evidence"))}: ${quoted(said.get("why").join("; "))}`])),
    ...only(more > 0, ["drift", `${count(more, "entry", "entries")} more that tell it`]),
  ];
}
