/** Where a secret lives: a key of a Secret in the namespace of the service that uses it. Its value is never read. */
export interface SecretRef {
  readonly name: string;
  readonly key: string;
}

/** A text whose secret parts are known by their place alone. */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'secret'; readonly secret: SecretRef };

export type Value = readonly Part[];

export function textValue(text: string): Value {
  return text === '' ? [] : [{ kind: 'text', text }];
}

export function secretValue(secret: SecretRef): Value {
  return [{ kind: 'secret', secret }];
}

/** Values one after the other; neighbouring texts become one. */
export function joined(values: readonly Value[]): Value {
  const parts: Part[] = [];
  for (const part of values.flat()) {
    const last = parts.at(-1);
    if (part.kind === 'text' && last?.kind === 'text') parts[parts.length - 1] = textPart(last.text + part.text);
    else parts.push(part);
  }
  return parts;
}

/** The text of a value without secret parts; undefined when it has any. */
export function plainText(value: Value): string | undefined {
  return value.every((part) => part.kind === 'text') ? value.map((part) => part.text).join('') : undefined;
}

function textPart(text: string): Part {
  return { kind: 'text', text };
}
