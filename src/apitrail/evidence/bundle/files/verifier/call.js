// What of a call a question can be asked about, read off its facets.

import { isTrue, isWhole, member, printed } from "./json.js";
import { TYPES } from "./statements.js";
import { LATEST, Problem, hasHalf, partition } from "./text.js";

const { text, whole, flag, object, list } = TYPES;
/** @typedef {import("./statements.js").Type} Type */

// Members of `call`; null may stand for any of them. Others are of a later version.
/** @type {Record<string, Type>} */
const CALL = {
  service: text, operation: text, region: text, protocol: text, started: whole, ended: whole,
  status: whole, error: text, failure: text, upstream: text,
};
const MEMBERS = Object.entries(CALL);

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {number} time
 * @property {string | null} source
 * @property {string | null} name
 * @property {string | null} region
 * @property {string | null} error
 * @property {boolean | null} read_only
 * @property {boolean} stand_in
 * @property {Array<[string, string]>} resources name or ARN, and type
 * @property {Array<[string, string]>} labels
 * @property {string | null} [username]
 * @property {string | null} [operator]
 * @property {string | null} [run]
 * @property {string | null} [access_key_id]
 * @property {string | null} [source_ip]
 */

/** Null, or just of this type. @param {any} value @param {Type} type */
const fits = (value, type) => value === undefined || value === null || type(value);
/** Just of this type where it is there. @param {any} value @param {Type} type */
const there = (value, type) => value === undefined || type(value);

/** Are these the facets of a call? @param {Map<string, any> | null} who @param {Map<string, any>} what */
function areFacets(who, what) {
  const call = what.get("call") ?? (what.has("call") ? null : new Map());
  const resources = what.has("resources") ? what.get("resources") : [];
  return (
    there(what.get("record"), object) && object(call) && list(resources) && fits(what.get("kept"), text) &&
    there(what.get("undetermined"), flag) && there(what.get("standIn"), flag) && there(what.get("decision"), object) &&
    MEMBERS.every(([name, type]) => fits(call.get(name), type)) &&
    there(call.get("problems"), list) && (call.get("problems") ?? []).every(text) &&
    resources.every((/** @type {any} */ item) => object(item) && ["arn", "type", "name"].every((name) => there(item.get(name), text))) &&
    (who === null || isCaller(who))
  );
}

/** @param {Map<string, any>} who */
function isCaller(who) {
  const run = who.get("run"), record = who.get("record");
  if (!object(record) || !there(who.get("identity"), object) || !fits(who.get("operator"), text)) return false;
  if (run !== undefined && run !== null && !(object(run) && text(run.get("id")) && there(run.get("labels"), object))) return false;
  return object(record.get("userIdentity")) || !isTrue(record.get("userIdentity"));
}

/** A text as it is searched for; half a surrogate pair is written out. @param {any} value @returns {string | null} */
function searchable(value) {
  if (value === null || value === undefined) return null;
  const said = printed(value);
  return hasHalf(said) ? said.replace(/\p{Cs}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`) : said;
}

/**
 * @param {number} index @param {Map<string, any> | null} who @param {Map<string, any>} what @returns {Row}
 */
export function project(index, who, what) {
  const malformed = () => new Problem(`entry ${index}: malformed event facets`);
  if (!areFacets(who, what)) throw malformed();
  const record = what.get("record"), call = what.get("call");
  const time = call?.get("ended") ?? call?.get("started");
  const id = uuid(printed(member(record, "eventID")));
  const readOnly = member(record, "readOnly");
  if (id === null || !["eventID", "eventSource", "eventName"].every((name) => record?.has(name))) throw malformed();
  if (!fits(readOnly, flag) || !isWhole(time) || !(time >= 0 && time < LATEST)) throw malformed();
  /** @type {Row} */
  const row = {
    id, time: Number(time), source: searchable(record.get("eventSource")), name: searchable(record.get("eventName")),
    region: searchable(record.get("awsRegion")), error: searchable(call.get("error")), read_only: readOnly ?? null,
    stand_in: what.get("standIn") ?? false, resources: (what.get("resources") ?? []).flatMap(named), labels: [],
  };
  return who === null ? row : { ...row, ...caller(who) };
}

/** @param {Map<string, any>} item @returns {Array<[string, string]>} */
function named(item) {
  const keys = [item.get("name"), item.get("arn")].filter(Boolean);
  return keys.map((key) => [searchable(key) ?? "", searchable(item.get("type")) ?? ""]);
}

/** @param {Map<string, any>} who */
function caller(who) {
  const record = who.get("record"), run = who.get("run");
  const user = object(record.get("userIdentity")) ? record.get("userIdentity") : new Map();
  const key = user.get("accessKeyId");
  return {
    username: searchable(username(user)), operator: searchable(who.get("operator")), run: searchable(run?.get("id")),
    labels: /** @type {Array<[string, string]>} */ ([...(run?.get("labels") ?? [])].map(([name, value]) => [name, printed(value)])),
    access_key_id: isTrue(key) ? searchable(key) : null, source_ip: searchable(record.get("sourceIPAddress")),
  };
}

/** @param {Map<string, any>} user @returns {any} */
function username(user) {
  const type = user.get("type");
  const said = (/** @type {string} */ name) => (isTrue(user.get(name)) ? printed(user.get(name)) : "");
  if (said("userName")) return said("userName");
  if (type === "Root") return "root";
  if (type === "AssumedRole" || type === "FederatedUser") return partition(said("principalId"), ":")[2] || said("arn").split("/").pop() || null;
  return type === "AWSService" ? user.get("invokedBy") : null;
}

const USUAL = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const HEX = /^[\s]*([+-]?)(?:0[xX]_?)?([0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)\s*$/;

/** A UUID in its usual spelling, out of all those that Python's uuid takes. @param {string} text */
function uuid(text) {
  if (USUAL.test(text)) return text;
  const digits = text.replaceAll("urn:", "").replaceAll("uuid:", "").replace(/^[{}]+|[{}]+$/g, "").replaceAll("-", "");
  const found = HEX.exec(digits);
  if (found === null || Array.from(digits).length !== 32) return null;
  const hex = found[2].replaceAll("_", "").padStart(32, "0");
  if (found[1] === "-" && /[^0]/.test(hex)) return null;
  return hex.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Whose word it is that this was the caller, and whether the signature was checked. @param {Map<string, any> | null} who */
export function howKnown(who) {
  const identity = member(who, "identity");
  const known = member(identity, "known"), signature = member(identity, "signature");
  const parts = [isTrue(known) ? printed(known) : "", isTrue(signature) ? `signature ${printed(signature)}` : ""].filter(Boolean);
  return parts.length ? ` (${parts.join(", ")})` : "";
}

