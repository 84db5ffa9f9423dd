import type { FabricMemberSlice, FabricProgram, FirewallProgram } from '../../api/index.ts';
import { type Client, type Kind, type KubeObject, means } from '../../kube/index.ts';
import { decideFabric, type FabricStep, type StoredFabric } from '../../peering/index.ts';
import { PROGRAM, SLICE } from './kinds.ts';
import type { Cache } from './stored.ts';

export interface FabricCaches {
  readonly programs: Cache<FabricProgram>;
  readonly slices: Cache<FabricMemberSlice>;
  /** Keys of the slices of one program. */
  readonly slicesOf: (program: string) => readonly string[];
  /** A slice of a program was written. */
  readonly note: (program: string, key: string) => void;
}

/** What is stored of one program, our own writes included. */
function storedFabric(name: string, { programs, slices, slicesOf }: FabricCaches): StoredFabric {
  return {
    program: programs.get(name)?.value,
    slices: slicesOf(name).flatMap((key) => slices.get(key)?.value ?? []),
  };
}

/** Writes what agents need to enforce `program`. Resolves to the generation that they should report, and the writes it took. */
export async function ensureFabric(
  client: Client,
  name: string,
  program: FirewallProgram,
  caches: FabricCaches,
  signal: AbortSignal,
): Promise<{ readonly generation: number; readonly writes: number }> {
  const stored = storedFabric(name, caches);
  const steps = decideFabric(name, program, stored);
  for (const step of steps) await perform(client, step, caches, signal);
  return { generation: caches.programs.get(name)?.value.spec.generation ?? 0, writes: steps.length };
}

/** Deletes a program with its slices, which agents must have let go of before. */
export async function deleteFabric(
  client: Client,
  name: string,
  caches: FabricCaches,
  signal: AbortSignal,
): Promise<void> {
  if (caches.programs.get(name)) {
    await deleted(client.delete(PROGRAM, { name }, { signal }));
    caches.programs.wrote(name, undefined);
  }
  for (const key of caches.slicesOf(name)) {
    await deleted(client.delete(SLICE, { name: key }, { signal }));
    caches.slices.wrote(key, undefined);
  }
}

async function perform(client: Client, step: FabricStep, caches: FabricCaches, signal: AbortSignal): Promise<void> {
  switch (step.kind) {
    case 'program':
      return await put(client, PROGRAM, step.object, caches.programs, signal);
    case 'slice':
      await put(client, SLICE, step.object, caches.slices, signal);
      return caches.note(step.object.spec.program, step.object.metadata.name);
    case 'remove':
      await deleted(client.delete(SLICE, { name: step.slice }, { signal }));
      caches.slices.wrote(step.slice, undefined);
  }
}

/** A patch of what is there, for the version that was looked at; an apply where nothing is. */
async function put<T extends FabricProgram | FabricMemberSlice>(
  client: Client,
  kind: Kind,
  object: T,
  cache: Cache<T>,
  signal: AbortSignal,
): Promise<void> {
  const { name, labels = {} } = object.metadata;
  const { apiVersion, kind: type, spec } = object;
  const before = cache.get(name);
  const whole: KubeObject & { readonly spec: T['spec'] } = { apiVersion, kind: type, metadata: { name, labels }, spec };
  const answer: KubeObject = before
    ? await client.jsonPatch(
        kind,
        { name },
        [
          { op: 'test', path: '/metadata/resourceVersion', value: before.version },
          { op: 'replace', path: '/spec', value: spec },
        ],
        { signal },
      )
    : await client.apply(kind, whole, { signal, force: true });
  cache.wrote(name, { value: object, version: answer.metadata.resourceVersion ?? '' });
}

async function deleted(deletion: Promise<void>): Promise<void> {
  try {
    await deletion;
  } catch (error) {
    if (!means(error, 'notFound')) throw error;
  }
}
