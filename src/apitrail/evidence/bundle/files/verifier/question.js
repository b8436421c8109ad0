// Whether a call matches a question, and the question in words.

import { isObject } from "./json.js";
import { Kept } from "./kept.js";
import { COLUMNS, FIELDS, RESOURCES, labelGroups } from "./manifest.js";
import { byCodePoint, clean, partition, quoted } from "./text.js";

/** @typedef {import("./call.js").Row} Row */
/** @typedef {Map<string, any>} Where */

/** A text with `*` for any text; letter case counts only if `exactly`, and nothing behind a NUL. */
function isLike(/** @type {string} */ text, /** @type {string | null | undefined} */ value, exactly = false) {
  if (value === null || value === undefined) return false;
  const plain = (/** @type {string} */ said) => (exactly ? partition(said, "\0")[0] : partition(said, "\0")[0].toLowerCase());
  const parts = plain(text).split("*"), subject = plain(value);
  const first = parts[0], last = parts[parts.length - 1];
  if (parts.length === 1) return first === subject;
  if (!subject.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = subject.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return subject.length - at >= last.length && subject.endsWith(last);
}

/** Is what a table prints of a call of this form? @param {string} name @param {string} text @param {Row} row */
function shownLike(name, text, row) {
  const service = row.source === null ? null : partition(row.source, ".")[0];
  if (name === "event_name") {
    const [before, colon, after] = partition(text, ":");
    return colon ? isLike(before, service) && isLike(after, row.name) : isLike(text, row.name);
  }
  if (name === "event_source") return isLike(text, row.source) || isLike(text, service);
  if (name === "username") return isLike(text, row.username ?? row.access_key_id);
  return row.resources.some((pair) => isLike(text, pair[RESOURCES.get(name) ?? 0], name === "resource_name"));
}

/** Does the call have this value in a field of the question? @param {Row} row @param {string} name @param {any} value */
function finds(row, name, value) {
  if (isObject(value)) return shownLike(name, value.get("like"), row);
  const column = RESOURCES.get(name);
  if (column !== undefined) return row.resources.some((pair) => pair[column] === value);
  return columnOf(row, name) === value;
}

/** @param {Row} row @param {string} name @returns {string | null | undefined} */
function columnOf(row, name) {
  return /** @type {any} */ (row)[COLUMNS.get(name) ?? ""];
}

/** Is KEY=VALUE, or KEY alone, among the labels? @param {Row} row @param {string} text */
function isLabelled(row, text) {
  const [key, equals, value] = partition(text, "=");
  return row.labels.some(([name, found]) => name === key && (!equals || found === value));
}

/** Does a call match? Fields that are not known here are not judged. @param {Where} where @param {Row} row */
export function matches(where, row) {
  return [...where].every(([name, value]) => {
    if (COLUMNS.has(name) || RESOURCES.has(name)) return value.some((/** @type {any} */ item) => finds(row, name, item));
    if (name === "error") return value === true ? row.error !== null : row.error === value;
    if (name === "read_only") return row.read_only === value;
    if (name === "stand_in") return row.stand_in === value;
    if (name === "label") return labelGroups(value).every((group) => group.some((/** @type {string} */ text) => isLabelled(row, text)));
    if (name === "since") return row.time >= value;
    return name === "until" ? row.time < value : true;
  });
}

/** The question without some of its fields. @param {Where} where @param {string[]} names @returns {Where} */
export function without(where, ...names) {
  return new Map([...where].filter(([name]) => !names.includes(name)));
}

// Services that take names in any letter case.
const IGNORING_CASE = new Map([
  ["dax.amazonaws.com", "AWS::DAX::"], ["dms.amazonaws.com", "AWS::DMS::"],
  ["elasticache.amazonaws.com", "AWS::ElastiCache::"], ["memorydb.amazonaws.com", "AWS::MemoryDB::"],
  ["rds.amazonaws.com", "AWS::RDS::"], ["redshift.amazonaws.com", "AWS::Redshift::"],
]);

/** Would it match if letter case did not count in the names of its service? @param {Where} where @param {Row} row */
export function inAnotherCase(where, row) {
  const everywhere = row.source !== null && IGNORING_CASE.has(row.source);
  const names = row.resources.filter(([, kind]) => everywhere || [...IGNORING_CASE.values()].some((start) => kind.startsWith(start)));
  const is = (/** @type {any} */ value, /** @type {string} */ name) => (isObject(value) ? isLike(value.get("like"), name) : name.toLowerCase() === value.toLowerCase());
  const wanted = where.get("resource_name") ?? [];
  return matches(without(where, "resource_name"), row) && wanted.some((/** @type {any} */ value) => names.some(([name]) => is(value, name)));
}

/** What was asked, each value between quotes. @param {Where} where */
export function question(where) {
  const parts = [...where].filter(([name]) => name !== "since" && name !== "until");
  return parts.map(([name, value]) => `${clean(name.replaceAll("_", "-"))} ${FIELDS.has(name) ? said(value) : "?"}`).join("; ") || "every call";
}

/** @param {any} value @returns {string} */
function said(value) {
  if (Array.isArray(value) && Array.isArray(value[0])) return value.map((group) => `(${said(group)})`).join(" and ");
  if (Array.isArray(value)) return value.map(asked).join(" or ");
  return typeof value === "string" ? quoted(value) : String(value);
}

/** @param {any} value */
function asked(value) {
  return isObject(value) ? `like ${quoted(value.get("like"))}` : quoted(value);
}

// Names are compared once, not with each call that has them; so many are remembered.
const SIMILAR = 10000, LISTED = 3;

/** What is asked for and named by no call, with the most similar names that are. */
export class Unnamed {
  /** @param {Where} where */
  constructor(where) {
    const names = [...where.keys()].filter((name) => COLUMNS.has(name) || RESOURCES.has(name));
    /** What no call has had so far. @type {Array<{name: string, value: any, like: string[], missing: boolean}>} */
    this.asked = names.flatMap((name) => where.get(name).map((/** @type {any} */ value) => ({ name, value, like: [], missing: true })));
    /** @type {Kept<string, boolean>} */
    this.similar = new Kept(SIMILAR);
  }

  /** @param {Row} row */
  add(row) {
    for (const asked of this.asked) if (asked.missing && this.isNamed(row, asked)) asked.missing = false;
  }

  /** @param {Row} row @param {{name: string, value: any, like: string[]}} asked */
  isNamed(row, asked) {
    const { name, value } = asked, column = RESOURCES.get(name);
    if (isObject(value)) return finds(row, name, value);
    const found = column === undefined ? [columnOf(row, name)] : row.resources.map((pair) => pair[column]);
    const known = /** @type {string[]} */ ([...new Set(found.filter(Boolean))]);
    if (known.includes(value)) return true;
    for (const item of known) {
      // Only the first ones are listed, so the rest need not be kept.
      const last = asked.like[LISTED - 1], listed = asked.like.includes(item) || (last !== undefined && byCodePoint(item, last) >= 0);
      if (!listed && this.similar.get(`${value.length} ${value}${item}`, () => isSimilar(value, item))) {
        asked.like = [...asked.like, item].sort(byCodePoint).slice(0, LISTED);
      }
    }
    return false;
  }

  lines() {
    return this.asked.filter(({ missing }) => missing).map(({ value, like }) => {
      if (isObject(value)) return `no entry of the range names any like ${quoted(value.get("like"))}`;
      return `no entry of the range names ${quoted(value)}${like.length ? `; similar: ${like.map(quoted).join(", ")}` : ""}`;
    });
  }
}

/** Do they differ by their case, by at most two characters, or by what stands around one? @param {string} a @param {string} b */
function isSimilar(a, b) {
  const one = Array.from(a.toLowerCase()), other = Array.from(b.toLowerCase());
  const texts = [one.join(""), other.join("")];
  if (Math.min(one.length, other.length) >= 3 && (texts[0].includes(texts[1]) || texts[1].includes(texts[0]))) return true;
  if (Math.abs(one.length - other.length) > 2 || Math.max(one.length, other.length) < 3) return texts[0] === texts[1];
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let at = 1; at <= one.length; at++) {
    const before = row;
    row = [at];
    for (let to = 1; to <= other.length; to++) {
      row.push(Math.min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (one[at - 1] === other[to - 1] ? 0 : 1)));
    }
    if (Math.min(...row) > 2) return false;
  }
  return row[row.length - 1] <= 2;
}
