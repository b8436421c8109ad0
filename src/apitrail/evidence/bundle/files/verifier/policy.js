// Trust policies (C2SP tlog-policy), and what their witnesses have seen.

import { verifiesMldsa44 } from "./mldsa.js";
import { Key, LOG_KEY, MLDSA_KEY, WITNESS_KEY } from "./note.js";
import { Problem, decimal, encoded, repr, same } from "./text.js";

/** @typedef {import("./bundle.js").Bundle} Bundle */
/** @typedef {import("./note.js").Head} Head */
/** @typedef {{name: string, key: Key}} Named */
/** @typedef {{name: string, size: number, time: bigint}} Sighting */
/** @typedef {{fewest: number, seen: string[], unseen: string[]}} Witnessed */

const LONGEST = 1000000, MOST = 1000;
const NONE = "none";
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\x00-\x08\x0b-\x1f\x7f]/;

/** Which logs and witnesses count, and how many of them must agree. Names are octets, a character each. */
export class Policy {
  /** @param {Uint8Array | string} data */
  constructor(data) {
    const bytes = typeof data === "string" ? encoded(data) : data;
    const text = Array.from(bytes.subarray(0, LONGEST + 1), (byte) => String.fromCharCode(byte)).join("");
    if (bytes.length > LONGEST || FORBIDDEN.test(text)) throw new Problem("policy: too long, or a control character in it");
    /** @type {Named[]} */
    this.logs = [];
    /** @type {Named[]} */
    this.witnesses = [];
    /** @type {Map<string, {number: number, members: string[]}>} */
    this.groups = new Map();
    /** @type {Set<string>} */
    this.members = new Set();
    this.quorum = "";
    text.split("\n").forEach((line, at) => {
      const words = line.split(/[ \t]+/).filter(Boolean);
      if (!words.length || words[0]?.startsWith("#")) return;
      try {
        this.read(words);
      } catch (error) {
        throw error instanceof Problem ? new Problem(`policy, line ${at + 1}: ${error.message}`) : error;
      }
    });
    if (!this.quorum) throw new Problem("policy: no quorum");
  }

  /** @param {string[]} words */
  read([kind, ...rest]) {
    if (kind === "log" && rest.length >= 1 && rest.length <= 2) add(this.logs, "", keyOf(rest[0], [LOG_KEY, MLDSA_KEY]));
    else if (kind === "witness" && rest.length >= 2 && rest.length <= 3) add(this.witnesses, this.fresh(rest[0]), keyOf(rest[1], [WITNESS_KEY, MLDSA_KEY]));
    else if (kind === "group" && rest.length >= 3) this.addGroup(this.fresh(rest[0]), rest[1], rest.slice(2));
    else if (kind === "quorum" && rest.length === 1 && !this.quorum) this.quorum = rest[0] === NONE ? NONE : this.named(rest[0]);
    else throw new Problem(`not a log, witness, group or quorum: ${repr(kind.slice(0, 100))}`);
    if (this.logs.length + this.witnesses.length + this.groups.size > MOST) throw new Problem(`more than ${MOST} logs, witnesses and groups`);
  }

  /** @param {string} name @param {string} threshold @param {string[]} members */
  addGroup(name, threshold, members) {
    for (const member of members) {
      if (this.members.has(this.named(member))) throw new Problem(`${repr(member)} is a member already`);
      this.members.add(member);
    }
    const number = threshold === "all" ? members.length : threshold === "any" ? 1 : Number(decimal(threshold, "threshold"));
    if (!(number >= 1 && number <= members.length)) throw new Problem(`${number} of ${members.length} members`);
    this.groups.set(name, { number, members });
  }

  /** @param {string} name */
  isKnown(name) {
    return this.groups.has(name) || this.witnesses.some((witness) => witness.name === name);
  }

  /** @param {string} name */
  named(name) {
    if (!this.isKnown(name)) throw new Problem(`${repr(name)} is neither a witness nor a group of a line before`);
    return name;
  }

  /** @param {string} name */
  fresh(name) {
    if (name === NONE || this.isKnown(name)) throw new Problem(`the name ${repr(name)} is taken`);
    return name;
  }

  /** @param {(name: string) => boolean} hasSeen @param {string} [name] @returns {boolean} */
  isMet(hasSeen, name = this.quorum) {
    const group = this.groups.get(name);
    if (!group) return name === NONE || hasSeen(name);
    return group.members.filter((member) => this.isMet(hasSeen, member)).length >= group.number;
  }

  /** The names that the quorum asks for. @param {string} [name] @returns {string[]} */
  needed(name = this.quorum) {
    const group = this.groups.get(name);
    return group ? group.members.flatMap((member) => this.needed(member)) : [name];
  }

