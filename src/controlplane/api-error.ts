import { compact, type Json, type JsonObject } from './json.ts';

/** One reason why an object is invalid: `details.causes` of a Status, and a part of its message. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** Which resource an error speaks about. */
export interface About {
  readonly group: string;
  readonly plural: string;
}

/** An answer that is not a success. It carries the Status that the client reads. */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: JsonObject | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: number,
    reason: string,
    message: string,
    details?: JsonObject,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
    this.details = details;
    this.headers = headers;
  }

  status(): JsonObject {
    return compact({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason === '' ? undefined : this.reason,
      details: this.details,
      code: this.code,
    });
  }
}

const detailsOf = (about: About, name: string, more: Readonly<Record<string, Json>> = {}): JsonObject =>
  compact({
    name: name === '' ? undefined : name,
    group: about.group === '' ? undefined : about.group,
    kind: about.plural,
    ...more,
  });

/** `deployments.apps`, or `pods` for the core group. */
const qualified = (about: About): string => (about.group === '' ? about.plural : `${about.plural}.${about.group}`);

export const notFound = (about: About, name: string): ApiError =>
  new ApiError(404, 'NotFound', `${qualified(about)} "${name}" not found`, detailsOf(about, name));

export const noSuchPath = (): ApiError =>
  new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});

export const alreadyExists = (about: About, name: string, leaving: boolean): ApiError =>
  new ApiError(
    409,
    'AlreadyExists',
    `${leaving ? 'object is being deleted: ' : ''}${qualified(about)} "${name}" already exists`,
    detailsOf(about, name),
  );

export const conflict = (about: About, name: string, why: string): ApiError =>
  new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(about)} "${name}": ${why}`,
    detailsOf(about, name),
  );

export const STALE = 'the object has been modified; please apply your changes to the latest version and try again';

/** 422 with every cause; `kind` is the object's kind and group, not the resource. */
export function invalid(kind: string, group: string, name: string, causes: readonly Cause[]): ApiError {
  const title = group === '' ? kind : `${kind}.${group}`;
  const unique = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
  const body = unique.length === 1 ? unique[0] : `[${unique.join(', ')}]`;
  return new ApiError(
    422,
    'Invalid',
    `${title} "${name}" is invalid: ${body}`,
    compact({
      name: name === '' ? undefined : name,
      group: group === '' ? undefined : group,
      kind: kind === '' ? undefined : kind,
      causes: causes.map(({ reason, message, field }) => ({ reason, message, field })),
    }),
  );
}

export const badRequest = (message: string): ApiError => new ApiError(400, 'BadRequest', message);

export const nameless = (name: string): ApiError =>
  badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);

export const forbidden = (about: About, name: string, why: string): ApiError =>
  new ApiError(
    403,
    'Forbidden',
    name === '' ? `${qualified(about)} is forbidden: ${why}` : `${qualified(about)} "${name}" is forbidden: ${why}`,
    detailsOf(about, name),
  );

export const unauthorized = (): ApiError => new ApiError(401, 'Unauthorized', 'Unauthorized');

export const expired = (message: string): ApiError => new ApiError(410, 'Expired', message);

export const methodNotAllowed = (): ApiError =>
  new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

export const unsupportedMedia = (types: readonly string[]): ApiError =>
  new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`,
  );

export const notAcceptable = (types: readonly string[]): ApiError =>
  new ApiError(406, 'NotAcceptable', `only the following media types are accepted: ${types.join(', ')}`);

export const tooManyRequests = (seconds: number): ApiError =>
  new ApiError(
    429,
    'TooManyRequests',
    'the server has received too many requests and has asked us to try again later',
    { retryAfterSeconds: seconds },
    { 'retry-after': String(seconds) },
  );

export const internalError = (message: string): ApiError =>
  new ApiError(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ message }],
  });

export const tooNew = (asked: number, current: number): ApiError =>
  new ApiError(
    504,
    'Timeout',
    `Timeout: Too large resource version: ${asked}, current: ${current}`,
    {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
    { 'retry-after': '1' },
  );

/** Causes, in the words of Kubernetes' field errors. */
export const required = (field: string, detail: string): Cause => ({
  reason: 'FieldValueRequired',
  message: detail === '' ? 'Required value' : `Required value: ${detail}`,
  field,
});
export const invalidValue = (field: string, value: Json, detail: string): Cause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${shown(value)}: ${detail}`,
  field,
});
export const unsupported = (field: string, value: Json, values: readonly Json[]): Cause => ({
  reason: 'FieldValueNotSupported',
  message: `Unsupported value: ${shown(value)}: supported values: ${values.map(shown).join(', ')}`,
  field,
});
export const forbiddenField = (field: string, detail: string): Cause => ({
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${detail}`,
  field,
});
export const duplicate = (field: string, value: Json): Cause => ({
  reason: 'FieldValueDuplicate',
  message: `Duplicate value: ${shown(value)}`,
  field,
});

export const shown = (value: Json): string => JSON.stringify(value) ?? 'null';
