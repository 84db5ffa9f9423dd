// The suite, on the server that LATTICE_E2E names. Started by ../main.ts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite } from 'node:test';
import '../../seed.ts';
import { openCluster, type Target } from '../cluster/index.ts';
import { answersSuite } from './answers.ts';
import { appliedSuite } from './applied.ts';
import { chaosSuite } from './chaos.ts';
import { compiledSuite } from './compiled.ts';
import { type Context, createContext } from './context.ts';
import { declaredSuite } from './declared.ts';
import { leasedSuite } from './leased.ts';
import { peeringsSuite } from './peerings.ts';
import { peeringsKilledSuite } from './peerings-killed.ts';
import { oddPeeringsSuite } from './peerings-odd.ts';
import { refusedPeeringsSuite } from './peerings-refused.ts';
import { renderedSuite } from './rendered.ts';
import { operatedSuite } from './operated.ts';

const folder = mkdtempSync(join(tmpdir(), 'lattice-e2e-'));
const place = { folder, kubeconfig: join(folder, 'kubeconfig') };
const target = targetFrom(process.env);
// The programs of a real control plane end with this process (cluster/program.ts).
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

suite(`end to end, ${target.kind}`, async () => {
  let context: Context | undefined;
  const contextOf = (): Context => {
    if (!context) throw new Error('the cluster has not started');
    return context;
  };
  before(async () => {
    context = createContext(await openCluster(target, place));
  });
  after(async () => {
    try {
      await context?.close();
    } finally {
      await context?.cluster.close();
    }
  });

  declaredSuite(contextOf);
  compiledSuite(contextOf);
  renderedSuite(contextOf, target.kind === 'real', place);
  appliedSuite(contextOf);
  answersSuite(contextOf);
  leasedSuite(contextOf);
  peeringsSuite(contextOf);
  oddPeeringsSuite(contextOf);
  refusedPeeringsSuite(contextOf);
  chaosSuite(contextOf, target.kind !== 'given');
  if (target.kind !== 'given') {
    // A cluster that someone uses is not governed by a test.
    const kills = Number(process.env.LATTICE_E2E_KILLS ?? (target.kind === 'real' ? 10 : 40));
    const seed = Number(process.env.LATTICE_E2E_SEED ?? Date.now() % 1_000_000_000);
    operatedSuite(contextOf, { folder, kills, seed });
    // Each of these waits for a swap of rules by Liqo, which takes seconds.
    peeringsKilledSuite(contextOf, { folder, kills: Math.ceil(kills / 4), seed });
  }
  // It reads the environment when it is loaded, and declares its suite in this one.
  process.env.KUBECONFIG_E2E = place.kubeconfig;
  await import('../../controlplane/kubectl.test.ts');
});

function targetFrom(env: NodeJS.ProcessEnv): Target {
  const { LATTICE_E2E: kind, LATTICE_E2E_BINARIES: binaries, KUBECONFIG_E2E: kubeconfig } = env;
  if (kind === 'embedded') return { kind };
  if (kind === 'real' && binaries !== undefined) return { kind, binaries };
  if (kind === 'given' && kubeconfig !== undefined) return { kind, kubeconfig };
  throw new Error('LATTICE_E2E names no server: this suite is started by test/e2e/main.ts');
}
