// Finds or builds the program around Liqo's own firewall controller. Run by itself it builds it and prints where it is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, type FoundProgram, type GoProgram, printProgram } from '../go-program.ts';

const liqo = (): GoProgram => ({
  title: `Liqo ${version()}'s firewall controller`,
  name: 'liqo-node',
  module: import.meta.dirname,
  sources: ['go.mod', 'go.sum', 'main.go', 'store.go'],
  package: '.',
  variable: 'LATTICE_LIQO_NODE',
  command: 'node conformance/liqo/liqo.ts',
});

/** LATTICE_LIQO_NODE, else what was built from this folder; never built by this function. */
export const findLiqo = (env: NodeJS.ProcessEnv): FoundProgram => findProgram(liqo(), env);

function version(): string {
  const module = readFileSync(join(import.meta.dirname, 'go.mod'), 'utf8');
  const required = /github\.com\/liqotech\/liqo (v\S+)/.exec(module)?.[1];
  if (required === undefined) throw new Error('conformance/liqo/go.mod does not require github.com/liqotech/liqo');
  return required;
}

if (import.meta.main) printProgram(liqo());
