// A bundle's files and what they say. Opened contents are held against the commitments in their
// entries; nothing here is held against a signature.

import { project } from "./call.js";
import { CALLS, Entry, KINDS, TAG, TAGS } from "./entry.js";
import { isObject, isWhole, loaded, member, parseJson } from "./json.js";
import { Kept, holds, placeOf } from "./kept.js";
import { Manifest } from "./manifest.js";
import { Head } from "./note.js";
import { Packs, entryBundle } from "./packs.js";
import { sha256 } from "./sha256.js";
import { checkStatement } from "./statements.js";
import { NUMBER, Problem, base64, byCodePoint, byNumber, clean, decimal, encoded, hasHalf, hex, integer, partition, repr, same, utf8 } from "./text.js";
import { Paths, WIDTH } from "./tree.js";

const ANY_NAME =
  "README\\.txt|report\\.html|verify\\.py|log\\.vkey|manifest\\.json|checkpoint|keys" +
  `|timestamps/${NUMBER}/${NUMBER}\\.tsr|checkpoints/${NUMBER}|consistency/${NUMBER}-${NUMBER}` +
  `|range/(?:first|last)\\.tlog-proof|range/opened/${NUMBER}\\.jsonl` +
  "|tile/entries/(?:x[0-9]{3}/)*[0-9]{3}(?:\\.p/[0-9]{1,3})?";
const NAMES = new RegExp(`^(?:${ANY_NAME}|events/${NUMBER}/(?:leaf\\.json|event\\.tlog-proof|salts\\.json|facets/[a-z]{1,8}))$`);
const PACKED_NAMES = new RegExp(`^(?:${ANY_NAME}|packed/${NUMBER}/(?:proof|entries|opened\\.jsonl))$`);
export const KEPT = new RegExp(`^checkpoints/(${NUMBER})$`);
const LEAF = new RegExp(`^events/(${NUMBER})/leaf\\.json$`);
const FACET = new RegExp(`^events/(${NUMBER})/facets/([a-z]{1,8})$`);
const REPORT = "report.html";
const COMMITMENT = Uint8Array.of(2);
// The facets that are looked into.
const READ = ["who", "what"];
// So many entries are kept, and of those that come in packs so many: a pack and its neighbours.
const MOST = 20000, MOST_PACKED = 600, MOST_TILES = 4;

/** @typedef {{names: Set<string>, read: (name: string) => Uint8Array}} Archive named files */
/** @typedef {[Uint8Array, Uint8Array]} Pair salt and content of a facet */
/** @typedef {{tags: Set<string>, read: Map<string, Uint8Array>, values: Map<string, any>}} Opened what is opened of an entry */

export class Bundle {
  /** @param {Archive} archive */
  constructor(archive) {
    this.archive = archive;
    this.names = archive.names;
    this.manifest = new Manifest(parseJson(this.read("manifest.json"), "manifest.json"));
    const names = this.manifest.packed ? PACKED_NAMES : NAMES;
    /** The files that this version knows. */
    this.known = [...this.names].filter((name) => names.test(name));
    this.head = new Head(this.read("checkpoint"), "the checkpoint");
    this.paths = new Paths(Number(this.head.size), this.head.root);
    /** What a later version has put into it. */
    this.beyond = [...this.manifest.beyond, ...this.checkNames(names)];
    this.packs = new Packs(archive, this.known.filter((name) => name.startsWith("packed/")), this.head.size);
    /** The entries that are disclosed one by one. */
    this.events = this.manifest.packed ? this.packs.indexes : [...this.names].flatMap((name) => LEAF.exec(name)?.[1] ?? []).map(integer).sort(byNumber);
    this.span = this.spanned();
    const most = this.manifest.packed ? MOST_PACKED : MOST;
    /** @type {Kept<number | bigint, Entry>} */
    this.entries = new Kept(most);
    /** @type {Kept<number, Uint8Array[]>} */
    this.tiles = new Kept(MOST_TILES);
    /** @type {Kept<string, Map<number | bigint, Map<string, Pair>>>} */
    this.lines = new Kept(MOST_TILES);
    /** @type {Kept<number | bigint, Opened>} */
    this.contents = new Kept(most);
    /** @type {number[] | null} */
    this.all = null;
    /** @type {Map<string, string[]> | null} */
    this.facetsOf = null;
    /** @type {Kept<number, import("./call.js").Row>} */
    this.rows = new Kept(most);
    /** @type {{kinds: Map<string, number[]>, tags: Map<string, number[]>} | null} */
    this.surveyed = null;
    /** @type {{name: string, salts: Map<string, any>} | null} */
    this.lastSalts = null;
  }

