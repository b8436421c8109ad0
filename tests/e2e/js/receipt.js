// An app that keeps, for each of its calls, the proof that it was recorded.
//
//   node receipt.js SERVED NAME PUBLIC_KEY      the trail's server, the log's name, its key in base64
//
// It prints one line of JSON for each call: its receipt, whether the proof holds, and whether the
// proof holds for another entry. Node's own crypto is all that it checks with.
const crypto = require("node:crypto");
const { S3Client, CreateBucketCommand } = require("@aws-sdk/client-s3");
const { DynamoDBClient, ListTablesCommand } = require("@aws-sdk/client-dynamodb");

const [served, name, publicKey] = process.argv.slice(2);
const sha256 = (...parts) => crypto.createHash("sha256").update(Buffer.concat(parts)).digest();
const key = crypto.createPublicKey({
  format: "jwk",
  key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(publicKey, "base64").toString("base64url") },
});

// The root over a leaf, as RFC 9162 section 2.1.3.2 says.
function rootOf(leaf, index, size, path) {
  let [node, last, hash] = [index, size - 1, sha256(Buffer.from([0]), leaf)];
  for (const sibling of path) {
    if (node % 2 || node === last) {
      hash = sha256(Buffer.from([1]), sibling, hash);
      while (node && node % 2 === 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else {
      hash = sha256(Buffer.from([1]), hash, sibling);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && hash;
}

// A C2SP tlog-proof: the path, and the signed head that it leads to.
function holds(proof, index, change = (leaf) => leaf) {
  const [head, text, signatures] = proof.split("\n\n");
  const [, extra, said, ...path] = head.split("\n");
  const [origin, size, root] = text.split("\n");
  const line = signatures.split("\n").find((each) => each.startsWith(`\u2014 ${name} `));
  const signature = Buffer.from(line.split(" ")[2], "base64").subarray(4);
  const leaf = change(Buffer.from(extra.slice("extra ".length), "base64"));
  const found = rootOf(leaf, index, Number(size), path.map((each) => Buffer.from(each, "base64")));
  return (
    origin === name &&
    said === `index ${index}` &&
    crypto.verify(null, Buffer.from(`${text}\n`), key, signature) &&
    found && found.equals(Buffer.from(root, "base64"))
  );
}

// The SDK hands out no headers by itself; a step of its middleware sees each answer.
const keeping = (receipts) => (next) => async (args) => {
  const result = await next(args);
  receipts.push(result.response.headers["x-apitrail-receipt"]);
  return result;
};

(async () => {
  const receipts = [];
  for (const [client, command] of [
    [new S3Client({ forcePathStyle: true }), new CreateBucketCommand({
      Bucket: `receipts-${process.pid}`,
      CreateBucketConfiguration: { LocationConstraint: "eu-central-1" },
    })],
    [new DynamoDBClient({}), new ListTablesCommand({})],
  ]) {
    client.middlewareStack.add(keeping(receipts), { step: "deserialize" });
    await client.send(command);
  }
  for (const receipt of receipts) {
    const index = Number(receipt.split("#")[1]);
    const proof = await (await fetch(`${served}/proof/${index}`)).text();
    const edited = (leaf) => Buffer.from(leaf.toString().replace('"k":"api"', '"k":"run"'));
    console.log(JSON.stringify([receipt, holds(proof, index), holds(proof, index, edited)]));
  }
})().catch((error) => { console.error(error); process.exit(1); });
