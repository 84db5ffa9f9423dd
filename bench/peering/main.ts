// `npm run bench -- peering [core] [real] [--pods N] [--events N]`: the pure core, and the engine against a real API server.
import { parseArgs } from 'node:util';
import { measureCore } from './core.ts';
import { measureReal } from './real.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pods: { type: 'string', default: '10000' },
    events: { type: 'string', default: '200' },
  },
});
// What was started and built ends with this process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
if (positionals.some((name) => name !== 'core' && name !== 'real')) {
  process.stderr.write('usage: npm run bench -- peering [core] [real] [--pods N] [--events N]\n');
  process.exitCode = 2;
} else {
  const wanted = (name: string): boolean => positionals.length === 0 || positionals.includes(name);
  if (wanted('core')) measureCore();
  if (wanted('real')) await measureReal({ pods: Number(values.pods), events: Number(values.events) });
}
