// The long runs: `npm run soak -- --budget SECONDS --inputs N --swaps N --kills N --seed N`. Prints its seed and its figures; exit code 1 when
// anything broke.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { soakInputs } from './inputs.ts';
import { soakSwaps } from './swaps.ts';
import { soakTemplates } from './templates.ts';

const { values } = parseArgs({
  options: {
    budget: { type: 'string', default: '3600' },
    inputs: { type: 'string', default: '100000' },
    swaps: { type: 'string', default: '1000' },
    kills: { type: 'string', default: '200' },
    templates: { type: 'string', default: '50000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  },
});
const now = (): number => performance.now();
const seed = Number(values.seed);
process.stdout.write(`soak: damaged inputs, seed ${seed}\n`);
const began = now();
const { inputs, codes, slowest, broken } = await soakInputs(
  Number(values.inputs),
  seed,
  began + Number(values.budget) * 1000,
  now,
);
for (const { seed: each, what } of broken.slice(0, 20)) process.stdout.write(`seed ${each}: ${what}\n`);
const seconds = Math.round((now() - began) / 1000);
process.stdout.write(
  `soak: ${inputs} inputs in ${seconds} s: ${codes[0]} compiled, ${codes[1]} in part, ${codes[2]} refused; slowest ${Math.round(slowest)} ms; ${broken.length} broken\n`,
);
const damaged = soakTemplates(Number(values.templates), seed, now);
for (const each of damaged.broken.slice(0, 20)) process.stdout.write(`${each}\n`);
process.stdout.write(
  `soak: ${damaged.templates} damaged templates: ${damaged.rendered} rendered, the others refused; slowest ${Math.round(damaged.slowestMs)} ms; ${damaged.broken.length} broken\n`,
);
const swapsBroke =
  Number(values.swaps) > 0 && (await soakSwaps(Number(values.swaps), (line) => process.stdout.write(`${line}\n`)));
process.exitCode = broken.length + damaged.broken.length > 0 || swapsBroke ? 1 : 0;

process.stdout.write(`soak: the operator killed ${values.kills} times, seed ${seed}\n`);
const killed = spawnSync(process.execPath, [join(import.meta.dirname, '../e2e/main.ts'), '--only', 'embedded'], {
  stdio: 'inherit',
  env: { ...process.env, LATTICE_E2E_KILLS: values.kills, LATTICE_E2E_SEED: String(seed) },
});
if (killed.status !== 0) process.exitCode = 1;
