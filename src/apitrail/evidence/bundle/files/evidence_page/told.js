// One call in words, out of the bytes that were checked: what report.html tells of it (report_page.py
// has the same words), so that what a reader sees after the check is what the log has signed.

import { howKnown } from "../verifier/call.js";
import { Float, isObject, isTrue, loaded, member, printed } from "../verifier/json.js";
import { hex, iso, partition } from "../verifier/text.js";

// The most members shown of a request or an answer, and the most characters of each.
const MEMBERS = 40, LONGEST = 2000, DEEPEST_SHOWN = 12;
// As far as these go, who called is more than a claim.
const MORE_THAN_CLAIMS = ["learned", "refusal", "configured"];
const UNPRINTABLE_ONES = /[\p{C}\p{Zl}\p{Zp}\p{Zs}]/gu;

/** @typedef {import("../verifier/bundle.js").Bundle} Bundle */
/** @typedef {{index: number, time: string, operation: string, by: string, how: string, isClaim: boolean, outcome: string, facts: Array<[string, string]>}} Told */

/** @param {Bundle} bundle @param {number} index @returns {Told} */
export function told(bundle, index) {
  const facets = bundle.facets(index);
  const [who, what, request, response] = ["who", "what", "request", "response"].map((tag) => objectIn(facets.get(tag)));
  const record = merged([what, who, request, response].map((facet) => member(facet, "record")));
  const call = member(what, "call");
  const user = member(member(who, "record"), "userIdentity");
  const name = ["arn", "userName", "accessKeyId"].map((key) => member(user, key)).find(isTrue);
  const how = howKnown(who).slice(2, -1) || "not known how";
  const told = {
    index, how, time: timeOf(call, bundle.entry(index).time), outcome: outcome(call),
    operation: `${partition(string(record.get("eventSource"), "?"), ".")[0]}:${string(record.get("eventName"), "?")}`,
    by: who === null ? "not opened in this bundle" : string(name, "not known"),
    isClaim: isClaim(member(who, "identity")),
  };
  const link = bundle.entry(index);
  const facts = [
    ["time", told.time],
    ["by", who === null ? told.by : `${told.by} (${how})`],
    ...(who === null ? [] : caller(who, user, how)),
    ["region", string(record.get("awsRegion"), "not known")],
    ...touched(what).map((/** @type {string} */ text) => ["touched", text]),
    ...members("asked", request === null ? undefined : (request.get("parameters") ?? null)),
    ...answered(response, record, member(call, "error")),
    ...(member(call, "problems") ?? []).map((/** @type {string} */ problem) => ["doubt", problem]),
    ["event id", string(record.get("eventID"), "not opened")],
    ["entry", `${index} (${link.kind}), hash ${hex(link.hash)}`],
  ];
  return { ...told, facts: /** @type {Array<[string, string]>} */ (facts) };
}

/** @param {Uint8Array | undefined} content @returns {Map<string, any> | null} */
function objectIn(content) {
  const said = content === undefined ? null : loaded(content);
  return isObject(said) ? said : null;
}

/** @param {any[]} records @returns {Map<string, any>} */
function merged(records) {
  return new Map(records.filter(isObject).flatMap((record) => [...record]));
}

/** @param {any} value @param {string} otherwise */
function string(value, otherwise) {
  return isTrue(value) ? printed(value) : otherwise;
}

/** @param {any} call @param {number} entered */
function timeOf(call, entered) {
  const time = member(call, "ended") ?? member(call, "started") ?? entered;
  try {
    return iso(Number(time));
  } catch {
    return String(time); // a time outside of the calendar
  }
}

/** @param {any} call */
function outcome(call) {
  if (member(call, "failure")) return "no answer";
  return member(call, "error") || (member(call, "status") === undefined || member(call, "status") === null ? "unknown" : "ok");
}

/** @param {any} identity */
function isClaim(identity) {
  return !MORE_THAN_CLAIMS.includes(member(identity, "known")) || member(identity, "signature") === "invalid";
}

/** @param {Map<string, any>} who @param {any} user @param {string} how @returns {string[][]} */
function caller(who, user, how) {
  const record = who.get("record"), run = who.get("run"), operator = who.get("operator");
  const labels = [...(member(run, "labels") ?? new Map())].map(([key, value]) => `${key}=${printed(value)}`).sort();
  return [
    ["identity", how],
    ...(operator === undefined || operator === null ? [] : [["operator", operator]]),
    ["access key", string(member(user, "accessKeyId"), "none")],
    ["from", string(member(record, "sourceIPAddress"), "not known")],
    ["client", string(member(record, "userAgent"), "not known")],
    ...(isObject(run) ? [["run", [run.get("id"), ...labels].join(" ")]] : []),
  ];
}

/** @param {Map<string, any> | null} what */
function touched(what) {
  const names = (what?.get("resources") ?? []).map((/** @type {Map<string, any>} */ item) => [item.get("type"), item.get("arn") || item.get("name")].filter(Boolean).join(" "));
  return what?.get("undetermined") ? [...names, "what else it touched could not be told"] : names;
}

/** @param {Map<string, any> | null} response @param {Map<string, any>} record @param {string | null | undefined} error */
function answered(response, record, error) {
  if (error) return [["answered", `${error}: ${string(record.get("errorMessage"), "no message")}`]];
  return members("answered", response === null ? undefined : (response.get("result") ?? null));
}

/** @param {string} name @param {any} value undefined where it is not opened @returns {string[][]} */
function members(name, value) {
  if (value === undefined) return [[name, "not opened in this bundle"]];
  const found = flat(value, "", 0);
  const lines = found.slice(0, MEMBERS).map(([path, text]) => {
    const characters = Array.from(text);
    const said = characters.length <= LONGEST ? text : `${characters.slice(0, LONGEST).join("")}… (${characters.length} characters)`;
    return [name, path ? `${path} = ${said}` : said];
  });
  if (found.length > MEMBERS) lines.push([name, `… and ${found.length - MEMBERS} more`]);
  return lines.length ? lines : [[name, "nothing"]];
}

/** Members by their path; lists as they are. @param {any} value @param {string} path @param {number} depth @returns {Array<[string, string]>} */
function flat(value, path, depth) {
  const isRedacted = isObject(value) && [...value.keys()].some((key) => key.startsWith("$"));
  if (isObject(value) && value.size && depth < DEEPEST_SHOWN && !isRedacted) {
    return [...value].flatMap(([key, inner]) => flat(inner, path ? `${path}.${key}` : key, depth + 1));
  }
  const isNothing = (isObject(value) && value.size === 0) || (Array.isArray(value) && value.length === 0);
  return value === null || (!path && isNothing) ? [] : [[path, typeof value === "string" ? value : jsonLine(value)]];
}

/** JSON on one line. @param {any} value @returns {string} */
export function jsonLine(value) {
  if (Array.isArray(value)) return `[${value.map(jsonLine).join(",")}]`;
  if (isObject(value)) return `{${[...value].map(([key, item]) => `${JSON.stringify(key)}:${jsonLine(item)}`).join(",")}}`;
  if (value instanceof Float && !Number.isFinite(value.value)) return String(value.value);
  return typeof value === "string" ? JSON.stringify(value) : value === null || typeof value === "boolean" ? String(value) : printed(value);
}

/** Characters that are not printable as what they are. @param {string} text */
export function visible(text) {
  return text.replace(UNPRINTABLE_ONES, (c) => (c === " " ? c : `\\x${(c.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`));
}
