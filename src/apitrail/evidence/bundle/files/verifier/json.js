// JSON as the other verifiers read it. JSON.parse forgets what they go by: whether a key is said
// twice, whether a number is whole, how long and how deep it is. So this is a parser of its own.

import { Problem, UTF8, integer, repr } from "./text.js";

/** @typedef {null | boolean | number | bigint | Float | string | any[] | Map<string, any>} Json */

/** A number that is written with a fraction or an exponent: never taken for a whole one. */
export class Float {
  /** @param {number} value */
  constructor(value) {
    this.value = value;
  }
}

const DEEPEST = 200, LONGEST_NUMBER = 4300;
const NUMERAL = /(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
// By their first letter; the last two are none of JSON's, and Python reads them.
const WORDS = new Map(/** @type {Array<[string, [string, Json]]>} */ ([
  ["n", ["null", null]], ["t", ["true", true]], ["f", ["false", false]],
  ["N", ["NaN", new Float(NaN)]], ["I", ["Infinity", new Float(Infinity)]],
]));
const ESCAPES = new Map([["b", "\b"], ["f", "\f"], ["n", "\n"], ["r", "\r"], ["t", "\t"], ['"', '"'], ["\\", "\\"], ["/", "/"]]);
// eslint-disable-next-line no-control-regex
const PLAIN = /[^"\\\x00-\x1f]*/y;

class Malformed extends Error {}

/**
 * JSON in which no object says a key twice.
 * @param {Uint8Array} data @param {string} what @returns {Json}
 */
export function parseJson(data, what) {
  try {
    return load(data, true);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Problem(`${what} is not JSON: ${error.message}`);
  }
}

/**
 * JSON, or undefined where it is none. Of a key that is said twice the last one counts.
 * @param {Uint8Array} data @returns {Json | undefined}
 */
export function loaded(data) {
  try {
    return load(data, false);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return undefined;
  }
}

/** @param {Uint8Array} data @param {boolean} once */
function load(data, once) {
  const reader = new Reader(textOf(data), once);
  const said = reader.value(0);
  reader.skip();
  if (reader.at !== reader.text.length) throw new Malformed("there is more behind it");
  return said;
}

class Reader {
  /** @param {string} text @param {boolean} once */
  constructor(text, once) {
    this.text = text;
    this.once = once;
    this.at = 0;
  }

  skip() {
    for (let code = this.text.charCodeAt(this.at); code === 32 || code === 10 || code === 13 || code === 9; ) code = this.text.charCodeAt(++this.at);
  }

  /** @param {string} mark */
  takes(mark) {
    if (this.text[this.at] !== mark) return false;
    this.at++;
    return true;
  }

  /** @param {number} depth @returns {Json} */
  value(depth) {
    this.skip();
    if (this.takes('"')) return this.string();
    if (this.takes("{")) return this.object(depth + 1);
    if (this.takes("[")) return this.array(depth + 1);
    const [word, value] = WORDS.get(this.text[this.at]) ?? ["", null];
    if (word && this.text.startsWith(word, this.at)) {
      this.at += word.length;
      return value;
    }
    if (this.text.startsWith("-Infinity", this.at)) {
      this.at += "-Infinity".length;
      return new Float(-Infinity);
    }
    return this.number();
  }

  number() {
    NUMERAL.lastIndex = this.at;
    const found = NUMERAL.exec(this.text);
    if (found === null) throw new Malformed(`no value at ${this.at}`);
    this.at = NUMERAL.lastIndex;
    if (found[2] !== undefined || found[3] !== undefined) return new Float(Number(found[0]));
    if (found[0].length > LONGEST_NUMBER) throw new Malformed("a number is too long");
    return integer(found[0]);
  }

  string() {
    let out = "";
    for (;;) {
      PLAIN.lastIndex = this.at;
      PLAIN.test(this.text);
      out += this.text.slice(this.at, PLAIN.lastIndex);
      this.at = PLAIN.lastIndex;
      if (this.takes('"')) return out;
      if (!this.takes("\\")) throw new Malformed("a string does not end, or holds a control character");
      out += this.escape();
    }
  }

  escape() {
    const letter = this.text[this.at++];
    if (letter === "u") {
      const digits = this.text.slice(this.at, this.at + 4);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new Malformed("a malformed escape");
      this.at += 4;
      return String.fromCharCode(parseInt(digits, 16));
    }
    const meant = ESCAPES.get(letter);
    if (meant === undefined) throw new Malformed("a malformed escape");
    return meant;
  }

  /** @param {number} depth */
  array(depth) {
    if (depth > DEEPEST) throw new Malformed("it is nested too deep");
    /** @type {Json[]} */
    const found = [];
    this.skip();
    if (this.takes("]")) return found;
    for (;;) {
      found.push(this.value(depth));
      this.skip();
      if (this.takes("]")) return found;
      if (!this.takes(",")) throw new Malformed("a list does not end");
    }
  }

  /** @param {number} depth */
  object(depth) {
    if (depth > DEEPEST) throw new Malformed("it is nested too deep");
    /** @type {Map<string, Json>} */
    const found = new Map();
    this.skip();
    if (this.takes("}")) return found;
    for (;;) {
      this.skip();
      if (!this.takes('"')) throw new Malformed("an object's key is no string");
      const key = this.string();
      if (this.once && found.has(key)) throw new Malformed("a key is said twice");
      this.skip();
      if (!this.takes(":")) throw new Malformed("a key without a value");
      found.set(key, this.value(depth));
      this.skip();
      if (this.takes("}")) return found;
      if (!this.takes(",")) throw new Malformed("an object does not end");
    }
  }
}

/** The text in bytes: UTF-8, or what Python's json takes for UTF-16 or UTF-32. @param {Uint8Array} data */
function textOf(data) {
  const [b0, b1, b2, b3] = data;
  if (data.length >= 4 && b0 === 0xff && b1 === 0xfe && !b2 && !b3) return units(data.subarray(4), 4, true);
  if (data.length >= 4 && !b0 && !b1 && b2 === 0xfe && b3 === 0xff) return units(data.subarray(4), 4, false);
  if (b0 === 0xff && b1 === 0xfe) return units(data.subarray(2), 2, true);
  if (b0 === 0xfe && b1 === 0xff) return units(data.subarray(2), 2, false);
  if (b0 === 0xef && b1 === 0xbb && data[2] === 0xbf) return narrow(data.subarray(3));
  if (data.length >= 4 && !b0) return units(data, b1 ? 2 : 4, false);
  if (data.length >= 4 && !b1) return units(data, b2 || b3 ? 2 : 4, true);
  if (data.length === 2 && !b0) return units(data, 2, false);
  if (data.length === 2 && !b1) return units(data, 2, true);
  return narrow(data);
}

/** UTF-16 or UTF-32. @param {Uint8Array} data @param {number} size @param {boolean} little */
function units(data, size, little) {
  if (data.length % size) throw new Malformed("it is no text");
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let out = "";
  for (let at = 0; at < data.length; at += size) {
    const code = size === 2 ? view.getUint16(at, little) : view.getUint32(at, little);
    if (code > 0x10ffff) throw new Malformed("it is no text");
    out += size === 2 ? String.fromCharCode(code) : String.fromCodePoint(code);
  }
  return out;
}

/** UTF-8, in which half a surrogate pair may stand. @param {Uint8Array} data */
function narrow(data) {
  try {
    return UTF8.decode(data);
  } catch {
    return withHalves(data);
  }
}

/** @param {Uint8Array} data */
function withHalves(data) {
  let out = "", from = 0;
  try {
    for (let at = 0; at + 2 < data.length; at++) {
      if (data[at] !== 0xed || data[at + 1] < 0xa0 || data[at + 1] > 0xbf || (data[at + 2] & 0xc0) !== 0x80) continue;
      const half = 0xd000 | ((data[at + 1] & 0x3f) << 6) | (data[at + 2] & 0x3f);
      out += UTF8.decode(data.subarray(from, at)) + String.fromCharCode(half);
      from = at + 3;
      at += 2;
    }
    return out + UTF8.decode(data.subarray(from));
  } catch {
    throw new Malformed("it is no text");
  }
}

/** @param {unknown} value @returns {value is Map<string, any>} */
export function isObject(value) {
  return value instanceof Map;
}

/** A whole number; a boolean is none. @param {unknown} value @returns {value is number | bigint} */
export function isWhole(value) {
  return typeof value === "number" || typeof value === "bigint";
}

/** Is it something, as Python's `if` sees it? @param {any} value */
export function isTrue(value) {
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof Map) return value.size > 0;
  if (Array.isArray(value)) return value.length > 0;
  return Boolean(value);
}

/** The member of an object, or undefined. @param {any} value @param {string} name @returns {any} */
export function member(value, name) {
  return value instanceof Map ? value.get(name) : undefined;
}

/** A value as Python's str() writes it. @param {any} value @returns {string} */
export function printed(value) {
  return typeof value === "string" ? value : shownInside(value);
}

/** @param {any} value @returns {string} */
function shownInside(value) {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return repr(value);
  if (value instanceof Float) return floating(value.value);
  if (Array.isArray(value)) return `[${value.map(shownInside).join(", ")}]`;
  if (value instanceof Map) return `{${[...value].map(([key, item]) => `${repr(key)}: ${shownInside(item)}`).join(", ")}}`;
  return String(value);
}

/** @param {number} value */
function floating(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const [mantissa, exponent] = Math.abs(value).toExponential().split("e");
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= 16)) return `${sign}${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  const text = String(Math.abs(value));
  return sign + (text.includes(".") ? text : `${text}.0`);
}
