import type { Clock } from '../kube/index.ts';
import type { Connections } from './connections.ts';
import { type Entry, UNKNOWN_STRUCTURE } from './entry.ts';
import type { Kernel } from './kernel.ts';
import { HOOKS, type Listing, sameListing } from './listing.ts';
import { type Spelling, spellingOf, tableName, twinName } from './names.ts';
import { deleteTableScript, twinScript } from './script.ts';

/**
 * Reads what the kernel holds of a program, so that nothing is loaded again that is there already: after a restart,
 * a foreign edit or a failure. True: the kernel holds what is declared. The kernel itself says what the program should
 * look like: from a twin without a hook.
 */
export async function compare(
  entry: Entry,
  kernel: Kernel,
  connections: Connections,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const { book } = entry;
  const step = book.step(undefined);
  if (step.kind !== 'swap') {
    // Incomplete: to be compared when it is complete. Disarmed: removing a table that is not there does no harm.
    if (step.kind === 'disarm') {
      entry.held = undefined;
      entry.doubtful = false;
    }
    return false;
  }
  const { program, structure } = step;
  const { peering, generation } = program;
  // What changes from here on is a change of what is compared.
  book.begin();
  // Before reading: a foreign edit that is heard of meanwhile raises the doubt again.
  entry.doubtful = false;
  const found = await kernel.list(tableName(peering), signal);
  const twin = twinName(tableName(peering));
  const wanted = found && (await build(kernel, twin, twinScript(program), signal));
  const spelling = found && onlySpelling(found);
  if (!found || !wanted || spelling === undefined || found.hooks !== HOOKS || found.frame !== wanted.frame) {
    entry.held = undefined;
    return false;
  }
  const nftSets = found.sets.map(({ name }) => name);
  const isCutWhole = connections.adoptCuts(entry.name, found.cuts, program.rules, book);
  entry.held = { generation, structure: UNKNOWN_STRUCTURE, peering, spelling, nftSets, disarmed: false };
  if (!isCutWhole || !sameListing(found, wanted)) return false;
  entry.held = { ...entry.held, structure };
  entry.loadedAt ??= new Date(clock.wall()).toISOString();
  // Whoever was stopped between a load and its connections has not cut them.
  connections.sweep(entry.name, book, 'all');
  return true;
}

async function build(kernel: Kernel, table: string, script: string, signal: AbortSignal): Promise<Listing | undefined> {
  await kernel.load(deleteTableScript(table) + script, signal);
  try {
    return await kernel.list(table, signal);
  } finally {
    await kernel.load(deleteTableScript(table), signal);
  }
}

/** The spelling of a table's sets; undefined when it has both, so that neither is free for a swap. */
function onlySpelling(listing: Listing): Spelling | undefined {
  const found = new Set(listing.sets.flatMap(({ name }) => spellingOf(name) ?? []));
  return found.size > 1 ? undefined : ([...found][0] ?? 'first');
}
