// The suite; `npm run kernel` runs it, and says first whether it can.
import { after, before } from 'node:test';
import '../../seed.ts';
import { type Lab, startLab } from '../lab.ts';
import { canaryTests } from './canary.ts';
import { liqoTests } from './liqo.ts';
import { lifetimeTests } from './lifetime.ts';
import { trafficTests } from './traffic.ts';
import { verdictTests } from './verdicts.ts';

let running: Lab | undefined;
const lab = (): Lab => {
  if (!running) throw new Error('the lab is not built');
  return running;
};

// Ends with what it has built removed, also when it is told to.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

before(async () => {
  running = await startLab();
});
after(async () => {
  await running?.stop();
});

lifetimeTests(lab);
trafficTests(lab);
verdictTests(lab);
liqoTests(lab);
canaryTests(lab);
