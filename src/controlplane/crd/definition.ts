import { type Cause, invalidValue, required, unsupported } from '../api-error.ts';
import { compileRules } from '../cel/rules.ts';
import { at, isObject, type Json, type JsonObject, listAt, objectAt, textAt, withAt } from '../json.ts';
import { nameOf } from '../meta.ts';
import { parseSchema } from '../schema/parse-schema.ts';
import { checkStructure } from './structural.ts';

export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

/** Fills in the names and the conversion strategy. What the server says about it (status) is written later. */
export function prepareDefinition(next: JsonObject): JsonObject {
  const spec = objectAt(next, 'spec');
  const names = objectAt(spec, 'names');
  const kind = textAt(names, 'kind');
  const filled = {
    ...spec,
    conversion: isObject(spec.conversion) ? spec.conversion : { strategy: 'None' },
    names: {
      ...names,
      listKind: textAt(names, 'listKind') || `${kind}List`,
      singular: textAt(names, 'singular') || kind.toLowerCase(),
    },
  };
  return { ...next, spec: filled };
}

/** What a new definition says until its names are accepted. */
export function settleDefinition(definition: JsonObject): JsonObject {
  return {
    ...definition,
    status: { acceptedNames: { kind: '', plural: '' }, conditions: null, storedVersions: [storedVersion(definition)] },
  };
}

const storedVersion = (definition: JsonObject): string =>
  textAt(
    listAt(definition, 'spec', 'versions').find((version) => at(version, 'storage') === true),
    'name',
  );

/** A definition that is deleted waits until its objects are. */
export function retireDefinition(definition: JsonObject, time: string): JsonObject {
  const condition = {
    lastTransitionTime: time,
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    reason: 'InstanceDeletionPending',
    status: 'True',
    type: 'Terminating',
  };
  const finalizers = listAt(definition, 'metadata', 'finalizers');
  const held = finalizers.includes(CLEANUP_FINALIZER) ? finalizers : [...finalizers, CLEANUP_FINALIZER];
  const conditions = [...listAt(definition, 'status', 'conditions'), condition];
  return withAt(withAt(definition, ['metadata', 'finalizers'], held), ['status', 'conditions'], conditions);
}

/** What makes a definition unusable: names, versions, schemas that are not structural, rules that do not compile. */
export function checkDefinition(
  next: JsonObject,
  previous: JsonObject | undefined,
  subresource: string,
): readonly Cause[] {
  if (subresource === 'status') return [];
  const spec = objectAt(next, 'spec');
  return [
    ...checkNames(next, spec),
    ...checkVersions(spec),
    ...listAt(spec, 'versions').flatMap((version, index) =>
      checkVersion(version, `spec.versions[${index}]`, listAt(spec, 'versions').length === 1, previous),
    ),
    ...checkUnchanged(spec, previous),
  ];
}

function checkNames(next: JsonObject, spec: JsonObject): readonly Cause[] {
  const causes: Cause[] = [];
  const group = textAt(spec, 'group');
  const plural = textAt(spec, 'names', 'plural');
  if (nameOf(next) !== `${plural}.${group}`) {
    causes.push(invalidValue('metadata.name', nameOf(next), 'must be spec.names.plural+"."+spec.group'));
  }
  if (group === '') causes.push(required('spec.group', ''));
  else if (!group.includes('.'))
    causes.push(invalidValue('spec.group', group, 'should be a domain with at least one dot'));
  if (plural === '') causes.push(required('spec.names.plural', ''));
  if (textAt(spec, 'names', 'kind') === '') causes.push(required('spec.names.kind', ''));
  const scope = textAt(spec, 'scope');
  if (scope === '') causes.push(required('spec.scope', ''));
  else if (!['Cluster', 'Namespaced'].includes(scope))
    causes.push(unsupported('spec.scope', scope, ['Cluster', 'Namespaced']));
  const strategy = textAt(spec, 'conversion', 'strategy');
  if (strategy !== 'None') {
    // A conversion webhook is not called here: refusing is better than serving unconverted objects.
    causes.push(unsupported('spec.conversion.strategy', strategy, ['None']));
  }
  return causes;
}

function checkVersions(spec: JsonObject): readonly Cause[] {
  const versions = listAt(spec, 'versions');
  const stored = versions.filter((version) => at(version, 'storage') === true);
  if (stored.length === 1) return [];
  return [
    invalidValue('spec.versions', versions, 'must have exactly one version marked as storage version'),
    ...(stored.length === 0
      ? [invalidValue('status.storedVersions', null, 'must have at least one stored version')]
      : []),
  ];
}

function checkVersion(
  version: Json,
  path: string,
  single: boolean,
  previous: JsonObject | undefined,
): readonly Cause[] {
  const raw = at(version, 'schema', 'openAPIV3Schema');
  // A schema that all versions share is judged as the definition's own.
  const where = single ? 'spec.validation.openAPIV3Schema' : `${path}.schema.openAPIV3Schema`;
  if (!isObject(raw)) return [required(`${path}.schema.openAPIV3Schema`, '')];
  const before = listAt(previous, 'spec', 'versions').find(
    (other) => textAt(other, 'name') === textAt(version, 'name'),
  );
  if (before && JSON.stringify(at(before, 'schema')) === JSON.stringify(at(version, 'schema'))) return [];
  const faults = compileRules(parseSchema(raw), where).faults;
  return [
    ...checkStructure(raw, where),
    ...faults.map((fault) => invalidValue(fault.path, fault.rule, `compilation failed: ${fault.message}`)),
  ];
}

function checkUnchanged(spec: JsonObject, previous: JsonObject | undefined): readonly Cause[] {
  if (!previous) return [];
  return [['group'], ['scope'], ['names', 'kind'], ['names', 'plural']].flatMap((path) => {
    const now = textAt(spec, ...path);
    const before = textAt(previous, 'spec', ...path);
    return now === before ? [] : [invalidValue(`spec.${path.join('.')}`, now, 'field is immutable')];
  });
}
