import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, isSeq, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { isLattice, jsonSchema, type LatticeService, parseObject, specAliases } from '../api/index.ts';
import { readDocument, splitDocuments } from './io/index.ts';

/**
 * The text of a file with each valid document of Lattice's in canonical form: canonical spelling, fields in the order of
 * the reference, two spaces, comments kept. Other documents stay as they are, to the byte.
 */
export function formatText(text: string): string {
  return splitDocuments(text)
    .map(({ start, end }) => formatDocument(text.slice(start, end)))
    .join('');
}

function formatDocument(text: string): string {
  const reading = readDocument(text);
  if (reading.kind !== 'value' || !isLattice(reading.value)) return text;
  const before = parseObject(reading.value);
  if (!before.ok) return text;
  const { kind } = before.value;
  const document = parseDocument(text.replaceAll('\r\n', '\n'), { schema: 'core', keepSourceTokens: false });
  if (document.errors.length > 0 || !isMap(document.contents)) return text;
  const head = takeHead(document.contents);
  const spec = document.contents.get('spec');
  if (isMap(spec)) {
    renameFields(spec, specAliases(kind));
    if (before.value.kind === 'LatticeService') renameTypes(spec, before.value.spec.resources);
  }
  order(document.contents, jsonSchema(kind));
  keepHead(document.contents, head);
  const marker = /^---/m.test(text);
  const printed = document.toString({
    directives: marker,
    lineWidth: 0,
    indentSeq: true,
    flowCollectionPadding: false,
  });
  const formatted = withPreamble(printed.endsWith('\n') ? printed : `${printed}\n`, text);
  const again = readDocument(formatted);
  const after = again.kind === 'value' && isLattice(again.value) ? parseObject(again.value) : undefined;
  // A formatter that changes what a document means would be worse than none.
  return after?.ok === true && isDeepStrictEqual(after.value, before.value) ? formatted : text;
}

/** What stands above the document's `---` (a licence, blank lines) is nobody's to change. */
function withPreamble(formatted: string, original: string): string {
  const before = PREAMBLE.exec(original.replaceAll('\r\n', '\n'));
  const after = PREAMBLE.exec(formatted);
  return before && after ? before[1] + formatted.slice(after[1]?.length ?? 0) : formatted;
}

const PREAMBLE = /^((?:[ \t]*(?:#[^\n]*)?\n)*)---/;

/** A comment above the first field is about the document: it stays at the top when the fields change places. */
function takeHead(contents: YAMLMap): string {
  const key = contents.items[0]?.key;
  const own = isScalar(key) ? (key.commentBefore ?? '') : '';
  const head = [contents.commentBefore ?? '', own].filter((part) => part !== '').join('\n');
  contents.commentBefore = null;
  if (isScalar(key)) key.commentBefore = null;
  return head;
}

function keepHead(contents: YAMLMap, head: string): void {
  if (head !== '') contents.commentBefore = head;
}

/** Writes the canonical name of every field of `spec` that is in another spelling. */
function renameFields(spec: YAMLMap, aliases: Readonly<Record<string, string>>): void {
  for (const { key } of spec.items) {
    if (!isScalar(key) || typeof key.value !== 'string' || !Object.hasOwn(aliases, key.value)) continue;
    key.value = aliases[key.value];
  }
}

/** Writes the canonical type of every resource; `resources` is how validation understood them. */
function renameTypes(spec: YAMLMap, resources: LatticeService['spec']['resources']): void {
  const written = spec.get('resources');
  for (const { key, value } of isMap(written) ? written.items : []) {
    const type = isMap(value) ? value.get('type', true) : undefined;
    const name = isScalar(key) ? String(key.value) : '';
    if (isScalar(type)) type.value = resources?.[name]?.type ?? type.value;
  }
}

/** The parser hands the comment above the first field to the map: it moves with that field. */
function giveCommentToFirst(map: YAMLMap): void {
  const first = map.items[0]?.key;
  map.spaceBefore = false;
  if (map.flow === true || !isScalar(first) || !map.commentBefore || first.commentBefore) return;
  first.commentBefore = map.commentBefore;
  map.commentBefore = null;
}

/** Puts the fields of a map in the order of its schema; the entries of a map with free keys stay in theirs. */
function order(node: unknown, nullable: unknown): void {
  const schema = present(nullable);
  if (isSeq(node)) {
    for (const item of node.items) order(item, at(schema, 'items'));
    return;
  }
  if (!isMap(node)) return;
  const properties = at(schema, 'properties');
  const ranks = new Map(Object.keys(isObject(properties) ? properties : {}).map((name, index) => [name, index]));
  const rank = (pair: Pair) => ranks.get(isScalar(pair.key) ? String(pair.key.value) : '') ?? ranks.size;
  if (ranks.size > 0) {
    giveCommentToFirst(node);
    node.items.sort((a, b) => rank(a) - rank(b));
    const first = node.items[0]?.key;
    if (isScalar(first)) first.spaceBefore = false;
  }
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : '';
    order(value, at(properties, name) ?? at(schema, 'additionalProperties'));
  }
}

/** What the schema of something that may be null says of the rest. */
function present(schema: unknown): unknown {
  const arms = at(schema, 'anyOf');
  const rest = Array.isArray(arms) ? arms.filter((arm) => at(arm, 'type') !== 'null') : [];
  return rest.length === 1 ? rest[0] : schema;
}

function at(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