  /** @param {string} name */
  read(name) {
    return this.archive.read(name);
  }

  /** Files that this version does not know, held against their hash in the manifest. */
  checkNames(/** @type {RegExp} */ names) {
    const others = [...this.names].filter((name) => !names.test(name)).sort(byCodePoint);
    const { files } = this.manifest;
    const listed = this.names.has(REPORT) && typeof files?.get(REPORT) === "string" ? [REPORT] : [];
    for (const name of [...others, ...listed]) {
      const digest = files?.get(name);
      if (typeof digest !== "string") throw new Problem(`${repr(name.slice(0, 60))} does not belong in a bundle`);
      if (hex(sha256(this.read(name))) !== digest) throw new Problem(`${name} is not what manifest.json says`);
    }
    return others;
  }

  /** The entries [start, stop) that are handed over without a hole, in whole entry bundles. */
  spanned() {
    const range = this.manifest.range;
    const held = this.known.filter((name) => name.startsWith("tile/"));
    const wrong = () => new Problem("the entries in the bundle are not those of the range it claims");
    if (range === null) {
      if (held.length) throw wrong();
      return { start: 0, stop: 0 };
    }
    if (!Number.isSafeInteger(range.last)) throw wrong();
    const span = { start: range.first - (range.first % WIDTH), stop: range.last + 1 };
    // A range is as long as its entry bundles, or a claim could keep us busy for ever.
    const tiles = Math.ceil(span.stop / WIDTH) - span.start / WIDTH;
    if (held.length !== tiles || !held.every((_, at) => this.names.has(tileName(span.start / WIDTH + at, span.stop)))) throw wrong();
    return span;
  }

  /** @param {number | bigint} index @returns {index is number} */
  spans(index) {
    return typeof index === "number" && index >= this.span.start && index < this.span.stop;
  }

  /** Every entry whose bytes are here, in order. @returns {number[]} */
  disclosed() {
    if (this.all === null) {
      const { start, stop } = this.span, events = /** @type {number[]} */ (this.events);
      const spanned = Array.from({ length: stop - start }, (_, at) => start + at);
      const before = spanned.length ? placeOf(events, start) : events.length;
      this.all = events.slice(0, before).concat(spanned, spanned.length ? events.slice(placeOf(events, stop)) : []);
    }
    return this.all;
  }

  /** The entries that are no calls, by kind, and those with facets of a later version, by tag. */
  survey() {
    if (this.surveyed !== null) return this.surveyed;
    const kinds = new Map(), tags = new Map();
    const add = (/** @type {Map<string, number[]>} */ found, /** @type {string} */ name, /** @type {number} */ index) => {
      const there = found.get(name);
      if (there) there.push(index);
      else found.set(name, [index]);
    };
    for (const index of this.disclosed()) {
      const link = this.entry(index);
      if (!CALLS.includes(link.kind)) add(kinds, link.kind, index);
      for (const tag of link.committed.keys()) if (!TAGS.includes(tag)) add(tags, tag, index);
    }
    this.surveyed = { kinds, tags };
    return this.surveyed;
  }

  /** The entries of a kind that is no call's, in order. @param {string} kind @returns {number[]} */
  ofKind(kind) {
    return this.survey().kinds.get(kind) ?? [];
  }

  /** Is it disclosed for itself, whatever range there is? @param {number | bigint} index */
  shows(index) {
    return holds(/** @type {number[]} */ (this.events), index);
  }

  /** Is it said to be asked for? @param {number} index */
  isChosen(index) {
    return holds(this.manifest.selected, index);
  }

  /** @param {number} index */
  has(index) {
    return this.spans(index) || this.shows(index);
  }

  /** The exact bytes of an entry. @param {number | bigint} index */
  leaf(index) {
    if (!this.spans(index)) return this.shownLeaf(index);
    const number = Math.floor(index / WIDTH);
    return this.tiles.get(number, () => this.tile(number))[index % WIDTH];
  }

  /** The exact bytes of an entry that is disclosed for itself. @param {number | bigint} index @returns {Uint8Array} */
  shownLeaf(index) {
    if (!this.manifest.packed) return this.read(`events/${index}/leaf.json`);
    return /** @type {Uint8Array} */ (this.packs.entries(this.packs.of(Number(index))).get(Number(index)));
  }

  /** A C2SP entry bundle: each entry behind its length in two bytes. @param {number} number */
  tile(number) {
    const name = tileName(number, this.span.stop);
    const found = entryBundle(this.read(name), name);
    if (found.length !== Math.min(WIDTH, this.span.stop - number * WIDTH)) throw new Problem(`${name} is a malformed entry bundle`);
    return found;
  }

