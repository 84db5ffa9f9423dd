import { type Cause, forbiddenField, invalidValue, required } from '../api-error.ts';
import { at, isList, isObject, type Json, type JsonObject, textsAt } from '../json.ts';

/** Whether a schema is structural: every part has a type, and logic only judges, never specifies. */
export function checkStructure(raw: JsonObject, path: string): readonly Cause[] {
  const causes: Cause[] = [];
  if (raw.type !== 'object') causes.push(invalidValue(`${path}.type`, raw.type ?? '', 'must be object at the root'));
  walk(raw, path, causes);
  return causes;
}

function walk(raw: JsonObject, path: string, causes: Cause[]): void {
  checkType(raw, path, causes);
  checkCollections(raw, path, causes);
  if (raw.uniqueItems === true) {
    causes.push(
      forbiddenField(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  }
  for (const keyword of ['allOf', 'anyOf', 'oneOf'] as const) {
    const parts = raw[keyword];
    if (!isList(parts)) continue;
    for (const [index, part] of parts.entries()) checkJunctor(part, `${path}.${keyword}[${index}]`, raw, causes);
  }
  if (isObject(raw.not)) checkJunctor(raw.not, `${path}.not`, raw, causes);
  for (const [name, inner] of Object.entries(isObject(raw.properties) ? raw.properties : {})) {
    if (isObject(inner)) walk(inner, `${path}.properties[${name}]`, causes);
  }
  if (isObject(raw.items)) walk(raw.items, `${path}.items`, causes);
  if (isObject(raw.additionalProperties)) walk(raw.additionalProperties, `${path}.additionalProperties`, causes);
}

function checkType(raw: JsonObject, path: string, causes: Cause[]): void {
  const anything = raw['x-kubernetes-int-or-string'] === true || raw['x-kubernetes-preserve-unknown-fields'] === true;
  if (raw.type === undefined && !anything) {
    causes.push(required(`${path}.type`, 'must not be empty for specified object fields'));
  }
  if (raw.type === 'array' && !isObject(raw.items)) causes.push(required(`${path}.items`, 'must be specified'));
  if (raw.additionalProperties === false) {
    causes.push(forbiddenField(`${path}.additionalProperties`, 'additionalProperties cannot be set to false'));
  }
  if (isObject(raw.properties) && raw.additionalProperties !== undefined) {
    causes.push(
      forbiddenField(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'),
    );
  }
}

function checkCollections(raw: JsonObject, path: string, causes: Cause[]): void {
  const keys = textsAt(raw, 'x-kubernetes-list-map-keys');
  if (raw['x-kubernetes-list-type'] !== 'map') return;
  if (keys.length === 0) {
    causes.push(required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'));
  }
  for (const key of keys) {
    const items: Json | undefined = raw.items;
    if (at(items, 'properties', key) === undefined) {
      causes.push(
        invalidValue(`${path}.x-kubernetes-list-map-keys`, key, 'entries must all be names of item properties'),
      );
    } else if (!textsAt(items, 'required').includes(key) && at(items, 'properties', key, 'default') === undefined) {
      causes.push(
        required(
          `${path}.items.properties[${key}].default`,
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      );
    }
  }
}

const STRUCTURE = ['type', 'default', 'additionalProperties', 'nullable', 'title', 'description'] as const;

/** Inside logic nothing may be specified that the structure around it does not specify. */
function checkJunctor(part: Json, path: string, around: JsonObject, causes: Cause[]): void {
  if (!isObject(part)) return;
  const intOrString = around['x-kubernetes-int-or-string'] === true;
  for (const keyword of STRUCTURE) {
    if (part[keyword] === undefined || (keyword === 'type' && intOrString)) continue;
    causes.push(forbiddenField(`${path}.${keyword}`, 'must be empty to be structural'));
  }
  for (const [name, inner] of Object.entries(isObject(part.properties) ? part.properties : {})) {
    const outer = at(around, 'properties', name);
    if (isObject(outer)) checkJunctor(inner, `${path}.properties[${name}]`, outer, causes);
    else
      causes.push(
        required(
          `${path.replace(/\.\w+\[\d+\]$|\.not$/, '')}.properties[${name}]`,
          `because it is defined in ${path}.properties[${name}]`,
        ),
      );
  }
  const { items } = around;
  if (isObject(part.items) && isObject(items)) checkJunctor(part.items, `${path}.items`, items, causes);
}
