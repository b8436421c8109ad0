// SHA-256 (FIPS 180-4), at once: WebCrypto's answers later, which takes longer than hashing for the
// hundreds of thousands of short texts in a bundle. `checkItself` compares the two.

/** @param {number} value @param {number} power fractional bits of the root of a prime */
const fraction = (value, power) => ((value ** (1 / power) % 1) * 0x100000000) | 0;
/** @type {number[]} */
const PRIMES = [];
for (let n = 2; PRIMES.length < 64; n++) if (PRIMES.every((prime) => n % prime)) PRIMES.push(n);
const START = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(prime, 2));
const ROUNDS = Int32Array.from(PRIMES.slice(0, 64), (prime) => fraction(prime, 3));

const STATE = new Int32Array(8);
const WORDS = new Int32Array(64);
const BLOCK = new Uint8Array(64);
const BLOCK_VIEW = new DataView(BLOCK.buffer);

/**
 * The hash of the parts one after the other.
 * @param {...Uint8Array} parts @returns {Uint8Array} 32 bytes
 */
export function sha256(...parts) {
  STATE.set(START);
  let held = 0, total = 0;
  for (const part of parts) {
    const end = part.length;
    let at = 0;
    total += end;
    while (at < end) {
      if (held === 0 && end - at >= 64) {
        compress(part, at);
        at += 64;
        continue;
      }
      BLOCK[held++] = part[at++];
      if (held === 64) {
        compress(BLOCK, 0);
        held = 0;
      }
    }
  }
  return finish(held, total);
}

/** @param {number} held bytes in BLOCK @param {number} total bytes in all */
function finish(held, total) {
  BLOCK[held++] = 0x80;
  if (held > 56) {
    BLOCK.fill(0, held);
    compress(BLOCK, 0);
    held = 0;
  }
  BLOCK.fill(0, held);
  BLOCK_VIEW.setUint32(56, Math.floor(total / 0x20000000));
  BLOCK_VIEW.setUint32(60, (total << 3) >>> 0);
  compress(BLOCK, 0);
  const out = new Uint8Array(32);
  for (let word = 0, at = 0; word < 8; word++, at += 4) {
    const value = STATE[word];
    out[at] = value >>> 24;
    out[at + 1] = value >>> 16;
    out[at + 2] = value >>> 8;
    out[at + 3] = value;
  }
  return out;
}

/** @param {Uint8Array} data @param {number} at where 64 bytes begin */
function compress(data, at) {
  const w = WORDS;
  for (let n = 0; n < 16; n++, at += 4) w[n] = (data[at] << 24) | (data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3];
  for (let n = 16; n < 64; n++) {
    const x = w[n - 15], y = w[n - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[n] = (w[n - 16] + s0 + w[n - 7] + s1) | 0;
  }
  let a = STATE[0], b = STATE[1], c = STATE[2], d = STATE[3];
  let e = STATE[4], f = STATE[5], g = STATE[6], h = STATE[7];
  for (let n = 0; n < 64; n++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS[n] + w[n]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0;
    d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  STATE[0] += a; STATE[1] += b; STATE[2] += c; STATE[3] += d;
  STATE[4] += e; STATE[5] += f; STATE[6] += g; STATE[7] += h;
}

/**
 * Does this give what the browser's own SHA-256 gives?
 * @returns {Promise<boolean>}
 */
export async function checkItself() {
  const data = Uint8Array.from({ length: 1000 }, (_, n) => (n * 31 + 7) & 255);
  for (const size of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000]) {
    const theirs = new Uint8Array(await crypto.subtle.digest("SHA-256", data.slice(0, size)));
    const ours = sha256(data.subarray(0, size >> 1), data.subarray(size >> 1, size));
    if (theirs.some((byte, at) => byte !== ours[at])) return false;
  }
  return true;
}
