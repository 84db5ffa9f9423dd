import { type Cause, forbiddenField, invalidValue, required } from '../api-error.ts';
import { checkObjectName } from '../crd/custom-resources.ts';
import { type Json, type JsonObject, listAt, objectAt, plain, textAt } from '../json.ts';
import { finalizersOf, isTerminating, nameOf } from '../meta.ts';
import type { Resource } from '../kinds/resource.ts';

/** Metadata rules that hold for every kind. */
export function checkMeta(next: JsonObject, previous: JsonObject | undefined, resource: Resource): readonly Cause[] {
  return [
    ...(previous ? [] : checkName(next, resource)),
    ...checkLabels(objectAt(next, 'metadata', 'labels')),
    ...Object.keys(objectAt(next, 'metadata', 'annotations')).flatMap((key) => checkKey(key, 'metadata.annotations')),
    ...finalizersOf(next).flatMap(checkFinalizer),
    ...listAt(next, 'metadata', 'ownerReferences').flatMap(checkOwner),
    ...(previous ? checkNewFinalizers(next, previous) : []),
  ];
}

/** RBAC names are path segments, webhook and most other names are subdomains. */
function checkName(next: JsonObject, resource: Resource): readonly Cause[] {
  const name = nameOf(next);
  if (name === '') return [required('metadata.name', 'name or generateName is required')];
  if (resource.group === 'rbac.authorization.k8s.io') {
    return /[/%]/.test(name) || name === '.' || name === '..'
      ? [invalidValue('metadata.name', name, "may not contain '/'")]
      : [];
  }
  if (resource.kind === 'Namespace' || resource.kind === 'Service') return checkLabelName(name);
  return checkObjectName(name);
}

const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

function checkLabelName(name: string): readonly Cause[] {
  if (name.length > 63) return [invalidValue('metadata.name', name, 'must be no more than 63 characters')];
  if (name.includes('.')) return [invalidValue('metadata.name', name, 'must not contain dots')];
  return /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name) ? [] : [invalidValue('metadata.name', name, LABEL_RULE)];
}

const PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

function checkKey(key: string, field: string): readonly Cause[] {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  const valid =
    parts.length <= 2 && PART.test(name) && name.length <= 63 && (parts.length === 1 || PREFIX.test(parts[0] ?? ''));
  if (valid) return [];
  return [
    invalidValue(
      field,
      key,
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ),
  ];
}

function checkLabels(labels: JsonObject): readonly Cause[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const text = plain(value);
    const causes = [...checkKey(key, 'metadata.labels')];
    if (text.length > 63) causes.push(invalidValue('metadata.labels', text, 'must be no more than 63 bytes'));
    if (text !== '' && !PART.test(text)) {
      causes.push(
        invalidValue(
          'metadata.labels',
          text,
          "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        ),
      );
    }
    return causes;
  });
}

function checkFinalizer(finalizer: string, index: number): readonly Cause[] {
  const standard = ['orphan', 'foregroundDeletion', 'kubernetes'].includes(finalizer);
  if (standard || finalizer.includes('/') || finalizer.includes('.')) return [];
  return [
    invalidValue(
      `metadata.finalizers[${index}]`,
      finalizer,
      'name is neither a standard finalizer name nor is it fully qualified',
    ),
  ];
}

function checkOwner(owner: Json, index: number): readonly Cause[] {
  const path = `metadata.ownerReferences[${index}]`;
  return ['apiVersion', 'kind', 'name', 'uid'].flatMap((field) =>
    textAt(owner, field) === '' ? [invalidValue(`${path}.${field}`, '', `${field} must not be empty`)] : [],
  );
}

function checkNewFinalizers(next: JsonObject, previous: JsonObject): readonly Cause[] {
  if (!isTerminating(previous)) return [];
  const before = new Set(finalizersOf(previous));
  const added = finalizersOf(next).filter((finalizer) => !before.has(finalizer));
  if (added.length === 0) return [];
  const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ');
  return [
    forbiddenField(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
    ),
  ];
}