  /** The least number of witnesses that make the quorum. @param {string} [name] @returns {number} */
  fewest(name = this.quorum) {
    const group = this.groups.get(name);
    if (!group) return 1;
    const each = group.members.map((member) => this.fewest(member)).sort((a, b) => a - b);
    return each.slice(0, group.number).reduce((sum, number) => sum + number, 0);
  }
}

/** @param {string} octets @param {number[]} types */
function keyOf(octets, types) {
  const text = shown(octets);
  if (text.includes("\ufffd")) throw new Problem(`not a verifier key: ${repr(text.slice(0, 100))}`);
  return new Key(text, types);
}

/** @param {Named[]} keys @param {string} name @param {Key} key */
function add(keys, name, key) {
  if (keys.some((other) => same(other.key.material, key.material))) throw new Problem("this key is there already");
  keys.push({ name, key });
}

/** Names of a policy, which may be any octets. @param {string[]} names */
function shown(...names) {
  return names.map((name) => new TextDecoder().decode(Uint8Array.from(name, (octet) => octet.charCodeAt(0)))).join(", ");
}

/** Each cosignature that holds. @param {Policy} policy @param {Head[]} heads @returns {Promise<Sighting[]>} */
async function sightings(policy, heads) {
  /** @type {Sighting[]} */
  const found = [];
  for (const head of heads) {
    for (const { name, key } of policy.witnesses) {
      for (const line of head.lines) {
        if (line.name !== key.name || !same(line.id, key.id) || !head.size || line.signature.length < 72) continue;
        const time = new DataView(line.signature.slice().buffer).getBigUint64(0);
        if (time > 0n && time < 2n ** 63n && (await isCosigned(key, head, time, line.signature.subarray(8)))) found.push({ name, size: Number(head.size), time });
      }
    }
  }
  return found;
}

/**
 * Is this the witness's signature (C2SP tlog-cosignature) over the head at this time?
 * @param {Key} key @param {Head} head @param {bigint} time @param {Uint8Array} signature
 */
async function isCosigned(key, head, time, signature) {
  if (key.type === WITNESS_KEY) return key.verifies(encoded(`cosignature/v1\ntime ${time}\n${head.text}`), signature);
  const names = [encoded(key.name), encoded(head.origin)];
  if (names.some((name) => name.length < 1 || name.length > 255)) return false;
  const [witness, origin] = names.map((name) => [name.length, ...name]);
  const said = [...encoded("subtree/v1\n\0"), ...witness, ...number(time), ...origin, ...number(0n), ...number(BigInt(head.size)), ...head.root];
  return verifiesMldsa44(key.material, Uint8Array.from(said), signature);
}

/** Eight bytes, the highest first. @param {bigint} value */
function number(value) {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, value);
  return new Uint8Array(view.buffer);
}

/**
 * The quorum must have seen everything that is shown.
 * @param {Bundle} bundle @param {Policy} policy @param {Head[]} heads @returns {Promise<Witnessed | null>} null where the policy asks for no witness
 */
export async function checkWitnessed(bundle, policy, heads) {
  if (policy.quorum === NONE) return null;
  const found = await sightings(policy, heads);
  const needed = policy.witnesses.map((witness) => witness.name).filter((name) => policy.needed().includes(name));
  const sizes = [...new Set(found.map((each) => each.size))].sort((a, b) => b - a);
  const seenAt = (/** @type {number} */ size) => (/** @type {string} */ name) => found.some((each) => each.name === name && each.size >= size);
  const size = sizes.find((size) => policy.isMet(seenAt(size)));
  if (size === undefined) throw new Problem(whoHas([...new Set(found.map((each) => each.name))].sort()), "UNWITNESSED");
  const { selected, range } = bundle.manifest;
  const newest = Math.max(-1, ...selected.slice(-1), range === null ? -1 : range.last);
  if (newest >= size) throw new Problem(`entry ${newest}: the quorum of the policy has only seen the entries before ${size}`, "UNWITNESSED");
  const has = seenAt(size);
  return { fewest: policy.fewest(), seen: needed.filter(has), unseen: needed.filter((name) => !has(name)) };
}

/** @param {string[]} names */
function whoHas(names) {
  const said = "the quorum of the policy has seen no head of this log, ";
  if (!names.length) return `${said}and no witness of it has`;
  return `${said}only ${shown(...names)} ${names.length === 1 ? "has" : "have"}`;
}

/** Who would have to lie so that it could be rewritten. @param {Witnessed} witnessed */
export function liars({ fewest, seen, unseen }) {
  const every = seen.length + unseen.length;
  if (every === 1) return `the witness ${shown(...seen, ...unseen)} lies`;
  const said = `${fewest} of ${every} witnesses lie${fewest === 1 ? "s" : ""}`;
  if (!unseen.length) return said;
  return `${said} (${shown(...unseen)} ${unseen.length === 1 ? "has" : "have"} not seen it, and would count as lying)`;
}
