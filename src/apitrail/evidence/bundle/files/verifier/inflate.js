// Deflate (RFC 1951), read as zlib reads it: the same streams are taken, the same are refused. After
// Mark Adler's puff.c, which says what a stream means; and CRC-32, as in a zip.

const LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCES = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
const DISTANCE_BITS = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const MOST_BITS = 15;

// The stream ended, or enough was unpacked: no fault of the stream's.
const ENOUGH = Symbol("enough");

// Codes of up to so many bits are looked up at once, longer ones bit by bit. Files are small: to fill
// a larger table takes longer than it saves.
const FAST = 8, FAST_SIZE = 1 << FAST, MASK = FAST_SIZE - 1;
// The most that one symbol stands for.
const LONGEST = 258;

/**
 * A Huffman code. It is filled again for each block: to make one takes longer. `left` is how much of it is unused; `fast` has symbol * 16 + length for the next
 * bits as they come, or 0 where they are of a longer code.
 * @typedef {{count: Uint16Array, symbol: Uint16Array, fast: Uint16Array, left: number}} Code
 */

// A code is written from its highest bit on, and read into the lowest.
const REVERSED = Uint16Array.from({ length: FAST_SIZE }, (_, n) => Array.from({ length: FAST }).reduce((/** @type {number} */ sum, _bit, at) => sum | (((n >> at) & 1) << (FAST - 1 - at)), 0));

/**
 * What a stream unpacks to, up to `limit` bytes; less where it ends early. Throws at what is no deflate.
 * @param {Uint8Array} data @param {number} limit @returns {Uint8Array}
 */
export function inflate(data, limit) {
  const stream = new Stream(data, limit);
  try {
    while (!stream.block());
  } catch (error) {
    if (error !== ENOUGH) throw error;
  }
  return kept(stream.out.subarray(0, stream.size));
}

// A buffer for each of many small files would keep the garbage collector busy: they share some.
const SHARED = 1 << 16, SMALL = 1 << 12;
let shelf = new Uint8Array(SHARED), shelved = 0;

/** A copy that stays. @param {Uint8Array} data */
function kept(data) {
  if (data.length > SMALL) return data.slice();
  if (shelved + data.length > SHARED) {
    shelf = new Uint8Array(SHARED);
    shelved = 0;
  }
  const copy = shelf.subarray(shelved, (shelved += data.length));
  copy.set(data);
  return copy;
}

// Unpacked into again and again: making a buffer for each of many small files takes longer.
let SCRATCH = new Uint8Array(1 << 16);

class Stream {
  /** @param {Uint8Array} data @param {number} limit */
  constructor(data, limit) {
    this.data = data;
    this.limit = limit;
    if (SCRATCH.length < limit) SCRATCH = new Uint8Array(limit);
    this.out = SCRATCH;
    this.size = 0;
    this.at = 0;
    this.held = 0;
    this.holds = 0;
  }

  /** @param {number} need at most 16 */
  bits(need) {
    while (this.holds < need) {
      if (this.at === this.data.length) throw ENOUGH;
      this.held |= this.data[this.at++] << this.holds;
      this.holds += 8;
    }
    const value = this.held & ((1 << need) - 1);
    this.held >>>= need;
    this.holds -= need;
    return value;
  }

  /** Unpack one block; was it the last? */
  block() {
    const last = this.bits(1);
    const type = this.bits(2);
    if (type === 0) this.stored();
    else if (type === 1) this.codes(FIXED_LENGTHS, FIXED_DISTANCES);
    else if (type === 2) this.dynamic();
    else throw new Error("invalid block type");
    return last === 1;
  }

  stored() {
    // It begins with the next byte; whole ones that were taken before go back.
    this.at -= this.holds >> 3;
    this.held = this.holds = 0;
    const size = this.bits(16);
    if (size !== (~this.bits(16) & 0xffff)) throw new Error("invalid stored block lengths");
    for (let n = 0; n < size; n++) this.put(this.bits(8));
  }

