// Drives the AWS SDK for JavaScript: one JSON request a line in, one JSON answer a line out.
// {"service", "operation", "input", "secret"?} → {"output"} or {"error": {"code", "message", "status"}}
// {"service", "wait": "StackCreateComplete", "input"} → {"output": {"state": "SUCCESS"}} or an error
// A text that is a time of ISO 8601 becomes a Date, as the SDK wants its times.
// {"service", "paginate": "DescribeRules", "input", "pageSize"} → {"output": [page, …]}
import { createInterface } from "node:readline";

const packages = {
  autoscaling: "@aws-sdk/client-auto-scaling",
  cloudformation: "@aws-sdk/client-cloudformation",
  cloudwatch: "@aws-sdk/client-cloudwatch",
  ec2: "@aws-sdk/client-ec2",
  elasticache: "@aws-sdk/client-elasticache",
  elbv2: "@aws-sdk/client-elastic-load-balancing-v2",
  sts: "@aws-sdk/client-sts",
};
const loaded = new Map();

async function open(service, secret) {
  const key = JSON.stringify([service, secret]);
  if (!loaded.has(key)) {
    const module = await import(packages[service]);
    const name = Object.keys(module).find((key) => key.endsWith("Client") && key !== "__Client");
    const credentials = secret && { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: secret };
    loaded.set(key, { module, client: new module[name]({ maxAttempts: 1, ...(credentials && { credentials }) }) });
  }
  return loaded.get(key);
}

function revive(_, value) {
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? new Date(value) : value;
}

async function answer(request) {
  const { module, client } = await open(request.service, request.secret);
  if (request.wait) {
    const wait = module[`waitUntil${request.wait}`];
    const settings = { client, minDelay: 1, maxDelay: 2, maxWaitTime: request.seconds ?? 120 };
    return { state: (await wait(settings, request.input)).state };
  }
  if (request.paginate) {
    const pages = [];
    const settings = { client, pageSize: request.pageSize };
    for await (const page of module[`paginate${request.paginate}`](settings, request.input)) {
      pages.push(page);
    }
    return pages;
  }
  return client.send(new module[`${request.operation}Command`](request.input));
}

function problem(error) {
  return {
    code: error.Error?.Code ?? error.Code ?? error.name,
    message: String(error.message),
    status: error.$metadata?.httpStatusCode ?? 0,
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    said = { output: (await answer(JSON.parse(line, revive))) ?? {} };
  } catch (error) {
    said = { error: problem(error) };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
