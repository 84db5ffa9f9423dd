// The charts, held to what they promise by helm and by a real API server with RBAC: `npm run chart`.
// helm and the server are built by Go where they are not yet; without Go both count as skipped, and it is said.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildHelm } from '../../conformance/helm/helm.ts';
import { findBinaries } from '../e2e/binaries.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const helm = buildHelm(process.env, say);
const binaries = findBinaries(process.env, say);
for (const found of [helm, binaries]) if (found.kind === 'skipped') say(`SKIPPED: ${found.reason}`);
const files = ['charts.test.ts', 'suite/installed.ts', 'suite/permitted.ts', 'suite/peering.ts'].map((file) =>
  join(import.meta.dirname, file),
);
// A test that hangs is named, and with it the suite ends, whatever it has left open.
const limits = ['--test-timeout=600000', '--test-force-exit'];
const flags = ['--test', '--test-isolation=none', '--test-reporter=spec', ...limits];
const { status } = spawnSync(process.execPath, [...flags, ...files], {
  stdio: 'inherit',
  env: {
    ...process.env,
    ...(helm.kind === 'ready' ? { LATTICE_HELM: helm.program } : {}),
    ...(binaries.kind === 'ready' ? { LATTICE_CHART_BINARIES: binaries.folder } : {}),
  },
});
process.exitCode = status === 0 ? 0 : 1;
