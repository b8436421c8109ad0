// One entry of the log: small exact bytes that are hashed, in the one spelling that is taken.

import { sha256 } from "./sha256.js";
import { LATEST, NUMBER, Problem, ascii, base64 } from "./text.js";

export const TAGS = ["who", "what", "request", "response", "reqbody", "resbody", "learned"];
export const KINDS = ["api", "open", "close", "heartbeat", "unknown", "run", "erase", "key", "gap", "anchor", "clock", "refused", "insight", "mute", "denied", "policy", "decision"];
export const CALLS = ["api", "unknown", "denied"];
/** How a facet is called, also one that a later version has added. */
export const TAG = /^[a-z]{1,8}$/;

const HASH = '[A-Za-z0-9+/]{43}=';
const WRITTEN = new RegExp(`^\\{"v":1,"i":(${NUMBER}),"t":(${NUMBER}),"p":"(${HASH})","k":"([a-z]{1,16})","c":\\{((?:"[a-z]{1,8}":"${HASH}"(?:,(?!\\}))?)*)\\}\\}$`);
const COMMITTED = new RegExp(`"([a-z]{1,8})":"(${HASH})"(,|$)`, "y");
const LEAF = Uint8Array.of(0);

export class Entry {
  /** @param {Uint8Array} data @param {number | bigint} index where it is expected */
  constructor(data, index) {
    this.data = data;
    this.hash = sha256(LEAF, data);
    const found = WRITTEN.exec(ascii(data));
    if (found === null) throw new Problem(`entry ${index}: malformed entry`);
    this.index = Number(found[1]);
    this.time = Number(found[2]);
    this.kind = found[4];
    if (this.time >= LATEST) throw new Problem(`entry ${index}: it is of no time`);
    this.previous = base64(found[3], "a hash", 32);
    /** @type {Map<string, Uint8Array>} */
    this.committed = committed(found[5], index);
  }
}

/** The commitments by facet, each once and in their order. @param {string} text @param {number | bigint} index */
function committed(text, index) {
  const found = new Map();
  COMMITTED.lastIndex = 0;
  let read = 0;
  for (let match = COMMITTED.exec(text); match !== null; match = COMMITTED.exec(text)) {
    if (found.has(match[1])) break;
    found.set(match[1], base64(match[2], "a commitment", 32));
    read = COMMITTED.lastIndex;
  }
  const tags = [...found.keys()];
  const ordered = [...TAGS.filter((tag) => found.has(tag)), ...tags.filter((tag) => !TAGS.includes(tag)).sort()];
  if (read !== text.length || text.endsWith(",") || tags.join() !== ordered.join()) throw new Problem(`entry ${index}: malformed entry: not canonical`);
  return found;
}
