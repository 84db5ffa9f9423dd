import { isLattice } from '../../api/index.ts';
import { understand } from '../declared.ts';
import { type Loaded, type LoadedObject, readInput } from '../io/index.ts';
import { hasErrors, printFindings } from '../report.ts';
import type { Terminal } from '../terminal.ts';

/** What `lattice dev` starts with. */
export interface DevInput {
  readonly paths: readonly string[];
  readonly objects: readonly LoadedObject[];
  readonly places: Loaded['places'];
}

/** Reads PATHs. Undefined when something is invalid: every error was printed. */
export async function readDevInput(paths: readonly string[], terminal: Terminal): Promise<DevInput | undefined> {
  const loaded = await readInput(paths, 'default', terminal.stdin);
  const { findings } = understand(loaded);
  printFindings(findings, terminal);
  if (hasErrors(findings)) return undefined;
  // A configuration is a file for the command line; no cluster stores it.
  const objects = loaded.objects.filter(({ raw, kind }) => !(isLattice(raw) && kind === 'LatticeConfig'));
  return { paths, objects, places: loaded.places };
}
