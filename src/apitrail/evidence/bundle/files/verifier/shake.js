// SHAKE128 and SHAKE256 (FIPS 202), of which WebCrypto knows neither.

const MASK = (1n << 64n) - 1n;

/** @type {bigint[]} */
const CONSTANTS = [];
/** @type {number[]} */
const TURNS = [];
/** @type {number[]} */
const PLACES = [];
for (let round = 0, register = 1, x = 1, y = 0; round < 24; round++) {
  [x, y] = [y, (2 * x + 3 * y) % 5];
  PLACES.push(5 * y + x);
  TURNS.push((((round + 1) * (round + 2)) / 2) % 64);
  let constant = 0n;
  for (let j = 0; j < 7; j++) {
    if (register & 1) constant |= 1n << BigInt((1 << j) - 1);
    register = (register << 1) ^ ((register >> 7) * 0x171);
  }
  CONSTANTS.push(constant);
}

/** @param {bigint} lane @param {number} by */
const turned = (lane, by) => (by ? ((lane << BigInt(by)) | (lane >> BigInt(64 - by))) & MASK : lane);

/** Keccak-f[1600]. @param {bigint[]} lanes 25, changed in place */
function permute(lanes) {
  for (const constant of CONSTANTS) {
    const columns = [0, 1, 2, 3, 4].map((x) => lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20]);
    for (let x = 0; x < 5; x++) {
      const mixed = columns[(x + 4) % 5] ^ turned(columns[(x + 1) % 5], 1);
      for (let y = 0; y < 25; y += 5) lanes[x + y] ^= mixed;
    }
    let moving = lanes[1];
    PLACES.forEach((place, at) => {
      const next = lanes[place];
      lanes[place] = turned(moving, TURNS[at]);
      moving = next;
    });
    for (let y = 0; y < 25; y += 5) {
      const row = lanes.slice(y, y + 5);
      for (let x = 0; x < 5; x++) lanes[x + y] = row[x] ^ (~row[(x + 1) % 5] & MASK & row[(x + 2) % 5]);
    }
    lanes[0] ^= constant;
  }
}

/**
 * Gives as many bytes as are asked for, one after the other.
 * @param {128 | 256} strength @param {Uint8Array[]} parts @returns {(count: number) => Uint8Array}
 */
export function shake(strength, ...parts) {
  const rate = 200 - strength / 4, lanes = new Array(25).fill(0n);
  const absorb = (/** @type {number} */ at, /** @type {number} */ byte) => (lanes[at >> 3] ^= BigInt(byte) << BigInt(8 * (at & 7)));
  let at = 0;
  for (const part of parts) {
    for (const byte of part) {
      absorb(at++, byte);
      if (at === rate) permute(lanes), (at = 0);
    }
  }
  absorb(at, 0x1f);
  absorb(rate - 1, 0x80);
  at = rate;
  return (count) =>
    Uint8Array.from({ length: count }, () => {
      if (at === rate) permute(lanes), (at = 0);
      const byte = Number((lanes[at >> 3] >> BigInt(8 * (at & 7))) & 255n);
      at++;
      return byte;
    });
}
