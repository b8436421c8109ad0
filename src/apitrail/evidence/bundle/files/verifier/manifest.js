// What a bundle claims to show. It is not signed and proves nothing: every claim is checked.

import { TAG, TAGS } from "./entry.js";
import { isObject, isWhole, member } from "./json.js";
import { EARLIEST, LATEST, Problem, byCodePoint, byNumber } from "./text.js";

/** Fields of a question that are compared with one value of a call, by the name of that value. */
export const COLUMNS = new Map([
  ["event_id", "id"], ["event_name", "name"], ["event_source", "source"], ["username", "username"],
  ["access_key_id", "access_key_id"], ["region", "region"], ["source_ip", "source_ip"], ["run", "run"],
  ["operator", "operator"],
]);
/** Fields that are compared with the resources: their names, their types. */
export const RESOURCES = new Map([["resource_name", 0], ["resource_type", 1]]);
export const FIELDS = new Set([...COLUMNS.keys(), ...RESOURCES.keys(), "since", "until", "read_only", "stand_in", "error", "label"]);
const PATTERNED = ["event_name", "event_source", "username", "resource_name", "resource_type"];

/** @typedef {{first: number, last: number, opened: string[]}} Range */

const PACKED = "apitrail.bundle@v2";
const FORMATS = ["apitrail.bundle@v1", PACKED];

const MEMBERS = new Map(/** @type {Array<[string, (value: unknown) => boolean]>} */ ([
  ["format", (value) => FORMATS.some((format) => format === value)],
  ["apitrail", (value) => typeof value === "string"],
  ["origin", (value) => typeof value === "string"],
  ["size", isWhole],
  ["filter", isObject],
  ["selected", Array.isArray],
  ["range", (value) => value === null || isObject(value)],
]));
const OF_RANGE = ["first", "last", "opened"];

export class Manifest {
  /** @param {any} said the JSON of manifest.json */
  constructor(said) {
    if (!isObject(said) || ![...MEMBERS].every(([name, fits]) => said.has(name) && fits(said.get(name)))) throw new Problem("malformed manifest.json, or one of a newer apitrail");
    /** Are the entries shown in packs? @type {boolean} */
    this.packed = said.get("format") === PACKED;
    /** @type {string} */
    this.origin = said.get("origin");
    /** @type {number | bigint} */
    this.size = said.get("size");
    /** @type {number[]} */
    this.selected = said.get("selected");
    /** @type {Map<string, any>} */
    this.filter = said.get("filter");
    this.checkSelected();
    this.range = this.claimed(said.get("range"));
    this.files = isObject(said.get("files")) ? said.get("files") : null;
    /** The fields of the question that this version cannot judge by. */
    this.unasked = checkFilter(this.filter);
    /** Whatever a later version has put into it. */
    this.beyond = [
      ...[...said.keys()].filter((name) => !MEMBERS.has(name) && !(this.files && name === "files")),
      ...[...(said.get("range") ?? new Map()).keys()].filter((name) => !OF_RANGE.includes(name)).map((name) => `range.${name}`),
      ...this.unasked.map((name) => `filter.${name}`),
    ].map((name) => `manifest.json: ${name}`);
  }

  checkSelected() {
    const chosen = this.selected;
    const rises = chosen.every((index, at) => at === 0 || chosen[at - 1] < index);
    if (!chosen.every((index) => this.isIndex(index)) || !rises) throw new Problem("malformed manifest.json: selected");
  }

  /** @param {unknown} value @returns {boolean} */
  isIndex(value) {
    return isWhole(value) && value >= 0 && value < this.size;
  }

  /** @param {Map<string, any> | null} said @returns {Range | null} */
  claimed(said) {
    if (said === null) return null;
    const [first, last, opened] = OF_RANGE.map((name) => said.get(name));
    if (!this.isIndex(first) || !this.isIndex(last) || first > last || !areTags(opened)) throw new Problem("malformed manifest.json: range");
    return { first, last, opened };
  }
}

/** Names of facets, each once, those that are known in their order, and `what` among them. @param {any} value */
function areTags(value) {
  if (!Array.isArray(value) || !value.every((tag) => typeof tag === "string" && TAG.test(tag))) return false;
  const known = value.filter((tag) => TAGS.includes(tag));
  const ordered = TAGS.filter((tag) => value.includes(tag));
  return new Set(value).size === value.length && known.join() === ordered.join() && value.includes("what");
}

/** The fields that this cannot judge by; raises Problem at a malformed one. @param {Map<string, any>} where */
function checkFilter(where) {
  for (const [name, value] of where) {
    if (FIELDS.has(name) && !isAsked(name, value)) throw new Problem(`malformed filter in manifest.json: '${name}'`);
  }
  return [...where.keys()].filter((name) => !FIELDS.has(name)).sort(byCodePoint);
}

/** @param {string} name @param {any} value */
function isAsked(name, value) {
  if (COLUMNS.has(name) || RESOURCES.has(name) || name === "label") {
    const groups = name === "label" ? labelGroups(value) : [value];
    return groups.every((group) => Array.isArray(group) && group.length > 0 && group.every((item) => isValue(name, item)));
  }
  if (name === "since" || name === "until") return isWhole(value) && byNumber(EARLIEST, value) <= 0 && value < LATEST;
  if (name === "error") return value === true || typeof value === "string";
  return typeof value === "boolean";
}

/** A string that must be equal, or {"like": text} with `*` for any text. @param {string} name @param {any} item */
function isValue(name, item) {
  if (isObject(item) && PATTERNED.includes(name)) return item.size === 1 && typeof member(item, "like") === "string";
  return typeof item === "string";
}

/** Of each group one label must be there; a flat list is one group. @param {any} value @returns {any[]} */
export function labelGroups(value) {
  const nested = Array.isArray(value) && value.length > 0 && value.every(Array.isArray);
  return nested ? value : [value];
}
