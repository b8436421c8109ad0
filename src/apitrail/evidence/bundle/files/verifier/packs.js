// Entries that a bundle shows by the hundred, instead of each in files of its own: packed/<first>/….

import { Kept, placeOf } from "./kept.js";
import { sha256 } from "./sha256.js";
import { Problem, base64, byNumber, decimal, partition, utf8 } from "./text.js";
import { WIDTH, rootWith } from "./tree.js";

const FILE = /^packed\/([0-9]+)\//;
const LEAF = Uint8Array.of(0);
const ENTRIES = "entries ";
// All of a pack is asked for before the next.
const MOST = 2;

/** @typedef {{names: Set<string>, read: (name: string) => Uint8Array}} Archive named files */

export class Packs {
  /** @param {Archive} archive @param {string[]} known its files that are known @param {number | bigint} size of the log */
  constructor(archive, known, size) {
    this.archive = archive;
    this.size = Number(size);
    const firsts = new Set(known.flatMap((name) => FILE.exec(name)?.[1] ?? []).map((text) => whole(text, "a pack")));
    /** The packs, by their first entry. */
    this.firsts = [...firsts].sort(byNumber);
    /** All entries in them. @type {number[]} */
    this.indexes = [];
    for (const first of this.firsts) this.add(first);
    /** @type {Kept<number, Map<number, Uint8Array>>} */
    this.kept = new Kept(MOST);
  }

  /** @param {number} first */
  add(first) {
    if (["proof", "entries"].some((file) => !this.archive.names.has(`packed/${first}/${file}`))) throw new Problem(`packed/${first} is not whole`);
    const { indexes } = this.proof(first);
    if (indexes[0] !== first || this.indexes[this.indexes.length - 1] >= first) throw new Problem(`packed/${first} holds entries out of order`);
    if (indexes[indexes.length - 1] >= this.size) throw new Problem(`packed/${first} holds entries that the log has not`);
    for (const index of indexes) this.indexes.push(index);
  }

  /** The entries of a pack, and the hashes that make the root with theirs. @param {number} first */
  proof(first) {
    const name = `packed/${first}/proof`;
    const lines = utf8(this.archive.read(name), name).split("\n");
    const malformed = () => new Problem(`malformed inclusion proof: ${name}`);
    if (lines.length < 3 || lines[0] !== "apitrail.inclusion@v1" || lines[lines.length - 1] || !lines[1].startsWith(ENTRIES)) throw malformed();
    /** @type {number[]} */
    const indexes = [];
    for (const run of lines[1].slice(ENTRIES.length).split(" ")) {
      const [one, dash, other] = partition(run, "-");
      const start = whole(one, name), end = dash ? whole(other, name) : start;
      // Neighbours are written as a run, so that there is one spelling.
      const good = (indexes.length === 0 || start > indexes[indexes.length - 1] + 1) && (!dash || end > start);
      if (!good || indexes.length + end - start + 1 > WIDTH) throw malformed();
      for (let index = start; index <= end; index++) indexes.push(index);
    }
    return { indexes, hashes: lines.slice(2, -1).map((line) => base64(line, name, 32)) };
  }

  /** The pack that an entry is in. @param {number} index */
  of(index) {
    return this.firsts[placeOf(this.firsts, index + 1) - 1];
  }

  /** The exact bytes of a pack's entries, by index. @param {number} first */
  entries(first) {
    return this.kept.get(first, () => {
      const name = `packed/${first}/entries`, { indexes } = this.proof(first);
      const found = entryBundle(this.archive.read(name), name);
      if (found.length !== indexes.length) throw new Problem(`${name} does not hold the entries that its proof says`);
      return new Map(found.map((data, at) => [indexes[at], data]));
    });
  }

  /** The root that the entries of a pack make, with the hashes of its proof. @param {number} first */
  root(first) {
    const name = `packed/${first}/proof`, given = this.proof(first).hashes;
    /** @type {Array<[number, Uint8Array]>} */
    const leaves = [...this.entries(first)].map(([index, data]) => [index, sha256(LEAF, data)]);
    const found = rootWith(0, this.size, leaves, given, name);
    if (given.length) throw new Problem(`${name}: an inclusion proof is too long`);
    return found;
  }
}

/** @param {string} text @param {string} what */
function whole(text, what) {
  const found = decimal(text, what);
  if (typeof found !== "number") throw new Problem(`${what}: the log is larger than this can count`);
  return found;
}

/** A C2SP entry bundle: each entry behind its length in two bytes. @param {Uint8Array} data @param {string} name */
export function entryBundle(data, name) {
  const found = [];
  let at = 0;
  while (at < data.length) {
    const end = at + 2 + (at + 1 < data.length ? data[at] * 256 + data[at + 1] : data[at]);
    found.push(data.subarray(at + 2, end));
    at = end;
  }
  if (at !== data.length) throw new Problem(`${name} is a malformed entry bundle`);
  return found;
}