  /** @param {number | bigint} index @returns {Entry} */
  entry(index) {
    return this.entries.get(index, () => {
      const link = new Entry(this.leaf(index), index);
      if (link.index !== index) throw new Problem(`entry ${index}: its leaf is of another index`);
      return link;
    });
  }

  /** The opened facets of an entry, each held against its commitment. @param {number | bigint} index @returns {Opened} */
  opened(index) {
    return this.contents.get(index, () => {
      const facets = this.facets(index);
      const read = new Map([...facets].filter(([tag]) => READ.includes(tag)));
      return { tags: new Set(facets.keys()), read, values: new Map() };
    });
  }

  /** The opened contents of an entry by facet. @param {number | bigint} index @returns {Map<string, Uint8Array>} */
  facets(index) {
    const pairs = new Map(this.manifest.packed ? this.packedFacets(index) : this.salted(index));
    for (const [tag, pair] of this.openedInRange(index)) {
      const other = pairs.get(tag);
      if (other && !(same(other[0], pair[0]) && same(other[1], pair[1]))) throw new Problem(`entry ${index}: facet ${repr(tag)} is opened in two ways`);
      pairs.set(tag, pair);
    }
    for (const [tag, [salt, content]] of pairs) {
      const committed = this.entry(index).committed.get(tag);
      if (!committed || !same(committed, sha256(COMMITMENT, salt, sha256(content)))) throw new Problem(`entry ${index}: facet ${repr(tag)} was altered`);
    }
    return new Map([...pairs].map(([tag, [, content]]) => [tag, content]));
  }

  /** The facets that came in a pack. @param {number | bigint} index @returns {Map<string, Pair>} */
  packedFacets(index) {
    return (this.shows(index) ? this.packLines(this.packs.of(Number(index))).get(index) : undefined) ?? new Map();
  }

  /** What is opened of a pack's entries, by index. @param {number} first */
  packLines(first) {
    const name = `packed/${first}/opened.jsonl`;
    if (!this.names.has(name)) return new Map();
    return this.openedLines(name, (index) => this.packs.entries(first).has(/** @type {number} */ (index)));
  }

  /** The facets that came in files of their own. @param {number | bigint} index @returns {Map<string, Pair>} */
  salted(index) {
    return new Map([...this.salts(index)].map(([tag, salt]) => [tag, [base64(salt, "a salt", 32), this.read(`events/${index}/facets/${tag}`)]]));
  }

  /** The facets that came in files of their own, by name. @param {number} index @returns {string[]} */
  facetFiles(index) {
    if (this.facetsOf === null) {
      this.facetsOf = new Map();
      for (const name of this.known) {
        const found = FACET.exec(name);
        if (found) this.facetsOf.set(found[1], [...(this.facetsOf.get(found[1]) ?? []), found[2]]);
      }
    }
    return this.facetsOf.get(String(index)) ?? [];
  }

  /** @param {number | bigint} index @returns {Map<string, any>} */
  salts(index) {
    const name = `events/${index}/salts.json`;
    if (!this.names.has(name)) return new Map();
    // It is asked for once for each facet of an entry.
    if (this.lastSalts?.name === name) return this.lastSalts.salts;
    const salts = parseJson(this.read(name), name);
    if (!isObject(salts) || ![...salts.keys()].every((tag) => TAG.test(tag))) throw new Problem(`${name} does not hold salts`);
    this.lastSalts = { name, salts };
    return salts;
  }

  /** @param {number | bigint} index @returns {Map<string, Pair>} */
  openedInRange(index) {
    if (!this.spans(index)) return new Map();
    const name = `range/opened/${index - (index % WIDTH)}.jsonl`;
    return (this.names.has(name) ? this.rangeLines(name).get(index) : undefined) ?? new Map();
  }

  /** What is opened of 256 entries of the range, by index. @param {string} name */
  rangeLines(name) {
    const first = Number(/[0-9]+/.exec(name)?.[0]);
    return this.openedLines(name, (index) => index >= first && index < first + WIDTH);
  }

  /** What a file of opened facets says, by entry. @param {string} name @param {(index: number | bigint) => boolean} belongs */
  openedLines(name, belongs) {
    return this.lines.get(name, () => {
      /** @type {Map<number | bigint, Map<string, Pair>>} */
      const found = new Map();
      for (const line of linesOf(this.read(name))) {
        const [index, facets] = openedLine(parseJson(line, name), name);
        if (found.has(index) || !belongs(index)) throw new Problem(`${name}: entry ${index} does not belong here`);
        found.set(index, facets);
      }
      return found;
    });
  }

