// Timestamps (RFC 3161): of which checkpoint each is, and when it says that was. Whose signature a token
// has is not looked at: that is for `openssl ts -verify`.

import { Note } from "./note.js";
import { sha256 } from "./sha256.js";
import { Problem, ascii, byCodePoint, encoded, hex, same } from "./text.js";

/** @typedef {import("./bundle.js").Bundle} Bundle */
/** @typedef {{name: string, size: number | bigint, time: string}} Stamp */

const SIGNED_DATA = "2a864886f70d010702", TST_INFO = "2a864886f70d0109100104", SHA256 = "608648016503040201";
const INTEGER = 2, OCTETS = 4, OID = 6, TIME = 24, SEQUENCE = 48, EXPLICIT = 160;
const GENERALIZED = /^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})(?:\.[0-9]{1,9})?Z$/;

/** Each must be of a checkpoint here. @param {Bundle} bundle @returns {Stamp[]} the newest head's first */
export function checkStamps(bundle) {
  const found = bundle.known.filter((name) => name.startsWith("timestamps/")).map((name) => stampOf(bundle, name));
  return found.sort((a, b) => (a.size === b.size ? byCodePoint(a.name, b.name) : a.size < b.size ? 1 : -1));
}

/** @param {Bundle} bundle @param {string} name @returns {Stamp} */
function stampOf(bundle, name) {
  const data = bundle.read(name), size = name.split("/")[1], kept = `checkpoints/${size}`;
  const isNewest = size === String(bundle.head.size);
  if (!isNewest && !bundle.names.has(kept)) throw new Problem(`${name} belongs to no checkpoint`);
  const { digest, time } = tokenOf(data, name);
  const head = isNewest ? bundle.head : new Note(bundle.read(kept), kept);
  if (!same(digest, sha256(encoded(head.text)))) throw new Problem(`${name} is not of the checkpoint of ${size}`);
  return { name, size: isNewest ? bundle.head.size : Number(size), time };
}

/** What a token stamped, as SHA-256, and when. @param {Uint8Array} data @param {string} name */
function tokenOf(data, name) {
  try {
    const [status, token] = der(der(data, [SEQUENCE], true)[0], [SEQUENCE, SEQUENCE], true);
    if (hex(der(status, [INTEGER])[0]) !== "00") throw new Problem("no timestamp was given");
    const [, , inner] = der(explicit(token, SIGNED_DATA, SEQUENCE), [null, null, SEQUENCE]);
    const [said] = der(explicit(inner, TST_INFO, OCTETS), [SEQUENCE], true);
    const [, , imprint, , moment] = der(said, [INTEGER, OID, SEQUENCE, INTEGER, TIME]);
    const [algorithm, digest] = der(imprint, [SEQUENCE, OCTETS], true);
    const match = GENERALIZED.exec(ascii(moment));
    if (match === null || hex(der(algorithm, [OID])[0]) !== SHA256 || digest.length !== 32) throw new Problem("a timestamp of another kind");
    const [, year, month, day, hour, minute, second] = match;
    return { digest, time: `${year}-${month}-${day}T${hour}:${minute}:${second}Z` };
  } catch (error) {
    throw error instanceof Problem ? new Problem(`${name}: ${error.message}`) : error;
  }
}

/** What stands in `SEQUENCE {kind, [0] content}`. @param {Uint8Array} data @param {string} kind @param {number} tag */
function explicit(data, kind, tag) {
  const [found, content] = der(data, [OID, EXPLICIT], true);
  if (hex(found) !== kind) throw new Problem("a timestamp of another kind");
  return der(content, [tag], true)[0];
}

/**
 * The contents of the first values in DER, which have these tags (null: any).
 * @param {Uint8Array} data @param {(number | null)[]} tags @param {boolean} [exactly] @returns {Uint8Array[]}
 */
function der(data, tags, exactly = false) {
  /** @type {{tag: number, content: Uint8Array}[]} */
  const found = [];
  for (let at = 0; at < data.length; ) {
    const value = valueAt(data, at);
    found.push(value);
    at = value.end;
  }
  const fits = found.length >= tags.length && tags.every((tag, at) => tag === null || found[at].tag === tag);
  if (!fits || (exactly && found.length !== tags.length)) throw new Problem("malformed timestamp");
  return found.slice(0, tags.length).map((value) => value.content);
}

/** The value that begins here; only DER's one form of a length is taken. @param {Uint8Array} data @param {number} at */
function valueAt(data, at) {
  const tag = data[at];
  let start = at + 2, length = data[at + 1] ?? -1;
  if (length > 127) {
    const digits = data.subarray(start, start + length - 128);
    const whole = digits.length === length - 128 && digits.length >= 1 && digits.length <= 4 && digits[0] !== 0;
    start += length - 128;
    length = digits.reduce((value, digit) => value * 256 + digit, 0);
    if (!whole || length < 128) length = -1;
  }
  if ((tag & 31) === 31 || length < 0 || start + length > data.length) throw new Problem("malformed timestamp");
  return { tag, content: data.subarray(start, start + length), end: start + length };
}
