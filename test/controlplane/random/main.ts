// Hunts for answers in which the embedded control plane differs from a real API server, with random conversations:
// `node test/controlplane/random/main.ts --kubeconfig FILE [--seed N] [--conversations N] [--steps N] [--wrong SHARE]`.
import { parseArgs } from 'node:util';
import { startControlPlane } from '../../../src/controlplane/index.ts';
import { loadAccess } from '../../../src/kube/index.ts';
import { sendInside, sendTo } from '../send.ts';
import { differences, forget, prepare } from './compare.ts';
import { randomConversation } from './conversation.ts';

const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    seed: { type: 'string', default: '1' },
    conversations: { type: 'string', default: '20' },
    steps: { type: 'string', default: '30' },
    wrong: { type: 'string', default: '0.4' },
  },
});
const access = await loadAccess({
  env: process.env,
  ...(values.kubeconfig === undefined ? {} : { kubeconfig: values.kubeconfig }),
});
if (access.bearer.kind !== 'token') throw new Error('the kubeconfig names no token');
const real = sendTo(access.server, access.bearer.token, undefined);
const plane = await startControlPlane();
const inside = sendInside(plane);
await prepare([inside, real.send]);
let asked = 0;
let differing = 0;
for (let i = 0; i < Number(values.conversations); i++) {
  const shape = { steps: Number(values.steps), wrong: Number(values.wrong) };
  const conversation = randomConversation(Number(values.seed) + i, shape);
  const found = await differences(conversation, inside, real.send);
  asked += conversation.steps.length;
  differing += found.length;
  for (const { step, ours, theirs } of found) {
    const lines = [`# ${conversation.title}: ${step.say}`, JSON.stringify(step)];
    lines.push(`ours   ${JSON.stringify(ours)}`, `theirs ${JSON.stringify(theirs)}`);
    process.stdout.write(`\n${lines.join('\n')}\n`);
  }
}
process.stdout.write(`${asked} answers, ${differing} differ\n`);
if (differing > 0) process.exitCode = 1;
await forget(real.send);
await real.close();
await plane.close();
