import { isLattice, type LatticeConfig } from '../../api/index.ts';
import { type Declared, understand } from '../declared.ts';
import { type Loaded, type LoadedObject, readInput } from '../io/index.ts';
import { readConfig } from '../load-graph.ts';
import { hasErrors, printFindings } from '../report.ts';
import type { Terminal } from '../terminal.ts';

/** What `lattice dev` starts with. */
export interface DevInput {
  readonly paths: readonly string[];
  readonly objects: readonly LoadedObject[];
  readonly places: Loaded['places'];
  /** The same, understood. */
  readonly declared: Declared;
  /** What --config holds. */
  readonly config: LatticeConfig | undefined;
}

/** Reads PATHs. Undefined when something is invalid: every error was printed. */
export async function readDevInput(
  paths: readonly string[],
  terminal: Terminal,
  configFile?: string,
): Promise<DevInput | undefined> {
  const config = configFile === undefined ? undefined : readConfig(configFile, terminal);
  if (config === false) return undefined;
  const loaded = await readInput(paths, 'default', terminal.stdin);
  const declared = understand(loaded);
  // The file of --config may lie among PATHs: then it is used after all.
  const findings = declared.findings.filter(({ code, file }) => code !== 'ConfigNotUsed' || file !== configFile);
  printFindings(findings, terminal);
  if (hasErrors(findings)) return undefined;
  // A configuration is a file for the command line; no cluster stores it.
  const objects = loaded.objects.filter(({ raw, kind }) => !(isLattice(raw) && kind === 'LatticeConfig'));
  return { paths, objects, places: loaded.places, declared, config };
}
