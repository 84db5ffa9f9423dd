import { ApiError } from '../api-error.ts';
import { type Draft, equal, isList, isObject, type Json, textAt } from '../json.ts';

/** RFC 6902, as the server's library reads it: an absent member is null. @throws ApiError 422 for a patch that does not fit the object. */
export function jsonPatch(target: Json, patch: readonly Json[]): Json {
  return patch.reduce<Json>(applyOperation, target);
}

function applyOperation(document: Json, operation: Json): Json {
  const path = pointer(textAt(operation, 'path'));
  const value = isObject(operation) ? operation.value : undefined;
  switch (textAt(operation, 'op')) {
    case 'add':
      return edit(document, path, (parent, key) => insert(parent, key, value ?? null));
    case 'remove':
      return edit(document, path, remove);
    case 'replace':
      // Of the whole document only this and `test` are done by the server's library.
      if (path.length === 0) return isObject(value ?? null) ? (value ?? null) : document;
      return edit(document, path, (parent, key) => put(parent, key, value ?? null));
    case 'move': {
      const from = pointer(textAt(operation, 'from'));
      const moved = readBelow(document, from);
      return edit(edit(document, from, remove), path, (parent, key) => insert(parent, key, moved));
    }
    case 'copy': {
      const copied = readMember(document, pointer(textAt(operation, 'from')));
      return edit(document, path, (parent, key) => insert(parent, key, copied));
    }
    case 'test':
      refuseBeyond(document, path);
      if (equal(find(document, path) ?? null, value ?? null)) return document;
      throw misfit(`testing value ${textAt(operation, 'path')} failed`);
    default:
      throw misfit(`unexpected kind: ${textAt(operation, 'op')}`);
  }
}

/** The server does not tell clients why. */
const misfit = (why: string): ApiError =>
  new ApiError(
    422,
    'Invalid',
    'the server rejected our request due to an error in our request',
    {},
    { 'x-lattice-reason': why },
  );

function pointer(text: string): readonly string[] {
  if (text === '') return [];
  if (!text.startsWith('/')) throw misfit(`invalid JSON pointer ${JSON.stringify(text)}`);
  return text
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function find(document: Json, path: readonly string[]): Json | undefined {
  let here: Json | undefined = document;
  for (const step of path) {
    if (isList(here)) here = here[Number(step)];
    else if (isObject(here) && Object.hasOwn(here, step)) here = here[step];
    else return undefined;
  }
  return here;
}

function read(document: Json, path: readonly string[]): Json {
  const found = find(document, path);
  if (found === undefined) throw misfit(`missing value at /${path.join('/')}`);
  return found;
}

/** A member that is absent is null, an item that is absent is a mistake. */
function refuseBeyond(document: Json, path: readonly string[]): void {
  if (path.length === 0) return;
  const parent = find(document, path.slice(0, -1));
  if (parent === undefined) throw misfit(`missing value at /${path.join('/')}`);
  if (isList(parent)) indexIn(parent, path.at(-1) ?? '');
}

function readMember(document: Json, path: readonly string[]): Json {
  refuseBeyond(document, path);
  return path.length === 0 ? readBelow(document, path) : (find(document, path) ?? null);
}

function readBelow(document: Json, path: readonly string[]): Json {
  if (path.length === 0) throw misfit('the whole document cannot be taken');
  return read(document, path);
}

type Edit = (parent: Json, key: string) => Json;

function edit(document: Json, path: readonly string[], change: Edit): Json {
  const [step, ...rest] = path;
  if (step === undefined) throw misfit('the whole document cannot be changed');
  if (rest.length === 0) return change(document, step);
  const inner = read(document, [step]);
  return put(document, step, edit(inner, rest, change));
}

function put(parent: Json, key: string, value: Json): Json {
  if (isList(parent)) return parent.with(indexIn(parent, key), value);
  if (isObject(parent)) return { ...parent, [key]: value };
  throw misfit(`cannot set ${JSON.stringify(key)} on a scalar`);
}

function insert(parent: Json, key: string, value: Json): Json {
  if (!isList(parent)) return put(parent, key, value);
  const index = key === '-' ? parent.length : indexIn(parent, key, parent.length);
  return parent.toSpliced(index, 0, value);
}

function remove(parent: Json, key: string): Json {
  if (isList(parent)) return parent.toSpliced(indexIn(parent, key), 1);
  if (!isObject(parent) || !Object.hasOwn(parent, key) || key === '')
    throw misfit(`unable to remove nonexistent key: ${key}`);
  const kept: Draft = { ...parent };
  delete kept[key];
  return kept;
}

function indexIn(list: readonly Json[], key: string, last: number = list.length - 1): number {
  const index = Number(key);
  if (!/^\d+$/.test(key) || index > last) throw misfit(`unable to access invalid index: ${key}`);
  return index;
}
