import { badRequest } from '../api-error.ts';
import type { JsonObject } from '../json.ts';
import type { Resource } from '../kinds/resource.ts';
import { nameOf, namespaceOf } from '../meta.ts';

/** A field selector as a test. @throws ApiError 400 for fields that the resource cannot be selected by. */
export function fieldFilter(text: string, resource: Resource): (object: JsonObject) => boolean {
  const terms = text
    .split(',')
    .filter((term) => term.trim() !== '')
    .map((term) => parseTerm(term.trim(), text));
  const tests = terms.map(({ field, equals, value }) => {
    const read = readerOf(field, resource);
    return (object: JsonObject) => (read(object) === value) === equals;
  });
  return (object) => tests.every((test) => test(object));
}

interface Term {
  readonly field: string;
  readonly equals: boolean;
  readonly value: string;
}

function parseTerm(term: string, whole: string): Term {
  const match = /^(?<field>[^=!]+?)\s*(?<operator>==|=|!=)\s*(?<value>.*)$/.exec(term)?.groups;
  if (match?.field === undefined) throw badRequest(`invalid selector: '${whole}'; can't understand '${term}'`);
  return {
    field: match.field,
    equals: match.operator !== '!=',
    value: (match.value ?? '').replaceAll(/\\([,=\\])/g, '$1'),
  };
}

function readerOf(field: string, resource: Resource): (object: JsonObject) => string {
  if (field === 'metadata.name') return nameOf;
  if (field === 'metadata.namespace') return namespaceOf;
  const known = resource.fields[field];
  if (known) return known;
  if (resource.typeName === undefined) throw badRequest(`field label not supported: ${field}`);
  throw badRequest(`"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`);
}
