// The embedded control plane in a process of its own, as `lattice dev` starts it: prints where it is when it is ready.
import { startControlPlane } from '../../src/controlplane/index.ts';
import { memoryMb, point } from './meter.ts';

const plane = await startControlPlane();
const { url, token, ca } = plane;
process.stdout.write(
  `${JSON.stringify({ url, token, ca, rssMb: memoryMb('VmRSS'), cpuMs: Math.round(point().cpu) })}\n`,
);
process.on('disconnect', () => process.exit());
