import { type ApiError, badRequest, internalError, invalid, invalidValue, unsupportedMedia } from '../api-error.ts';
import { at, compact, isList, isObject, type Json, type JsonObject, objectAt, textAt, withAt } from '../json.ts';
import type { Resource, ScalePaths } from '../kinds/resource.ts';
import { nameOf } from '../meta.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import type { Plane } from '../plane.ts';
import { formatSelector } from '../select/label-selector.ts';
import { jsonType } from './check-types.ts';
import { parseBody } from './decode.ts';
import type { WriteOptions } from './options.ts';
import { type Place, update } from './write.ts';

/** The autoscaling/v1 view of an object that can be scaled. @throws ApiError 500 for a custom object that says no replicas. */
export function scaleOf(object: JsonObject, paths: ScalePaths, custom: boolean): JsonObject {
  if (custom && at(object, ...paths.spec) === undefined)
    throw internalError(`the spec replicas field ".${paths.spec.join('.')}" does not exist`);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = objectAt(object, 'metadata');
  const selector = paths.selector && at(object, ...paths.selector);
  const text = isObject(selector) ? formatSelector(selector) : typeof selector === 'string' ? selector : undefined;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: compact({ name, namespace, uid, resourceVersion, creationTimestamp }),
    spec: compact({ replicas: at(object, ...paths.spec) || undefined }), // the type leaves zero out
    status: compact({ replicas: at(object, ...paths.status) ?? 0, selector: text === '<none>' ? undefined : text }),
  };
}

/** PUT or PATCH of the scale subresource. @returns the new Scale. */
export async function writeScale(
  plane: Plane,
  place: Place,
  paths: ScalePaths,
  change: (scale: JsonObject) => Json,
  options: WriteOptions,
): Promise<JsonObject> {
  const custom = place.resource.typeName === undefined;
  const stored = await update(plane, place, options, (current) => {
    const wanted = change(scaleOf(current, paths, custom));
    const replicas = at(wanted, 'spec', 'replicas') ?? 0;
    checkReplicas(replicas, place.resource, current);
    const scaled = withAt(current, paths.spec, replicas);
    const version = textAt(wanted, 'metadata', 'resourceVersion');
    return { object: version === '' ? scaled : withAt(scaled, ['metadata', 'resourceVersion'], version) };
  });
  return scaleOf(stored, paths, custom);
}

function checkReplicas(replicas: Json, resource: Resource, current: JsonObject): void {
  if (typeof replicas !== 'number')
    throw badRequest('Scale in version "v1" cannot be handled as a Scale: spec.replicas is no number');
  if (replicas >= 0 || resource.typeName === undefined) return; // a custom object judges itself
  throw invalid('Scale', 'autoscaling', nameOf(current), [
    invalidValue('spec.replicas', replicas, 'should be a non-negative integer'),
  ]);
}

export const replaceScale = (value: Json) => (): Json => value;

const CUSTOM_PATCHES = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'];

/** How a PATCH changes a Scale, by its content type. */
export function scaleChange(contentType: string, body: string, custom: boolean): (scale: JsonObject) => Json {
  if (contentType === 'application/strategic-merge-patch+json' && custom) throw unsupportedMedia(CUSTOM_PATCHES);
  const refuse = (why: string): ApiError => badRequest(`error decoding patch: ${why}`);
  const value = parseBody(body, contentType.endsWith('yaml'), refuse);
  if (contentType === 'application/json-patch+json') {
    if (!isList(value))
      throw refuse(`json: cannot unmarshal ${jsonType(value)} into Go value of type []handlers.jsonPatchOp`);
    return (scale) => jsonPatch(scale, value);
  }
  return (scale) => mergePatch(scale, value);
}
