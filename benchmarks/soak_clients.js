// Clients of the JavaScript SDK's for `benchmarks.soak`, each with a connection of its own; prints
// what soak_clients.py prints.
const { STSClient, AssumeRoleCommand } = require('@aws-sdk/client-sts');
const { S3Client, PutObjectCommand } = require('@aws-sdk/client-s3');

const [prefix, workers, seconds, pause] = process.argv.slice(2);
const end = Date.now() + seconds * 1000;
const sleep = (s) => new Promise((resolve) => setTimeout(resolve, s * 1000));

async function work(number) {
  const options = { maxAttempts: 1 };
  const sts = new STSClient(options);
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  await sleep(Math.random() * pause);
  for (let count = 0; Date.now() < end; count += 1) {
    const name = `${prefix}-${number}-${count}`;
    try {
      if (number % 2) {
        const RoleArn = 'arn:aws:iam::123456789012:role/soak';
        await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: name }));
      } else {
        await s3.send(new PutObjectCommand({ Bucket: 'soak', Key: name, Body: 'x'.repeat(2000) }));
      }
      process.stdout.write(`ok ${name}\n`);
    } catch (error) {
      process.stdout.write(`error ${name} ${JSON.stringify(String(error)).slice(0, 200)}\n`);
    }
    await sleep(pause * (0.5 + Math.random()));
  }
}

Promise.all([...Array(Number(workers)).keys()].map(work));
