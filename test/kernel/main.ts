// The real kernel: `npm run kernel`. Namespaces as nodes with the real agent in each, real sockets, nothing simulated but
// the API server. Needs root and the programs nft, ip and conntrack; says so, and counts as skipped, where they are not.
import { spawn } from 'node:child_process';
import { whyNot } from './network.ts';

/** A test that hangs is named, and with it the suite ends, whatever it has left open. */
const LIMITS = ['--test-timeout=600000', '--test-force-exit'];

const reason = whyNot();
if (reason === undefined) {
  const suite = import.meta.resolve('./suite/index.ts').slice(7);
  const child = spawn(process.execPath, ['--test-reporter=spec', ...LIMITS, suite], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill('SIGINT'));
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} else {
  process.stdout.write(`SKIPPED: the real kernel: ${reason}\n\nℹ tests 1\nℹ pass 0\nℹ fail 0\nℹ skipped 1\n`);
}
