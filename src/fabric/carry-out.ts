import type { Clock } from '../kube/index.ts';
import type { Attempt, Step } from './book.ts';
import type { Connections } from './connections.ts';
import type { Entry } from './entry.ts';
import type { Kernel } from './kernel.ts';
import { tableName } from './names.ts';
import type { LoadKind } from './observe.ts';
import { cutScript, deleteTableScript, memberScript, programScript, setsOf, swapScripts } from './script.ts';

export interface Tools {
  readonly kernel: Kernel;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Takes the step that is next for one program. Answers what was written; undefined when there was nothing to write. */
export async function carryOut(entry: Entry, tools: Tools): Promise<LoadKind | undefined> {
  const step = entry.book.step(entry.held);
  entry.error = undefined;
  switch (step.kind) {
    case 'nothing':
      return undefined;
    case 'waiting':
      entry.error = `generation ${entry.book.spec?.generation ?? 0} waits for slices: ${step.missing.slice(0, 5).join(', ')}`;
      return undefined;
    case 'disarm':
      return disarm(entry, step, tools);
    case 'members':
      return changeMembers(entry, step, tools);
    case 'swap':
      return swap(entry, step, tools);
    default:
      return step satisfies never;
  }
}

async function disarm(
  entry: Entry,
  { peering, generation }: Extract<Step, { kind: 'disarm' }>,
  { kernel, connections, clock, signal }: Tools,
): Promise<LoadKind | undefined> {
  if (entry.held?.disarmed && entry.held.generation === generation) return undefined;
  entry.book.begin();
  await kernel.load(deleteTableScript(tableName(peering)), signal);
  connections.forget(entry.name);
  entry.held = { generation, structure: '', peering, spelling: 'first', nftSets: [], disarmed: true };
  entry.loadedAt = new Date(clock.wall()).toISOString();
  return 'disarm';
}

async function changeMembers(
  entry: Entry,
  { changes, generation }: Extract<Step, { kind: 'members' }>,
  { kernel, connections, signal }: Tools,
): Promise<LoadKind | undefined> {
  const { held, book } = entry;
  if (!held) return undefined;
  const attempt = book.begin();
  if (changes.length > 0) {
    await orGiveBack(attempt, kernel.load(memberScript(held.peering, changes, held.spelling), signal));
    connections.sweep(entry.name, book, attempt.touched);
  }
  entry.held = { ...held, generation };
  return 'members';
}

async function swap(
  entry: Entry,
  { program, structure }: Extract<Step, { kind: 'swap' }>,
  { kernel, connections, clock, signal }: Tools,
): Promise<LoadKind> {
  const { held, book } = entry;
  const inPlace = held && !held.disarmed && held.peering === program.peering ? held : undefined;
  const spelling = inPlace?.spelling === 'first' ? 'second' : 'first';
  const kept = connections.stillCut(entry.name, program.rules, book);
  const attempt = book.begin();
  const left = held && held.peering !== program.peering ? deleteTableScript(tableName(held.peering)) : '';
  const scripts = inPlace
    ? swapScripts(program, spelling, inPlace.nftSets, kept)
    : [
        // Whatever became of the table: what was cut stays cut, or the side that may call would open it anew.
        programScript(program) + cutScript(program.peering, kept) + left,
      ];
  for (const script of scripts) await orGiveBack(attempt, kernel.load(script, signal));
  const { generation, peering } = program;
  entry.held = { generation, structure, peering, spelling, nftSets: setsOf(program, spelling), disarmed: false };
  entry.loadedAt = new Date(clock.wall()).toISOString();
  connections.setCuts(entry.name, kept);
  connections.sweep(entry.name, book, 'all');
  return 'swap';
}

async function orGiveBack(attempt: Attempt, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    attempt.failed();
    throw error;
  }
}
