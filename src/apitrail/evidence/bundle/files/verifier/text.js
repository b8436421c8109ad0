// Texts in evidence, each with one spelling: base64, decimals, UTF-8, times, and words for people.

/** What does not hold: a message, and the verdict that follows from it. */
export class Problem extends Error {
  /** @param {string} message @param {string} [verdict] */
  constructor(message, verdict = "TAMPERED") {
    super(message);
    this.verdict = verdict;
  }
}

// Unix milliseconds of the years 1 and 10000; what is not between cannot be written down.
export const EARLIEST = -62135596800000;
export const LATEST = 253402300800000;
export const NUMBER = "(?:0|[1-9][0-9]{0,18})";
const DECIMAL = new RegExp(`^${NUMBER}$`);
const MAX_INTEGER = (1n << 63n) - 1n;
// Up to this many entries of one sort are named one by one.
export const NAMED = 100;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SIXES = new Int8Array(128).fill(-1);
for (let at = 0; at < 64; at++) SIXES[ALPHABET.charCodeAt(at)] = at;

/**
 * Strict base64: what the encoder would have written, and nothing else.
 * @param {unknown} text @param {string} what @param {number} [length] @returns {Uint8Array}
 */
export function base64(text, what, length) {
  const data = typeof text === "string" ? decoded(text) : null;
  if (data === null) throw new Problem(`${what} is not canonical base64`);
  if (length !== undefined && data.length !== length) throw new Problem(`${what} is not ${length} bytes in base64`);
  return data;
}

/** @param {string} text @returns {Uint8Array | null} */
function decoded(text) {
  if (text.length % 4) return null;
  const pad = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const end = text.length - pad;
  const out = new Uint8Array((text.length / 4) * 3 - pad);
  let bits = 0, held = 0, to = 0, at = 0;
  // Four at a time, of which a wrong one makes a negative number.
  for (const whole = end - (end % 4); at < whole; at += 4) {
    const a = text.charCodeAt(at), b = text.charCodeAt(at + 1), c = text.charCodeAt(at + 2), d = text.charCodeAt(at + 3);
    if ((a | b | c | d) > 127) return null;
    const three = (SIXES[a] << 18) | (SIXES[b] << 12) | (SIXES[c] << 6) | SIXES[d];
    if (three < 0) return null;
    out[to] = three >> 16;
    out[to + 1] = three >> 8;
    out[to + 2] = three;
    to += 3;
  }
  for (; at < end; at++) {
    const code = text.charCodeAt(at);
    const six = code < 128 ? SIXES[code] : -1;
    if (six < 0) return null;
    held = ((held << 6) | six) & 0xffff;
    bits += 6;
    if (bits >= 8) out[to++] = (held >> (bits -= 8)) & 255;
  }
  // What padding leaves over must be zero, or one content would have several spellings.
  return (held & ((1 << bits) - 1)) === 0 && to === out.length ? out : null;
}

/** Is there half a surrogate pair in it? @param {string} text @returns {boolean} */
export function hasHalf(text) {
  // Browsers of before 2023 have no isWellFormed.
  const whole = /** @type {any} */ (text);
  return typeof whole.isWellFormed === "function" ? !whole.isWellFormed() : /\p{Cs}/u.test(text);
}

/**
 * An integer as it is held here: a number where that is exact, else a bigint.
 * @param {string} text @returns {number | bigint}
 */
export function integer(text) {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value + 0 || 0 : BigInt(text);
}

/** @param {string} text @param {string} what @returns {number | bigint} */
export function decimal(text, what) {
  if (!DECIMAL.test(text) || BigInt(text) > MAX_INTEGER) throw new Problem(`${what} is not a number: ${repr(text.slice(0, 40))}`);
  return integer(text);
}

/** Strict UTF-8; a byte order mark is a character. */
export const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const BYTES = new TextDecoder("latin1");
const ENCODER = new TextEncoder();

/** A character for each byte; what is no ASCII may be any. @param {Uint8Array} data */
export function ascii(data) {
  return BYTES.decode(data);
}

/** @param {Uint8Array} data @param {string} what @param {number} [limit] @returns {string} */
export function utf8(data, what, limit = 1000000) {
  try {
    if (data.length <= limit) return UTF8.decode(data);
  } catch {
    // said below
  }
  throw new Problem(`${what} is not a text of sane length`);
}

/** @param {string} text @returns {Uint8Array} */
export function encoded(text) {
  return ENCODER.encode(text);
}

/** @param {Uint8Array} data @returns {string} */
export function hex(data) {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {Uint8Array} one @param {Uint8Array} other @returns {boolean} */
export function same(one, other) {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

/**
 * Cut at the first `mark`, as Python's str.partition.
 * @param {string} text @param {string} mark @returns {[string, string, string]}
 */
export function partition(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text, "", ""] : [text.slice(0, at), mark, text.slice(at + mark.length)];
}

/** Order of code points, as Python sorts. @param {string} one @param {string} other */
export function byCodePoint(one, other) {
  const a = Array.from(one, (c) => c.codePointAt(0) ?? 0);
  const b = Array.from(other, (c) => c.codePointAt(0) ?? 0);
  for (let at = 0; at < a.length && at < b.length; at++) if (a[at] !== b[at]) return a[at] - b[at];
  return a.length - b.length;
}

/** @param {number | bigint} one @param {number | bigint} other */
export function byNumber(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** @param {number} milliseconds @returns {string} */
export function iso(milliseconds) {
  if (!(milliseconds >= EARLIEST && milliseconds < LATEST)) throw new Problem(`no time: ${milliseconds}`);
  return new Date(milliseconds).toISOString();
}

/** Printable ASCII: evidence must not look like what it is not. @param {string} text */
export function clean(text) {
  if (/^[ -~]*$/.test(text)) return text;
  return Array.from(text, (c) => (c >= " " && c <= "~" ? c : escaped(c.codePointAt(0) ?? 0))).join("");
}

/** @param {number} code */
function escaped(code) {
  return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** A value between quotes. @param {string} value */
export function quoted(value) {
  return `"${clean(value.replaceAll("\\", "\\\\").replaceAll('"', '\\"'))}"`;
}

const SPOKEN = new Map([["\n", "\\n"], ["\r", "\\r"], ["\t", "\\t"], ["\\", "\\\\"]]);
// Python's str.isprintable: everything but "other" and "separator", save the space.
const UNPRINTABLE = /^[\p{C}\p{Z}]$/u;

/** A string as Python's repr writes it. @param {string} text */
export function repr(text) {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = Array.from(text, (c) => {
    const code = c.codePointAt(0) ?? 0;
    if (c === quote) return `\\${c}`;
    if (SPOKEN.has(c)) return SPOKEN.get(c);
    if (c === " " || !UNPRINTABLE.test(c)) return c;
    return code < 0x10000 ? escaped(code) : `\\U${code.toString(16).padStart(8, "0")}`;
  });
  return quote + body.join("") + quote;
}

/** @param {number} number @param {string} noun @param {string} [plural] */
export function count(number, noun, plural) {
  return `${number} ${number === 1 ? noun : (plural ?? `${noun}s`)}`;
}

/** @param {Array<number | bigint>} numbers */
export function indexes(numbers) {
  const named = numbers.slice(0, NAMED).join(", ");
  return numbers.length <= NAMED ? named : `${named} and ${numbers.length - NAMED} more`;
}
