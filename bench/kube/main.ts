// `npm run bench -- kube [watch] [real] [embedded] [--runs N] ...`: one line of JSON per measurement, without a name all.
import { parseArgs } from 'node:util';
import { measureEmbedded } from './embedded.ts';
import { measureReal } from './real.ts';
import { measureWatch } from './watch.ts';

const CASES = ['watch', 'real', 'embedded'];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pods: { type: 'string', default: '10000' },
    events: { type: 'string', default: '50000' },
    updates: { type: 'string', default: '5000' },
    objects: { type: 'string', default: '5000' },
    watches: { type: 'string', default: '1000' },
    runs: { type: 'string', default: '3' },
    flags: { type: 'string', default: '--max-semi-space-size=2' },
  },
});
// The programs of a real control plane end with this process (test/e2e/cluster/program.ts).
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const unknown = positionals.find((name) => !CASES.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`no measurement is called ${unknown}; there are ${CASES.join(', ')}\n`);
  process.exitCode = 2;
} else {
  const wanted = (name: string): boolean => positionals.length === 0 || positionals.includes(name);
  const flags = values.flags.split(' ').filter((flag) => flag !== '');
  const runs = Number(values.runs);
  const [pods, updates, objects] = [Number(values.pods), Number(values.updates), Number(values.objects)];
  if (wanted('watch')) await measureWatch({ pods: values.pods, events: values.events, runs, flags });
  if (wanted('embedded')) await measureEmbedded({ objects: pods, watches: Number(values.watches), runs });
  if (wanted('real')) await measureReal({ pods, updates, objects, runs, flags });
}