  /**
   * `who` or `what` of an entry as JSON, or null where it is not opened.
   * @param {number | bigint} index @param {string} tag @returns {Map<string, any> | null}
   */
  value(index, tag) {
    const { read, values } = this.opened(index);
    const there = values.get(tag);
    if (there !== undefined) return there;
    const kind = this.entry(index).kind;
    const content = read.get(tag);
    // What a later version's entry says is not looked into.
    if (content === undefined || !KINDS.includes(kind)) return null;
    const said = loaded(content);
    if (!isObject(said)) throw new Problem(`entry ${index}: facet ${repr(tag)} is not an object`);
    if (tag === "what") checkStatement(index, kind, said);
    values.set(tag, said);
    return said;
  }

  /**
   * Index and audit path in a tlog-proof, which must lead to this bundle's checkpoint.
   * @param {string} name @returns {[number | bigint, Uint8Array[]]}
   */
  proof(name) {
    const [head, blank, signed] = partition(utf8(this.read(name), name, 2000000), "\n\n");
    const lines = head.split("\n");
    if (lines.length > 1 && lines[1].startsWith("extra ")) {
      if (base64(lines[1].slice(6), name).length === 0) throw new Problem(`${name} is not a tlog-proof`);
      lines.splice(1, 1);
    }
    if (!blank || lines[0] !== "c2sp.org/tlog-proof@v1" || lines.length < 2 || lines.length > 65) throw new Problem(`${name} is not a tlog-proof`);
    if (!lines[1].startsWith("index ") || signed !== this.head.whole) throw new Problem(`${name} is a proof under another checkpoint`);
    return [decimal(lines[1].slice(6), name), lines.slice(2).map((line) => base64(line, name, 32))];
  }

  /** What a later version has put into the bundle, which was compared as bytes and not read. @returns {Array<[string, number[]]>} */
  unknown() {
    const { kinds: all, tags } = this.survey();
    const kinds = new Map([...all].filter(([kind]) => !KINDS.includes(kind)));
    const named = (/** @type {string} */ word, /** @type {Map<string, number[]>} */ found) => [...found].sort(([a], [b]) => byCodePoint(a, b)).map(([name, at]) => [`${word} '${name}'`, at]);
    const beyond = [...this.beyond].sort(byCodePoint).map((name) => [clean(name), []]);
    return /** @type {Array<[string, number[]]>} */ ([...named("kind", kinds), ...named("facet", tags), ...beyond]);
  }

  /** What of a call can be asked about. @param {number} index @param {Map<string, any>} what its opened facet */
  row(index, what) {
    return this.rows.get(index, () => project(index, this.value(index, "who"), what));
  }

  /** Is this entry a call? @param {number} index */
  isCall(index) {
    return CALLS.includes(this.entry(index).kind);
  }
}

/** A C2SP path: digits in groups of three, all but the last behind an x. @param {number} number @param {number} stop */
function tileName(number, stop) {
  const width = Math.min(WIDTH, stop - number * WIDTH);
  const digits = String(number);
  const parts = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/.../g) ?? [];
  const name = `tile/entries/${[...parts.slice(0, -1).map((part) => `x${part}`), parts[parts.length - 1]].join("/")}`;
  return width === WIDTH ? name : `${name}.p/${width}`;
}

/** Lines end as Python's bytes.splitlines ends them. @param {Uint8Array} data */
function linesOf(data) {
  const found = [];
  let from = 0;
  for (let at = 0; at < data.length; at++) {
    if (data[at] !== 10 && data[at] !== 13) continue;
    found.push(data.subarray(from, at));
    if (data[at] === 13 && data[at + 1] === 10) at++;
    from = at + 1;
  }
  return from < data.length ? [...found, data.subarray(from)] : found;
}

/** @param {any} said @param {string} name @returns {[number | bigint, Map<string, Pair>]} */
function openedLine(said, name) {
  const malformed = () => new Problem(`${name}: malformed line`);
  const index = member(said, "index"), facets = member(said, "facets");
  if (!isObject(facets) || !isWhole(index) || index < 0) throw malformed();
  const pairs = [...facets].map(([tag, value]) => {
    const salt = member(value, "salt"), text = member(value, "content");
    if (!TAG.test(tag) || !isObject(value) || value.size !== 2 || salt === undefined) throw malformed();
    if (text === undefined) return [tag, [base64(salt, "a salt", 32), base64(value.get("base64"), name)]];
    // Half a surrogate pair is no UTF-8.
    if (typeof text !== "string" || hasHalf(text)) throw malformed();
    return [tag, [base64(salt, "a salt", 32), encoded(text)]];
  });
  return [index, new Map(/** @type {Array<[string, Pair]>} */ (pairs))];
}
