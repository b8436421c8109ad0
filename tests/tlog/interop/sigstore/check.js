// Check verifies a proof with sigstore's own verifier (npm @sigstore/verify).
//
//   node check.js FOLDER < {proof, entry, name, keyId, publicKey}      JSON, bytes in base64
//
// FOLDER is where the package is installed. It prints "holds", or what does not hold and exits 1.
const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const tlog = path.join(path.resolve(process.argv[2]), "node_modules/@sigstore/verify/dist/tlog");
const { verifyCheckpoint } = require(path.join(tlog, "checkpoint.js"));
const { verifyMerkleInclusion } = require(path.join(tlog, "merkle.js"));

const given = JSON.parse(fs.readFileSync(0, "utf-8"));
const bytes = (text) => Buffer.from(text, "base64");

const split = given.proof.indexOf("\n\n");
const [, index, ...hashes] = given.proof.slice(0, split).split("\n");
const entry = {
  canonicalizedBody: bytes(given.entry),
  inclusionProof: {
    logIndex: index.slice("index ".length),
    hashes: hashes.map(bytes),
    checkpoint: { envelope: given.proof.slice(split + 2) },
  },
};
const log = {
  logID: bytes(given.keyId),
  baseURL: `https://${given.name}`,
  publicKey: crypto.createPublicKey({ key: bytes(given.publicKey), format: "der", type: "spki" }),
};

try {
  verifyMerkleInclusion(entry, verifyCheckpoint(entry, [log]));
  console.log("holds");
} catch (error) {
  console.log(error.message);
  process.exitCode = 1;
}
