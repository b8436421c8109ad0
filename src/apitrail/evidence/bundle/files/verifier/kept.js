// What was read and is asked for again soon: the newest of it, since a bundle may hold millions of
// entries.

/** @template K, V */
export class Kept {
  /** @param {number} most so many are kept */
  constructor(most) {
    this.most = most;
    /** @type {Map<K, V>} */
    this.there = new Map();
  }

  /** What is kept under this key, made where it is not there. @param {K} key @param {() => V} make @returns {V} */
  get(key, make) {
    const found = this.there.get(key);
    if (found !== undefined) return found;
    const made = make();
    if (this.there.size >= this.most) this.there.delete(/** @type {K} */ (this.there.keys().next().value));
    this.there.set(key, made);
    return made;
  }
}

/** Where an index stands among others, which are in order. @param {ArrayLike<number>} indexes @param {number | bigint} index */
export function placeOf(indexes, index) {
  let low = 0, high = indexes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (indexes[middle] < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Is it one of these, which are in order? @param {ArrayLike<number>} indexes @param {number | bigint} index */
export function holds(indexes, index) {
  return indexes[placeOf(indexes, index)] === index;
}
