// `npm run bench -- peering [core] [real] [--enforcer liqo|nft] [--pods N] [--events N] [--flags=V8]`: the pure core, and the engine against a real API server.
import { parseArgs } from 'node:util';
import { measureCore } from './core.ts';
import { measureReal } from './real.ts';

const ENFORCERS = ['liqo', 'nft'] as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pods: { type: 'string', default: '10000' },
    events: { type: 'string', default: '200' },
    enforcer: { type: 'string', default: '' },
    flags: { type: 'string', default: '' },
  },
});
// What was started and built ends with this process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
if (positionals.some((name) => name !== 'core' && name !== 'real')) {
  process.stderr.write(
    'usage: npm run bench -- peering [core] [real] [--enforcer liqo|nft] [--pods N] [--events N] [--flags=V8]\n',
  );
  process.exitCode = 2;
} else {
  const wanted = (name: string): boolean => positionals.length === 0 || positionals.includes(name);
  if (wanted('core')) measureCore();
  if (wanted('real')) {
    await measureReal({
      pods: Number(values.pods),
      events: Number(values.events),
      enforcers: ENFORCERS.filter((name) => values.enforcer === '' || values.enforcer === name),
      flags: values.flags.split(' ').filter((flag) => flag !== ''),
    });
  }
}
