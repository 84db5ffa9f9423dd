import type { Cause } from '../api-error.ts';
import type { JsonObject } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import type { Column } from '../table/column.ts';

/** One served resource: a kind in one version, and all that the verbs need to know about it. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** Subresources that are served beside the object itself. */
  readonly status: boolean;
  readonly finalize: boolean;
  readonly scale: ScalePaths | undefined;
  /** Where objects are stored; versions of one kind share it. */
  readonly collection: string;
  readonly schema: Schema;
  /** The type in builtin-types.ts; undefined for custom resources. */
  readonly typeName: string | undefined;
  /** A body as the server's types hold it: members that they omit when empty are gone. */
  readonly tidy: (object: JsonObject) => JsonObject;
  readonly columns: readonly Column[];
  /** Field selectors beside metadata.name and metadata.namespace. */
  readonly fields: Readonly<Record<string, (object: JsonObject) => string>>;
  readonly generation: boolean;
  /** PUT without a resourceVersion overwrites. */
  readonly unconditionalUpdate: boolean;
  /** PUT of an object that does not exist creates it. */
  readonly createOnUpdate: boolean;
  /** DELETE answers with the object instead of a Status. */
  readonly returnsDeleted: boolean;
  readonly rules: Rules;
  /** Between what is stored and what this version serves; undefined where they are the same. */
  readonly conversion: Conversion | undefined;
  /** `group/version` of the stored form, for the hash that discovery shows. */
  readonly storedAs: string;
  readonly deprecation: string | undefined;
}

export interface Rules {
  /** Fills in and normalises; runs before validation. */
  readonly prepare: (next: JsonObject, previous: JsonObject | undefined) => JsonObject;
  /** What the server itself adds to a new object; nobody owns it. */
  readonly settle?: (object: JsonObject) => JsonObject;
  /** Members that the server's type always writes, empty or not; nobody owns them. */
  readonly fill?: (object: JsonObject) => JsonObject;
  /** What a DELETE writes into an object that has to wait, for kinds that do it in a way of their own. */
  readonly retire?: (object: JsonObject, time: string) => JsonObject;
  /** `found`: what is wrong with the metadata already. */
  readonly check: (
    next: JsonObject,
    previous: JsonObject | undefined,
    subresource: string,
    found: readonly Cause[],
  ) => readonly Cause[];
}

export interface Conversion {
  readonly toStored: (object: JsonObject) => JsonObject;
  readonly fromStored: (object: JsonObject) => JsonObject;
}

/** JSON paths of the scale subresource, without the leading dot. */
export interface ScalePaths {
  readonly spec: readonly string[];
  readonly status: readonly string[];
  readonly selector: readonly string[] | undefined;
}

export const apiVersionOf = (resource: Pick<Resource, 'group' | 'version'>): string =>
  resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;

export const fromStored = (resource: Resource, object: JsonObject): JsonObject =>
  resource.conversion ? resource.conversion.fromStored(object) : object;

export const toStored = (resource: Resource, object: JsonObject): JsonObject =>
  resource.conversion ? resource.conversion.toStored(object) : object;

export const keyOf = (resource: Pick<Resource, 'namespaced'>, namespace: string, name: string): string =>
  resource.namespaced ? `${namespace}/${name}` : name;

export const NO_RULES: Rules = { prepare: (next) => next, check: () => [] };
