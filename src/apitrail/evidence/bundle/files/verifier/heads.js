// Which keys the log has had, and whether every checkpoint is signed and continues the one before.

import { KEPT } from "./bundle.js";
import { Head, Key, Note } from "./note.js";
import { Problem, base64, byNumber, decimal, encoded, hex, integer, repr, same, utf8 } from "./text.js";
import { checkConsistency } from "./tree.js";

/** @typedef {import("./bundle.js").Bundle} Bundle */
/** @typedef {{index: number, old: Key, next: Key}} Rotation */
/** @typedef {{keys: Key[], changes: number[]}} History the log's keys, and the entries that changed them */

/** The sizes of the older checkpoints. @param {Bundle} bundle */
function keptSizes(bundle) {
  return /** @type {number[]} */ ([...bundle.names].flatMap((name) => KEPT.exec(name)?.[1] ?? []).map(integer).sort(byNumber));
}

/** The log's keys, if a trusted one is among them. @param {Bundle} bundle @param {Key[]} trusted @returns {Promise<History>} */
export async function trace(bundle, trusted) {
  const { head } = bundle;
  /** @type {Rotation[]} */
  const rotations = [];
  for (const size of keptSizes(bundle)) {
    const name = `checkpoints/${size}`;
    if (new Head(bundle.read(name), name).own.length > 1) rotations.push(await rotation(bundle, size - 1));
  }
  rotations.slice(1).forEach((after, at) => {
    if (rotations[at].next.text !== after.old.text) throw new Problem(`entry ${after.index}: it does not follow the change of key before it`);
  });
  const own = [...new Set(head.own.map((line) => hex(line.id)))].sort();
  const fits = trusted.filter((key) => key.name === head.origin && own.includes(hex(key.id)));
  const keys = rotations.length ? [rotations[0].old, ...rotations.map((change) => change.next)] : fits.slice(0, 1);
  const known = keys.some((key) => trusted.some((other) => other.text === key.text));
  if (keys.length && keys[0].name === head.origin && known && keys.some((key) => own.includes(hex(key.id)))) {
    return { keys, changes: rotations.map((change) => change.index) };
  }
  const signers = own.map((id) => `${head.origin}+${id}`).join(", ") || "nobody";
  throw new Problem(`it is signed by ${signers}, which is not a key you trust`, "UNTRUSTED-KEY");
}

/** The change of key that an entry holds, signed by both keys. @param {Bundle} bundle @param {number} index @returns {Promise<Rotation>} */
async function rotation(bundle, index) {
  const link = bundle.has(index) ? bundle.entry(index) : null;
  const said = link?.kind === "key" ? bundle.value(index, "what") : null;
  if (!link || !said) throw new Problem(`entry ${index}: two keys have signed here, without a change of key`);
  const signed = new Note(encoded(said.get("note").replace(/\p{Cs}/gu, "?")), "the change of key");
  const lines = signed.text.split("\n");
  const malformed = () => new Problem(`entry ${index}: malformed key rotation`);
  if (lines.length !== 7 || lines[0] !== "apitrail key rotation v1") throw malformed();
  const old = new Key(lines[4]), next = new Key(lines[5]);
  const names = [old.name, next.name, lines[1]];
  if (said.get("old") !== lines[4] || said.get("new") !== lines[5] || new Set(names).size !== 1) throw malformed();
  if ((await signed.open([old, next])).length !== 2 || same(old.id, next.id)) throw new Problem(`entry ${index}: the change of key is not signed by both`);
  if (decimal(lines[2], "index") !== index || !same(base64(lines[3], "a hash", 32), link.previous)) throw new Problem(`entry ${index}: a change of key that was made elsewhere`);
  return { index, old, next };
}

/**
 * The key that signed a checkpoint last, if the keys of its time have signed it.
 * @param {Bundle} bundle @param {History} history @param {Head} head @returns {Promise<Key>}
 */
async function signer(bundle, { keys, changes }, head) {
  const epoch = changes.filter((index) => index < head.size).length;
  const first = epoch && changes[epoch - 1] === Number(head.size) - 1 ? epoch - 1 : epoch;
  const wanted = keys.slice(first, epoch + 1);
  if (head.origin !== bundle.head.origin) throw new Problem(`${head.what} is of the log ${repr(head.origin)}`);
  const good = await head.open(wanted);
  if (good.length === 0) throw new Problem(`${head.what}: no trusted key has signed this`);
  if (good.length !== wanted.length) throw new Problem(`${head.what} is not signed by both keys of a rotation`);
  return good[good.length - 1];
}

/**
 * Every checkpoint is signed by the key of its time, and each continues the one before.
 * @param {Bundle} bundle @param {History} history
 * @returns {Promise<{key: Key, heads: Head[]}>} who signed the newest, and the older ones
 */
export async function checkHeads(bundle, history) {
  const key = await signer(bundle, history, bundle.head);
  if (!Number.isSafeInteger(bundle.head.size)) throw new Problem("the log is larger than this can count");
  /** @type {Head[]} */
  const heads = [];
  for (const size of keptSizes(bundle)) {
    const head = new Head(bundle.read(`checkpoints/${size}`), `the checkpoint of ${size}`);
    await signer(bundle, history, head);
    if (head.size !== size || !(size > 0 && size < bundle.head.size)) throw new Problem(`${head.what} is of ${head.size}`);
    heads.push(head);
  }
  checkSteps(bundle, [...heads, bundle.head]);
  for (const index of bundle.ofKind("key")) {
    if (!history.changes.includes(index) && bundle.value(index, "what")) throw new Problem(`entry ${index}: a change of key that its checkpoint does not show`);
  }
  return { key, heads };
}

/** The proofs must lead from each checkpoint to the next. @param {Bundle} bundle @param {Head[]} heads */
function checkSteps(bundle, heads) {
  const steps = heads.slice(1).map((head, at) => `consistency/${heads[at].size}-${head.size}`);
  const held = bundle.known.filter((name) => name.startsWith("consistency/"));
  if (held.length !== steps.length || !steps.every((name) => bundle.names.has(name))) throw new Problem("the proofs do not lead from each checkpoint to the next");
  steps.forEach((name, at) => {
    const old = /** @type {any} */ (heads[at]), next = /** @type {any} */ (heads[at + 1]);
    const lines = utf8(bundle.read(name), name, 10000).split("\n");
    const said = ["apitrail.consistency@v1", `old ${old.size}`, `new ${next.size}`];
    if (lines.length < 4 || lines.slice(0, 3).join("\n") !== said.join("\n") || lines[lines.length - 1]) throw new Problem(`malformed consistency proof: ${name}`);
    checkConsistency(old, next, lines.slice(3, -1).map((line) => base64(line, name, 32)));
  });
}
