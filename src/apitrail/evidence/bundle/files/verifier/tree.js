// The Merkle tree of RFC 6962: audit paths, roots and consistency proofs. Sizes and indexes are exact
// numbers here; a log beyond 2^53 entries is refused before.

import { sha256 } from "./sha256.js";
import { Problem, same } from "./text.js";

/** Leaves in a tile. */
export const WIDTH = 256;
const NODE = Uint8Array.of(1);

/** @param {Uint8Array} left @param {Uint8Array} right */
export function node(left, right) {
  return sha256(NODE, left, right);
}

/** The largest power of two below `count`. @param {number} count */
function split(count) {
  let half = 1;
  while (half * 2 < count) half *= 2;
  return half;
}

/** @typedef {Map<string, Uint8Array>} Known hashes by the leaves that they are over: "start end" */

/**
 * The hashes of an audit path, by the leaves [start, end) that each is over.
 * @param {number} index @param {number} size @param {Uint8Array[]} path @returns {Known}
 */
export function siblings(index, size, path) {
  const known = new Map();
  let start = 0, end = size;
  for (const sibling of [...path].reverse()) {
    if (end - start < 2) throw new Problem(`entry ${index}: its proof fails: it is too long`);
    const middle = start + split(end - start);
    known.set(index < middle ? `${middle} ${end}` : `${start} ${middle}`, sibling);
    if (index < middle) end = middle;
    else start = middle;
  }
  if (end - start !== 1) throw new Problem(`entry ${index}: its proof fails: it is too short`);
  return known;
}

/**
 * The hash over leaves [start, end): `leaves` by index, the rest out of `known`.
 * @param {number} start @param {number} end @param {Map<number, Uint8Array>} leaves @param {Known} known
 * @returns {Uint8Array}
 */
export function root(start, end, leaves, known) {
  const there = known.get(`${start} ${end}`);
  if (there !== undefined) return there;
  if (end - start === 1) {
    const leaf = leaves.get(start);
    if (leaf === undefined) throw new Problem(`nothing proves entry ${start}`);
    return leaf;
  }
  const middle = start + split(end - start);
  return node(root(start, middle, leaves, known), root(middle, end, leaves, known));
}

/**
 * The hash over leaves [start, end): of (index, hash) pairs, and the given ones of the rest, which are
 * taken away from their list.
 * @param {number} start @param {number} end @param {Array<[number, Uint8Array]>} members @param {Uint8Array[]} given
 * @param {string} name @returns {Uint8Array}
 */
export function rootWith(start, end, members, given, name) {
  if (members.length === 0) {
    const value = given.shift();
    if (value === undefined) throw new Problem(`${name}: an inclusion proof is too short`);
    return value;
  }
  if (end - start === 1) return members[0][1];
  const middle = start + split(end - start), cut = members.filter(([index]) => index < middle).length;
  const left = rootWith(start, middle, members.slice(0, cut), given, name);
  return node(left, rootWith(middle, end, members.slice(cut), given, name));
}

/**
 * The root that a leaf and its audit path lead to (RFC 9162, section 2.1.3.2).
 * @param {number} index @param {number} size @param {Uint8Array} leaf @param {Uint8Array[]} path
 */
export function rootFrom(index, size, leaf, path) {
  let at = index, last = size - 1, hash = leaf;
  const halve = () => {
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  };
  for (const sibling of path) {
    if (last === 0) throw new Problem(`entry ${index}: its proof fails: it is too long`);
    if (at % 2 || at === last) {
      hash = node(sibling, hash);
      while (at && at % 2 === 0) halve();
    } else {
      hash = node(hash, sibling);
    }
    halve();
  }
  if (last !== 0) throw new Problem(`entry ${index}: its proof fails: it is too short`);
  return hash;
}

/**
 * Audit paths to one root. Paths of neighbours share most of their hashes: those that led to the root
 * once are not hashed again, but compared, all the way up.
 */
export class Paths {
  /** @param {number} size @param {Uint8Array} root */
  constructor(size, root) {
    this.size = size;
    this.root = root;
    /** Hashes that led to the root: by level, then by their place in it. @type {Map<number, Uint8Array>[]} */
    this.known = [];
  }

  /** Does this path lead from a leaf to the root? Throws as `rootFrom` does. @param {number} index @param {Uint8Array} leaf @param {Uint8Array[]} path */
  lead(index, leaf, path) {
    if (this.isKnown(index, leaf, path)) return true;
    if (!same(rootFrom(index, this.size, leaf, path), this.root)) return false;
    this.learn(index, leaf, path);
    return true;
  }

  /** Does it meet a node that led to the root, and then only siblings that did? @param {number} index @param {Uint8Array} leaf @param {Uint8Array[]} path */
  isKnown(index, leaf, path) {
    let at = index, last = this.size - 1, hash = leaf, step = 0, met = false;
    for (let level = 0; last > 0; level++) {
      // The last of a level that has no neighbour goes up as it is.
      if (at % 2 || at !== last) {
        if (step === path.length) return false;
        const known = this.known[level], sibling = path[step++];
        const there = known?.get(at), beside = known?.get(at % 2 ? at - 1 : at + 1);
        if (!met && there !== undefined) {
          if (!same(there, hash)) return false;
          met = true;
        }
        if (met && (beside === undefined || !same(beside, sibling))) return false;
        if (!met) hash = at % 2 ? node(sibling, hash) : node(hash, sibling);
      }
      at = Math.floor(at / 2);
      last = Math.floor(last / 2);
    }
    return met && step === path.length;
  }

  /** A path that led to the root. @param {number} index @param {Uint8Array} leaf @param {Uint8Array[]} path */
  learn(index, leaf, path) {
    let at = index, last = this.size - 1, hash = leaf, step = 0;
    for (let level = 0; last > 0; level++) {
      if (at % 2 || at !== last) {
        const known = (this.known[level] ??= new Map()), sibling = path[step++];
        known.set(at, hash);
        known.set(at % 2 ? at - 1 : at + 1, sibling);
        hash = at % 2 ? node(sibling, hash) : node(hash, sibling);
      }
      at = Math.floor(at / 2);
      last = Math.floor(last / 2);
    }
  }
}

/** @typedef {{size: number, root: Uint8Array}} Sized */

/** RFC 9162, section 2.1.4.2. @param {Sized} old @param {Sized} next @param {Uint8Array[]} path */
export function checkConsistency(old, next, path) {
  const between = `consistency proof from ${old.size} to ${next.size}`;
  const hashes = split(old.size + 1) === old.size ? [old.root, ...path] : path;
  let at = old.size - 1, last = next.size - 1;
  if (!(0 < old.size && old.size < next.size) || hashes.length === 0) throw new Problem(`${between} is too short`);
  const halve = () => {
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  };
  while (at % 2) halve();
  let first = hashes[0], second = hashes[0];
  for (const sibling of hashes.slice(1)) {
    if (last === 0) throw new Problem(`${between} is too long`);
    if (at % 2 || at === last) {
      first = node(sibling, first);
      second = node(sibling, second);
      while (at && at % 2 === 0) halve();
    } else {
      second = node(second, sibling);
    }
    halve();
  }
  if (!same(first, old.root) || !same(second, next.root) || last !== 0) throw new Problem(`the log of ${next.size} does not continue the log of ${old.size}`);
}
