// The door of the compilers: a graph in, the engines' objects out.
import { cilium } from './cilium/index.ts';
import type { Engine } from './engine.ts';
import { istio } from './istio/index.ts';
import { kubernetes } from './kubernetes/index.ts';
import { openOwnerBook } from './name.ts';
import type { CompileOptions } from './options.ts';

export { compileAll, compileUnit } from './compile.ts';
export type { Compiled, Draft, KubernetesObject, Part } from './draft.ts';
export type { Engine } from './engine.ts';
export { OWNER_LABELS, ownerOf, shortHash } from './name.ts';
export type { CompileOptions, EngineName } from './options.ts';

const ENGINES = { cilium, istio, kubernetes } as const;

/** The compilers that the options ask for. Keep them: they remember what the units they compiled have in common. */
export function enginesFor(options: CompileOptions): readonly Engine[] {
  const ownerOfService = openOwnerBook();
  return options.engines.map((name) => ENGINES[name](ownerOfService));
}
