// ML-DSA-44 (FIPS 204): whether a signature holds. No browser's WebCrypto is asked for it.

import { shake } from "./shake.js";
import { same } from "./text.js";

const Q = 8380417, GAMMA1 = 1 << 17, GAMMA2 = 95232, TAU = 39, BETA = 78, OMEGA = 80, ROWS = 4, N = 256;
const KEY_SIZE = 1312, SIGNATURE_SIZE = 2420;

/** @typedef {number[]} Polynomial 256 coefficients below Q */

const positive = (/** @type {number} */ value) => ((value % Q) + Q) % Q;

const ZETAS = Array.from({ length: N }, (_, index) => {
  let exponent = parseInt([...index.toString(2).padStart(8, "0")].reverse().join(""), 2), power = 1753, found = 1;
  for (; exponent; exponent >>= 1, power = (power * power) % Q) if (exponent & 1) found = (found * power) % Q;
  return found;
});

/** Numbers of so many bits, lowest bit first. @param {Uint8Array} data @param {number} bits */
function unpack(data, bits) {
  const found = [];
  let held = 0, size = 0;
  for (const byte of data) {
    held |= byte << size;
    for (size += 8; size >= bits; size -= bits, held >>>= bits) found.push(held & ((1 << bits) - 1));
  }
  return found;
}

/** @param {Polynomial} w @returns {Polynomial} */
function transform(w) {
  w = [...w];
  for (let length = N / 2, number = 1; length; length >>= 1) {
    for (let start = 0; start < N; start += 2 * length, number++) {
      for (let j = start; j < start + length; j++) {
        const t = (ZETAS[number] * w[j + length]) % Q;
        [w[j], w[j + length]] = [(w[j] + t) % Q, positive(w[j] - t)];
      }
    }
  }
  return w;
}

/** @param {Polynomial} w @returns {Polynomial} */
function inverse(w) {
  w = [...w];
  for (let length = 1, number = N - 1; length < N; length <<= 1) {
    for (let start = 0; start < N; start += 2 * length, number--) {
      for (let j = start; j < start + length; j++) {
        const t = w[j];
        [w[j], w[j + length]] = [(t + w[j + length]) % Q, (ZETAS[number] * positive(w[j + length] - t)) % Q];
      }
    }
  }
  return w.map((value) => (8347681 * value) % Q);
}

/** A polynomial of the matrix, in the domain of the transform. @param {Uint8Array} seed @returns {Polynomial} */
function uniform(seed) {
  /** @type {number[]} */
  const found = [];
  for (const take = shake(128, seed); found.length < N; ) {
    const [low, middle, high] = take(3);
    const number = low | (middle << 8) | ((high & 127) << 16);
    if (number < Q) found.push(number);
  }
  return found;
}

/** The polynomial with 39 coefficients of 1 or -1 that a signature's hash stands for. @param {Uint8Array} seed @returns {Polynomial} */
function challenge(seed) {
  const take = shake(256, seed), signs = take(8), c = new Array(N).fill(0);
  for (let i = N - TAU, bit = 0; i < N; i++, bit++) {
    let [j] = take(1);
    while (j > i) [j] = take(1);
    c[i] = c[j];
    c[j] = (signs[bit >> 3] >> (bit & 7)) & 1 ? Q - 1 : 1;
  }
  return c;
}

/** Which coefficients are corrected, by row; null where they are malformed. @param {Uint8Array} data @returns {Array<Set<number>> | null} */
function hints(data) {
  const found = [];
  let at = 0;
  for (const end of data.subarray(OMEGA)) {
    if (end < at || end > OMEGA) return null;
    const row = [...data.subarray(at, end)];
    if (row.some((value, index) => index > 0 && row[index - 1] >= value)) return null;
    found.push(new Set(row));
    at = end;
  }
  return data.subarray(at, OMEGA).some(Boolean) ? null : found;
}

/** @param {number} value @param {boolean} corrected */
function highBits(value, corrected) {
  let low = value % (2 * GAMMA2);
  if (low > GAMMA2) low -= 2 * GAMMA2;
  const top = value - low === Q - 1, high = top ? 0 : (value - low) / (2 * GAMMA2);
  if (top) low--;
  return corrected ? (high + (low > 0 ? 1 : 43)) % 44 : high;
}

/** @param {Uint8Array} key @param {Uint8Array} message @param {Uint8Array} signature */
export function verifiesMldsa44(key, message, signature) {
  if (key.length !== KEY_SIZE || signature.length !== SIGNATURE_SIZE) return false;
  const rows = [...Array(ROWS).keys()];
  const z = rows.map((row) => unpack(signature.subarray(32 + 576 * row, 608 + 576 * row), 18).map((value) => GAMMA1 - value));
  const corrected = hints(signature.subarray(2336));
  if (corrected === null || z.flat().some((value) => Math.abs(value) >= GAMMA1 - BETA)) return false;
  const moved = z.map((row) => transform(row.map(positive))), c = transform(challenge(signature.subarray(0, 32)));
  const packed = new Uint8Array(768);
  for (const row of rows) {
    const t1 = transform(unpack(key.subarray(32 + 320 * row, 352 + 320 * row), 10).map((value) => (value * 8192) % Q));
    const matrix = rows.map((column) => uniform(Uint8Array.of(...key.subarray(0, 32), column, row)));
    const w = inverse(t1.map((value, at) => positive(rows.reduce((sum, column) => sum + ((matrix[column][at] * moved[column][at]) % Q), 0) - ((c[at] * value) % Q))));
    w.forEach((value, at) => {
      const bits = highBits(value, corrected[row].has(at)), place = 6 * (N * row + at);
      packed[place >> 3] |= bits << (place & 7);
      if ((place & 7) > 2) packed[(place >> 3) + 1] |= bits >> (8 - (place & 7));
    });
  }
  const mu = shake(256, shake(256, key)(64), Uint8Array.of(0, 0), message)(64);
  return same(shake(256, mu, packed)(32), signature.subarray(0, 32));
}
