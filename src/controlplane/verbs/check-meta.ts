import { type Cause, forbiddenField, invalidValue, required } from '../api-error.ts';
import { equal, type Json, type JsonObject, listAt, objectAt, plain, textAt } from '../json.ts';
import { checkFinalizer } from '../finalizer.ts';
import { finalizersOf, isTerminating, nameOf } from '../meta.ts';
import type { Resource } from '../kinds/resource.ts';
import { label, type NameRule, pathSegment, qualifiedName, subdomain } from '../names.ts';

/** Metadata rules that hold for every kind. */
export function checkMeta(next: JsonObject, previous: JsonObject | undefined, resource: Resource): readonly Cause[] {
  return [
    ...checkNames(next, previous, resource),
    ...checkGeneration(next),
    ...checkLabels(objectAt(next, 'metadata', 'labels')),
    ...Object.keys(objectAt(next, 'metadata', 'annotations')).flatMap((key) =>
      qualifiedName(key, 'metadata.annotations'),
    ),
    ...(resource.typeName === undefined
      ? []
      : finalizersOf(next).flatMap((name, index) => checkFinalizer(name, `metadata.finalizers[${index}]`))),
    ...listAt(next, 'metadata', 'ownerReferences').flatMap(checkOwner),
    ...(previous ? checkNewFinalizers(next, previous) : []),
  ];
}

/** A generated name is judged as what comes before the part that the server adds. */
function checkNames(next: JsonObject, previous: JsonObject | undefined, resource: Resource): readonly Cause[] {
  const name = nameOf(next);
  const prefix = textAt(next, 'metadata', 'generateName');
  const rule = ruleOf(resource);
  const causes = prefix === '' ? [] : rule(prefix.replace(/-$/, 'a'), 'metadata.generateName');
  const shown = causes.map((cause) => ({ ...cause, message: cause.message.replace(/a"/, '-"') }));
  const told = resource.typeName === undefined && previous ? [] : prefix.endsWith('-') ? shown : causes;
  if (previous) return [...told, ...(rule === pathSegment ? [] : pathSegment(prefix, 'metadata.generateName'))];
  if (name === '') return [...told, required('metadata.name', 'name or generateName is required')];
  return [...told, ...rule(name, 'metadata.name')];
}

/** RBAC names are path segments, most other names are subdomains. */
function ruleOf({ group, kind }: Resource): NameRule {
  if (group === 'rbac.authorization.k8s.io') return pathSegment;
  return group === '' && (kind === 'Namespace' || kind === 'Service') ? label : subdomain;
}

/** What a write may name and not change. `given` is what the client sent. */
export function checkUnchanged(given: JsonObject, current: JsonObject): readonly Cause[] {
  const [wanted, before] = [objectAt(given, 'metadata'), objectAt(current, 'metadata')];
  return ['uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'].flatMap((field) => {
    const value = wanted[field] ?? '';
    const changed =
      value !== '' && !equal(value, before[field]) && (field !== 'deletionTimestamp' || !isTerminating(current));
    return changed ? [invalidValue(`metadata.${field}`, value, 'field is immutable')] : [];
  });
}

const PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

function checkLabels(labels: JsonObject): readonly Cause[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const text = plain(value);
    const causes = [...qualifiedName(key, 'metadata.labels')];
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

function checkGeneration(next: JsonObject): readonly Cause[] {
  const { generation } = objectAt(next, 'metadata');
  if (typeof generation !== 'number' || generation >= 0) return [];
  return [invalidValue('metadata.generation', generation, 'must be greater than or equal to 0')];
}

/** The server names the list, not the item. */
function checkOwner(owner: Json): readonly Cause[] {
  const version = textAt(owner, 'apiVersion').split('/').at(-1) ?? '';
  const path = 'metadata.ownerReferences';
  return [
    ...(version === ''
      ? [invalidValue(`${path}.apiVersion`, textAt(owner, 'apiVersion'), 'version must not be empty')]
      : []),
    ...['kind', 'name', 'uid'].flatMap((field) =>
      textAt(owner, field) === '' ? [invalidValue(`${path}.${field}`, '', 'must not be empty')] : [],
    ),
  ];
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
