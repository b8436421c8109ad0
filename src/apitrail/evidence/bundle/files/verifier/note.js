// C2SP's signed notes and checkpoints, and the Ed25519 keys that sign them.

import { sha256 } from "./sha256.js";
import { Problem, base64, decimal, encoded, hex, repr, same, utf8 } from "./text.js";

// How Python's str.strip and its \s see a space.
const SPACES = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const AROUND = new RegExp(`^${SPACES}+|${SPACES}+$`, "g");
// eslint-disable-next-line no-control-regex
const NO_NAME = new RegExp(`${SPACES}|[\\x00-\\x1f]`);
// eslint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x09\x0b-\x1f]/;
export const LOG_KEY = 1;
export const WITNESS_KEY = 4;
export const MLDSA_KEY = 6;
const KEY_SIZES = new Map([[LOG_KEY, 32], [WITNESS_KEY, 32], [MLDSA_KEY, 1312]]);

/** A verifier key: <name>+<hex key id>+base64(its type ‖ the public key). */
export class Key {
  /** @param {string} text @param {number[]} [types] those that it may be of */
  constructor(text, types = [LOG_KEY]) {
    this.text = text.replace(AROUND, "");
    const [name, id, ...rest] = this.text.split("+");
    if (rest.length === 0 || !name || NO_NAME.test(name)) throw new Problem(`not a verifier key: ${repr(text.slice(0, 100))}`);
    const data = base64(rest.join("+"), "a key");
    this.name = name;
    this.type = data[0];
    this.material = data.subarray(1);
    this.id = sha256(encoded(`${name}\n`), data).subarray(0, 4);
    const good = types.includes(this.type) && data.length === 1 + (KEY_SIZES.get(this.type) ?? 0);
    if (!good || hex(this.id) !== id) throw new Problem(`a verifier key of another type, or its id is wrong: ${repr(text.slice(0, 100))}`);
  }

  /** @param {Uint8Array} message @param {Uint8Array} signature @returns {Promise<boolean>} */
  async verifies(message, signature) {
    if (signature.length !== 64) return false;
    let key;
    try {
      key = await crypto.subtle.importKey("raw", Uint8Array.from(this.material), "Ed25519", false, ["verify"]);
    } catch (error) {
      // "This browser cannot" must not be taken for "the signature is wrong".
      if (error instanceof DOMException && error.name === "DataError") return false;
      throw error;
    }
    return crypto.subtle.verify("Ed25519", key, Uint8Array.from(signature), Uint8Array.from(message));
  }
}

// RFC 8032, section 7.1, test 2.
const KNOWN_KEY = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
const KNOWN_SIGNATURE =
  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

/** Does WebCrypto here know Ed25519, and tell a good signature from a bad one? @returns {Promise<boolean>} */
export async function knowsEd25519() {
  if (typeof crypto === "undefined" || crypto.subtle === undefined) return false;
  const [key, signature] = [KNOWN_KEY, KNOWN_SIGNATURE].map((text) => Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16)));
  try {
    const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    const good = await crypto.subtle.verify("Ed25519", imported, signature, Uint8Array.of(0x72));
    return good && !(await crypto.subtle.verify("Ed25519", imported, signature, Uint8Array.of(0x73)));
  } catch {
    return false;
  }
}

/** A signed note; `open` tells which of some keys have signed it. */
export class Note {
  /** @param {Uint8Array} data @param {string} what */
  constructor(data, what) {
    this.what = what;
    this.whole = utf8(data, what);
    const at = this.whole.lastIndexOf("\n\n");
    const text = this.whole.slice(0, Math.max(at, 0)), rest = this.whole.slice(at + 2);
    if (at < 0 || !rest.endsWith("\n") || CONTROL.test(text)) throw new Problem(`${what} is not a signed note`);
    this.text = `${text}\n`;
    /** @type {Array<{name: string, id: Uint8Array, signature: Uint8Array}>} */
    this.lines = [];
    for (const line of rest.slice(0, -1).split("\n")) {
      const found = /^— ([^ +]+) ([^ ]+)$/u.exec(line);
      const signature = found ? base64(found[2], what) : new Uint8Array();
      if (!found || signature.length < 5 || this.lines.length === 100) throw new Problem(`${what} has a malformed signature line`);
      this.lines.push({ name: found[1], id: signature.subarray(0, 4), signature: signature.subarray(4) });
    }
  }

  /** @param {Key[]} keys @returns {Promise<Key[]>} those that have signed */
  async open(keys) {
    /** @type {Key[]} */
    const good = [];
    for (const line of this.lines) {
      for (const key of keys.filter((key) => key.name === line.name && same(key.id, line.id))) {
        if (!(await key.verifies(encoded(this.text), line.signature))) throw new Problem(`${this.what}: the signature by ${repr(line.name)} is not good`);
        if (!good.includes(key)) good.push(key);
      }
    }
    return good;
  }
}

/** A signed checkpoint: origin, size, root. */
export class Head extends Note {
  /** @param {Uint8Array} data @param {string} what */
  constructor(data, what) {
    super(data, what);
    const lines = this.text.slice(0, -1).split("\n");
    if (lines.length < 3 || !lines[0]) throw new Problem(`${what} is not a checkpoint`);
    this.origin = lines[0];
    this.size = decimal(lines[1], what);
    this.root = base64(lines[2], what, 32);
    this.own = this.lines.filter((line) => line.name === this.origin);
  }
}