  dynamic() {
    const lengths = this.bits(5) + 257, distances = this.bits(5) + 1, codes = this.bits(4) + 4;
    if (lengths > 286 || distances > 30) throw new Error("too many length or distance symbols");
    const sizes = HELD.fill(0);
    for (let n = 0; n < codes; n++) sizes[ORDER[n]] = this.bits(3);
    const code = fill(SIZES, sizes, 0, 19);
    if (code.left !== 0) throw new Error("invalid code lengths set");
    sizes.fill(0);
    for (let n = 0; n < lengths + distances; ) n = this.run(code, sizes, n, lengths + distances);
    if (sizes[256] === 0) throw new Error("invalid code: missing end of block");
    this.codes(checked(LITERALS, sizes, 0, lengths), checked(OFFSETS, sizes, lengths, distances));
  }

  /**
   * The next size of a code, or a run of sizes; gives where the one after it goes.
   * @param {Code} code @param {Uint8Array} sizes @param {number} at @param {number} end
   */
  run(code, sizes, at, end) {
    const symbol = this.symbol(code);
    if (symbol < 16) {
      sizes[at] = symbol;
      return at + 1;
    }
    if (symbol === 16 && at === 0) throw new Error("invalid bit length repeat");
    const size = symbol === 16 ? sizes[at - 1] : 0;
    const times = symbol === 16 ? 3 + this.bits(2) : symbol === 17 ? 3 + this.bits(3) : 11 + this.bits(7);
    if (at + times > end) throw new Error("invalid bit length repeat");
    sizes.fill(size, at, at + times);
    return at + times;
  }

  /** @param {Code} lengths @param {Code} distances */
  codes(lengths, distances) {
    do {
      this.plain(lengths.fast, distances.fast);
    } while (this.step(lengths, distances));
  }

  /**
   * Unpacks what is usual: short codes, far from both ends, where nothing can be missing. It stops
   * before the first symbol that is not.
   * @param {Uint16Array} lengths @param {Uint16Array} distances
   */
  plain(lengths, distances) {
    const { data, out } = this, last = data.length - 8, full = this.limit - LONGEST;
    let { at, held, holds, size } = this;
    while (at <= last && size <= full) {
      while (holds < 16) {
        held |= data[at++] << holds;
        holds += 8;
      }
      const found = lengths[held & MASK], symbol = found >> 4, used = found & 15;
      if (used === 0) break;
      if (symbol < 256) {
        held >>>= used;
        holds -= used;
        out[size++] = symbol;
        continue;
      }
      if (symbol === 256 || symbol > 285) break;
      // Nothing is taken until all of it is known: what is unusual is read again by `step`.
      const extra = LENGTH_BITS[symbol - 257];
      let bits = held >>> used, left = holds - used, next = at;
      const length = LENGTHS[symbol - 257] + (bits & ((1 << extra) - 1));
      bits >>>= extra;
      left -= extra;
      while (left < 16) {
        bits |= data[next++] << left;
        left += 8;
      }
      const other = distances[bits & MASK], far = other >> 4, spent = other & 15;
      if (spent === 0) break;
      bits >>>= spent;
      left -= spent;
      const more = DISTANCE_BITS[far];
      while (left < more) {
        bits |= data[next++] << left;
        left += 8;
      }
      const distance = DISTANCES[far] + (bits & ((1 << more) - 1));
      if (distance > size) break;
      held = bits >>> more;
      holds = left - more;
      at = next;
      for (const end = size + length; size < end; size++) out[size] = out[size - distance];
    }
    this.at = at;
    this.held = held;
    this.holds = holds;
    this.size = size;
  }

  /** The next symbol, with whatever may be wrong; does the block go on? @param {Code} lengths @param {Code} distances */
  step(lengths, distances) {
    const symbol = this.symbol(lengths);
    if (symbol < 256) this.put(symbol);
    else if (symbol === 256) return false;
    else {
      if (symbol > 285) throw new Error("invalid literal/length code");
      const length = LENGTHS[symbol - 257] + this.bits(LENGTH_BITS[symbol - 257]);
      const far = this.symbol(distances);
      const distance = DISTANCES[far] + this.bits(DISTANCE_BITS[far]);
      if (distance > this.size) throw new Error("invalid distance too far back");
      for (let n = 0; n < length; n++) this.put(this.out[this.size - distance]);
    }
    return true;
  }

