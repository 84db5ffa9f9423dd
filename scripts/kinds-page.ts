import type { JsonSchema } from '../src/api/index.ts';

/** The reference of every kind in Markdown: each field with its type, whether it must be there, and what it means. */
export function kindsPage(kinds: readonly (readonly [name: string, schema: JsonSchema])[]): string {
  const parts = kinds.map(([name, schema]) => {
    const rows = fieldsOf(schema, [], new Map()).map(({ path, type, required, description }) => {
      const text = [required ? 'Required.' : '', description].filter((part) => part !== '').join(' ');
      return `| \`${path}\` | ${type} | ${text.replaceAll('|', '\\|')} |`;
    });
    return `## ${name}\n\n| field | type | meaning |\n|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `# Kinds\n\nGenerated from the schemas. Kinds are of \`lattice.dev/v1alpha1\`, and PeeringConnectivity of \`security.liqo.io/v1\`. \`<name>\` stands for a key of your own.\n\n${parts.join('\n')}`;
}

interface Field {
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
}

/** `known` holds where a part was listed first: the second time it is only referred to. */
function fieldsOf(schema: JsonSchema, path: readonly string[], known: Map<string, string>): Field[] {
  const properties = asSchema(schema['properties']);
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const own = Object.entries(properties ?? {}).flatMap(([name, raw]): Field[] => {
    const field = asSchema(raw) ?? {};
    // Standard fields, and other spellings of a field that is listed anyway.
    if (field['deprecated'] === true || (path.length === 0 && /^(apiVersion|kind|status)$/.test(name))) return [];
    if (path.length === 1 && path[0] === 'metadata' && !/^(name|namespace)$/.test(name)) return [];
    const here = [...path, name];
    const meaning = typeof field['description'] === 'string' ? field['description'] : '';
    const row = { path: here.join('.'), type: typeOf(field), required: required.includes(name) };
    const shape = field['properties'] === undefined ? '{}' : JSON.stringify(field['properties']);
    const first = known.get(shape);
    if (first !== undefined) return [{ ...row, description: [meaning, `As \`${first}\`.`].join(' ').trim() }];
    if (shape !== '{}') known.set(shape, row.path);
    return [{ ...row, description: meaning }, ...fieldsOf(field, here, known)];
  });
  const values = asSchema(schema['additionalProperties']);
  const items = asSchema(schema['items']);
  const arms = Array.isArray(schema['anyOf']) ? schema['anyOf'].map((arm: unknown) => asSchema(arm) ?? {}) : [];
  return [
    ...own,
    ...(values && Object.keys(values).length > 0 ? fieldsOf(values, [...path, '<name>'], known) : []),
    ...(items ? fieldsOf(items, [...path.slice(0, -1), `${path.at(-1) ?? ''}[]`], known) : []),
    ...arms.flatMap((arm) => fieldsOf(arm, path, known)),
  ];
}

function typeOf(schema: JsonSchema): string {
  if (Array.isArray(schema['anyOf'])) {
    const arms = schema['anyOf'].map((arm: unknown) => typeOf(asSchema(arm) ?? {}));
    return [...new Set(arms)].join(' or ');
  }
  if (schema['const'] !== undefined) return `\`${JSON.stringify(schema['const'])}\``;
  if (Array.isArray(schema['enum'])) return schema['enum'].map((word) => `\`${String(word)}\``).join(', ');
  switch (schema['type']) {
    case 'array':
      return `list of ${typeOf(asSchema(schema['items']) ?? {})}`;
    case 'object': {
      const values = asSchema(schema['additionalProperties']);
      const isMap = values && !schema['properties'] && Object.keys(values).length > 0;
      return isMap ? `map of ${grouped(typeOf(values))}` : 'object';
    }
    case 'integer':
    case 'number':
      return 'number';
    case 'string':
    case 'boolean':
    case 'null':
      return schema['type'];
    default:
      return 'anything';
  }
}

function grouped(type: string): string {
  return type.includes(' or ') ? `(${type})` : type;
}

function asSchema(value: unknown): JsonSchema | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
