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

/** A label as a Go identifier could be one. */
export const dns1035Label: NameRule = (name, field) =>
  /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name) ? [] : [invalidValue(field, name, DNS_1035_RULE)];

const DNS_1035_RULE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

/** Keys of labels and annotations: a name, and a subdomain before it. */
export const qualifiedName: NameRule = (key, field) => {
  const parts = key.split('/');
  const refuse = (why: string): Cause => invalidValue(field, key, why);
  if (parts.length > 2)
    return [
      refuse(
        `a qualified name ${QUALIFIED_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
      ),
    ];
  const [prefix, name = ''] = parts.length === 2 ? parts : [undefined, parts[0]];
  const causes: Cause[] = [];
  if (prefix === '') causes.push(refuse('prefix part must be non-empty'));
  else if (prefix !== undefined && subdomain(prefix, field).length > 0)
    causes.push(refuse(`prefix part ${SUBDOMAIN_RULE}`));
  if (name === '') causes.push(refuse('name part must be non-empty'));
  else if (name.length > 63) causes.push(refuse('name part must be no more than 63 characters'));
  if (!/^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(name)) causes.push(refuse(`name part ${QUALIFIED_RULE}`));
  return causes;
};

const QUALIFIED_RULE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
