// The rules for names, in the server's words. Each takes the field that its causes name.
import { type Cause, invalidValue } from './api-error.ts';

export type NameRule = (name: string, field: string) => readonly Cause[];

/** What most names are. */
export const subdomain: NameRule = (name, field) => {
  if (name.length > 253) return [invalidValue(field, name, 'must be no more than 253 characters')];
  return /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)
    ? []
    : [invalidValue(field, name, SUBDOMAIN_RULE)];
};

const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/** One label of a subdomain: namespaces and services. */
export const label: NameRule = (name, field) => {
  if (name.length > 63) return [invalidValue(field, name, 'must be no more than 63 characters')];
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)) return [];
  const dotted = subdomain(name, field).length === 0;
  return [invalidValue(field, name, dotted ? 'must not contain dots' : LABEL_RULE)];
};

const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

/** Whatever a path may hold between two slashes: RBAC, and every object that is updated. */
export const pathSegment: NameRule = (name, field) => {
  if (name === '.' || name === '..') return [invalidValue(field, name, `may not be '${name}'`)];
  return ['/', '%']
    .filter((letter) => name.includes(letter))
    .map((letter) => invalidValue(field, name, `may not contain '${letter}'`));
};
