import { hashOf } from '../name.ts';
import type { SecretRef, Value } from '../value.ts';
import type { Draft, Path } from './draft.ts';

/** An entry of a container's `env`, as Kubernetes has it. */
export type EnvEntry =
  | { readonly name: string; readonly value: string }
  | {
      readonly name: string;
      readonly valueFrom: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
    };

/**
 * The environment of a container, sorted by name. A variable that is one secret is a reference to it. A secret inside of a
 * longer text becomes a variable of its own before all others, which the kubelet puts in place of `$(NAME)`: its value
 * passes through nobody else's hands.
 */
export function renderEnvironment(
  draft: Draft,
  variables: Readonly<Record<string, string>>,
  path: Path,
): readonly EnvEntry[] {
  const parts = new Map<string, EnvEntry>();
  const entries = Object.keys(variables)
    .sort()
    .flatMap((name): EnvEntry[] => {
      const value = draft.value(variables[name] ?? '', [...path, name]);
      return value ? [entryOf(name, value, parts)] : [];
    });
  for (const { name } of entries) {
    if (parts.has(name))
      draft.add(
        'VariableTaken',
        'error',
        [...path, name],
        'is a name that Lattice needs for a part of a secret',
        'give it another name',
      );
  }
  return [...[...parts.keys()].sort().flatMap((name) => parts.get(name) ?? []), ...entries];
}

function entryOf(name: string, value: Value, parts: Map<string, EnvEntry>): EnvEntry {
  const [only] = value;
  if (value.length === 1 && only?.kind === 'secret') return reference(name, only.secret);
  const composed = value.some((part) => part.kind === 'secret');
  const pieces = value.map((part) => {
    if (part.kind === 'text') return composed || /\$[$(]/.test(part.text) ? forKubelet(part.text) : part.text;
    const hidden = hiddenName(part.secret);
    parts.set(hidden, reference(hidden, part.secret));
    return `$(${hidden})`;
  });
  return { name, value: pieces.join('') };
}

/** The kubelet reads `$(NAME)` and `$$`: what the user wrote must arrive as it was written. */
function forKubelet(text: string): string {
  return text.replaceAll('$', '$$$$');
}

function hiddenName({ name, key }: SecretRef): string {
  const readable = `${name}_${key}`.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
  return `LATTICE_SECRET_${readable}_${hashOf(`${name}/${key}`).toUpperCase()}`;
}

function reference(name: string, { name: secret, key }: SecretRef): EnvEntry {
  return { name, valueFrom: { secretKeyRef: { name: secret, key } } };
}
