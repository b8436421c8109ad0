// The files of a bundle in a zip, read within bounds and without leniency: one file after the other
// from the first byte on, nothing in between and nothing after the table of contents. PKWARE's
// APPNOTE has the records; where it leaves a choice, this reads as Python's zipfile does.

import { crc32, inflate } from "./inflate.js";
import { Problem, ascii, partition, repr, same } from "./text.js";

const MOST_FILES = 2000000, LARGEST_FILE = 2 ** 30, LARGEST_TOTAL = 2 ** 34, LONGEST_NAME = 200;
const SAFE_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;
const END = 0x06054b50, END_SIZE = 22, END64 = 0x06064b50, END64_SIZE = 56, LOCATOR = 0x07064b50, LOCATOR_SIZE = 20;
const LISTED = 0x02014b50, LISTED_SIZE = 46, HEADER = 0x04034b50, HEADER_SIZE = 30;
const ENCRYPTED = 0x1, PATCHED = 0x20, STRONG = 0x40, NEWEST_VERSION = 63;
const FULL = 0xffffffff, ZIP64 = 0x0001, OTHER_NAME = 0x7075;
// Python unpacks at least this much at once, and so finds what is wrong up to there.
const LEAST = 4096;

/**
 * @typedef {object} Member
 * @property {string} name
 * @property {Uint8Array} rawName
 * @property {number} flags
 * @property {number} method
 * @property {number} crc
 * @property {number} packed
 * @property {number} size
 * @property {number} offset
 * @property {number} end where the next file or the table of contents begins
 */

export class Zip {
  /** @param {Uint8Array} data the whole file */
  constructor(data) {
    this.data = data;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const { members, start, comment } = this.contents();
    members.sort((one, other) => one.offset - other.offset);
    members.forEach((member, at) => {
      member.end = at + 1 < members.length ? members[at + 1].offset : start;
    });
    this.checkOrder(members, comment);
    /** @type {Map<string, Member>} */
    this.members = new Map(members.map((member) => [member.name, member]));
    this.checkContents(members);
    this.names = new Set(this.members.keys());
  }

  /** The records at the end: how long the table of contents is, and where it should begin. */
  ending() {
    const { view, data } = this;
    let at = data.length - END_SIZE;
    const plain = at >= 0 && view.getUint32(at, true) === END && view.getUint16(at + 20, true) === 0;
    const first = Math.max(data.length - 65536 - END_SIZE, 0);
    if (!plain) for (at = data.length - 4; at >= first && view.getUint32(at, true) !== END; at--);
    if (at < first || at < 0 || at + END_SIZE > data.length) throw new Problem("not a whole zip file");
    const comment = Math.min(view.getUint16(at + 20, true), data.length - at - END_SIZE);
    const found = { at, size: view.getUint32(at + 12, true), offset: view.getUint32(at + 16, true), comment, wide: 0 };
    const locator = at - LOCATOR_SIZE;
    if (locator < 0 || view.getUint32(locator, true) !== LOCATOR) return found;
    if (view.getUint32(locator + 4, true) !== 0 || view.getUint32(locator + 16, true) > 1) throw new Problem("the zip spans several disks");
    const wide = locator - END64_SIZE;
    if (wide < 0 || view.getUint32(wide, true) !== END64) return found;
    found.size = this.long(wide + 40);
    found.offset = this.long(wide + 48);
    found.wide = END64_SIZE + LOCATOR_SIZE;
    return found;
  }

  /** @param {number} at */
  long(at) {
    return Number(this.view.getBigUint64(at, true));
  }

  contents() {
    const ending = this.ending();
    const start = ending.at - ending.size - ending.wide;
    if (start < 0) throw new Problem("not a whole zip file: bad offset of its table of contents");
    const shift = start - ending.offset;
    /** @type {Member[]} */
    const members = [];
    for (let at = start; at < start + ending.size; ) {
      const [member, next] = this.listed(at, start + ending.size, shift);
      members.push(member);
      at = next;
      if (members.length > MOST_FILES) throw new Problem("the zip holds a file twice, or too many");
    }
    return { members, start, comment: ending.comment };
  }