  /** @param {Code} code */
  symbol(code) {
    const { data } = this;
    while (this.holds < FAST && this.at < data.length) {
      this.held |= data[this.at++] << this.holds;
      this.holds += 8;
    }
    const found = code.fast[this.held & (FAST_SIZE - 1)], length = found & 15;
    if (length === 0 || length > this.holds) return this.longer(code);
    this.held >>>= length;
    this.holds -= length;
    return found >> 4;
  }

  /** @param {Code} code */
  longer(code) {
    const { count, symbol } = code;
    let value = 0, first = 0, index = 0;
    let { held, holds } = this;
    for (let length = 1; length <= MOST_BITS; length++) {
      if (holds === 0) {
        if (this.at === this.data.length) throw ENOUGH;
        held = this.data[this.at++];
        holds = 8;
      }
      value |= held & 1;
      held >>>= 1;
      holds--;
      const number = count[length];
      if (value - number < first) {
        this.held = held;
        this.holds = holds;
        return symbol[index + (value - first)];
      }
      index += number;
      first = (first + number) << 1;
      value <<= 1;
    }
    throw new Error("invalid code");
  }

  /** @param {number} byte */
  put(byte) {
    if (this.size === this.limit) throw ENOUGH;
    this.out[this.size++] = byte;
  }
}

/** @param {number} symbols @returns {Code} */
function room(symbols) {
  return { count: new Uint16Array(MOST_BITS + 1), symbol: new Uint16Array(symbols), fast: new Uint16Array(FAST_SIZE), left: 0 };
}

/** @param {Code} code @param {Uint8Array} sizes @param {number} from @param {number} number @returns {Code} */
function fill(code, sizes, from, number) {
  const { count, symbol } = code;
  count.fill(0);
  for (let n = 0; n < number; n++) count[sizes[from + n]]++;
  let left = 1;
  for (let length = 1; length <= MOST_BITS; length++) {
    left = left * 2 - count[length];
    if (left < 0) throw new Error("over-subscribed code");
  }
  if (count[0] === number) left = 0; // no codes at all, which only decoding finds wrong
  for (let length = 1; length < MOST_BITS; length++) PLACES[length + 1] = PLACES[length] + count[length];
  for (let n = 0; n < number; n++) if (sizes[from + n]) symbol[PLACES[sizes[from + n]]++] = n;
  PLACES.fill(0);
  code.left = left;
  fillFast(code);
  return code;
}

/** @param {Code} code */
function fillFast({ count, symbol, fast }) {
  fast.fill(0);
  for (let length = 1, code = 0, at = 0; length <= FAST; length++, code <<= 1) {
    for (let n = 0; n < count[length]; n++, code++, at++) {
      const first = REVERSED[code] >> (FAST - length);
      for (let bits = first; bits < FAST_SIZE; bits += 1 << length) fast[bits] = (symbol[at] << 4) | length;
    }
  }
}

/** A code that is whole, or has only one symbol. @param {Code} into @param {Uint8Array} sizes @param {number} from @param {number} number */
function checked(into, sizes, from, number) {
  const code = fill(into, sizes, from, number);
  if (code.left && number !== code.count[0] + code.count[1]) throw new Error("incomplete code");
  return code;
}

const PLACES = new Uint16Array(MOST_BITS + 1);
const HELD = new Uint8Array(320);
const SIZES = room(19), LITERALS = room(286), OFFSETS = room(30);
const FIXED_LENGTHS = fill(room(288), Uint8Array.from({ length: 288 }, (_, n) => (n < 144 ? 8 : n < 256 ? 9 : n < 280 ? 7 : 8)), 0, 288);
const FIXED_DISTANCES = fill(room(30), new Uint8Array(30).fill(5), 0, 30);

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

/** @param {Uint8Array} data @returns {number} */
export function crc32(data) {
  let crc = -1;
  for (let at = 0; at < data.length; at++) crc = CRC[(crc ^ data[at]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