  /**
   * One line of the table of contents, and where the next begins.
   * @param {number} at @param {number} stop @param {number} shift @returns {[Member, number]}
   */
  listed(at, stop, shift) {
    const { view, data } = this;
    if (at + LISTED_SIZE > stop) throw new Problem("not a whole zip file: its table of contents is cut");
    if (view.getUint32(at, true) !== LISTED) throw new Problem("not a whole zip file: its table of contents is broken");
    if (view.getUint8(at + 6) > NEWEST_VERSION) throw new Problem("the zip is of a version that this does not read");
    const named = view.getUint16(at + 28, true), extra = view.getUint16(at + 30, true);
    const from = at + LISTED_SIZE;
    const rawName = data.subarray(from, Math.min(from + named, stop));
    const name = partition(ascii(rawName), "\0")[0];
    /** @type {Member} */
    const member = {
      name, rawName, flags: view.getUint16(at + 8, true), method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true), packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true), offset: view.getUint32(at + 42, true), end: 0,
    };
    this.widen(member, from + named, Math.min(from + named + extra, stop));
    member.offset += shift;
    return [member, from + named + extra + view.getUint16(at + 32, true)];
  }

  /** Sizes beyond 32 bits, which stand in an extra field. @param {Member} member @param {number} at @param {number} stop */
  widen(member, at, stop) {
    const { view } = this;
    while (stop - at >= 4) {
      const type = view.getUint16(at, true), next = at + 4 + view.getUint16(at + 2, true);
      if (next > stop) throw new Problem("not a whole zip file: an extra field is cut");
      // Some programs would show the file under this name, and some under the other.
      if (type === OTHER_NAME) throw new Problem("the zip gives a file a second name");
      let from = at + 4;
      for (const field of type === ZIP64 ? /** @type {const} */ (["size", "packed", "offset"]) : []) {
        if (member[field] !== FULL) continue;
        if (from + 8 > next) throw new Problem("not a whole zip file: an extra field is cut");
        member[field] = this.long(from);
        from += 8;
      }
      at = next;
    }
  }

  /** @param {Member[]} members by their offset @param {number} comment its length */
  checkOrder(members, comment) {
    const end = this.data.length - END_SIZE;
    const whole = comment === 0 && end >= 0 && this.view.getUint32(end, true) === END;
    if (!whole || (members.length > 0 && members[0].offset !== 0)) throw new Problem("the zip holds bytes that belong to no file");
    members.slice(1).forEach((after, at) => {
      const before = members[at];
      if (before.offset + HEADER_SIZE + before.name.length + before.packed > after.offset) throw new Problem("the zip's files overlap");
    });
  }

  /** @param {Member[]} members */
  checkContents(members) {
    let size = 0, packed = 0;
    for (const member of members) {
      if (member.name.length > LONGEST_NAME || !SAFE_NAME.test(member.name)) throw new Problem(`${repr(member.name.slice(0, 60))} is not a name of a bundle's`);
      if (member.flags & ENCRYPTED || ![0, 8].includes(member.method)) throw new Problem("the zip holds a file in a way this does not read");
      if (member.size > LARGEST_FILE) throw new Problem("the zip would unpack to more than this reads");
      size += member.size;
      packed += member.packed;
    }
    if (this.members.size !== members.length) throw new Problem("the zip holds a file twice, or too many");
    if (size > LARGEST_TOTAL || packed > this.data.length) throw new Problem("the zip would unpack to more than this reads");
  }

  /** One file; its checksum is checked on the way. @param {string} name @returns {Uint8Array} */
  read(name) {
    const member = this.members.get(name);
    if (member === undefined) throw new Problem(`the bundle has no file ${repr(name)}`);
    const packed = this.packed(member);
    let content;
    try {
      // Never much more than the table of contents says, whatever the stream unpacks to.
      content = member.method === 0 ? packed : inflate(packed, Math.max(member.size + 1, LEAST));
    } catch (error) {
      throw new Problem(`${name} cannot be unpacked: ${error instanceof Error ? error.message : error}`);
    }
    if (content.length < member.size) throw new Problem(`${name} is not as long as the zip says`);
    content = content.subarray(0, member.size);
    if (crc32(content) !== member.crc) throw new Problem(`${name} cannot be unpacked: bad CRC-32`);
    return content;
  }

  /** The bytes as they lie in the zip, behind a header that says the same name. @param {Member} member */
  packed(member) {
    const { view, data } = this;
    const at = member.offset;
    if (at + HEADER_SIZE > data.length || view.getUint32(at, true) !== HEADER) throw new Problem(`${member.name} cannot be unpacked: bad header`);
    if (member.flags & (PATCHED | STRONG)) throw new Problem(`${member.name} is packed in a way this does not read`);
    const named = view.getUint16(at + 26, true);
    const start = at + HEADER_SIZE + named + view.getUint16(at + 28, true);
    if (!same(data.subarray(at + HEADER_SIZE, at + HEADER_SIZE + named), member.rawName)) throw new Problem(`${member.name} has another name in its header`);
    if (start + member.packed > member.end) throw new Problem(`${member.name} cannot be unpacked: the zip's files overlap`);
    return data.subarray(start, start + member.packed);
  }
}
