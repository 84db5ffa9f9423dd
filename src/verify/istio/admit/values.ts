// Checks of single values that istiod's webhook makes. Each returns what is wrong, in words.
import { parseBlock } from '../address.ts';

type Problems = readonly string[];

export function checkNotEmpty(field: string, values: readonly string[] = []): Problems {
  return values.includes('') ? [`empty value not allowed, found in ${field}`] : [];
}

export function checkAddresses(values: readonly string[] = []): Problems {
  return values.flatMap((value) => (parseBlock(value) ? [] : [`bad IP address or CIDR range (${value})`]));
}

export function checkPorts(values: readonly string[] = []): Problems {
  return values.flatMap((value) => (parsePort(value) === undefined ? [`bad port (${value})`] : []));
}

/** A decimal port number, 0 to 65535; leading zeros are fine, signs and spaces are not. */
export function parsePort(value: string): number | undefined {
  return /^\d+$/.test(value) && Number(value) <= 65_535 ? Number(value) : undefined;
}

/** `name` or `namespace/name`, no wildcard, at most 16 (I5). */
export function checkServiceAccounts(field: string, values: readonly string[] = []): Problems {
  if (values.length > 16) return [`${field} may not have more than 16 values`];
  for (const value of values) {
    if (value === '') return checkNotEmpty(field, values);
    if (value.includes('*')) return [`wildcard not allowed, found in ${field}`];
    const parts = value.split('/');
    if (parts.length > 2 || parts.includes('')) {
      return [`expected serviceAccount or namespace/serviceAccount, found ${JSON.stringify(value)} in ${field}`];
    }
    if (new TextEncoder().encode(value).length > 320) return [`value too long in ${field}`];
  }
  return [];
}

/** Non-empty, one `*` at most, at the start or the end. */
function checkWildcards(field: string, values: readonly string[] = []): Problems {
  if (values.includes('')) return checkNotEmpty(field, values);
  for (const value of values) {
    const stars = value.split('*').length - 1;
    if (stars > 1) return [`at most one wildcard is allowed, found in ${field}: ${JSON.stringify(value)}`];
    if (stars === 1 && !value.startsWith('*') && !value.endsWith('*')) {
      return [`wildcard is only allowed at the start or end, found in ${field}: ${JSON.stringify(value)}`];
    }
  }
  return [];
}

export function checkTrustDomains(field: string, values: readonly string[] = []): Problems {
  const problems = checkWildcards(field, values);
  if (problems.length > 0) return problems;
  const slashed = values.find((value) => value.includes('/'));
  return slashed === undefined ? [] : [`trust domain must not contain '/', found in ${field}`];
}

/** Path templates: `{*}` and `{**}` are whole segments, `{**}` the last operator, no other braces (I18). */
export function checkPathTemplates(field: string, paths: readonly string[] = []): Problems {
  for (const path of paths) {
    const isTemplate = hasTemplate(path);
    let seenAny = false;
    for (const segment of path.replace(/^\/+|\/+$/g, '').split('/')) {
      if (segment === '{*}' || segment === '{**}') {
        if (seenAny) return [`{**} is not the last operator in ${path}, found in ${field}`];
        seenAny = segment === '{**}';
      } else if (/[{}]/.test(segment) || (isTemplate && !/^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/.test(segment))) {
        return [`invalid or unsupported path ${path}, found in ${field}`];
      }
    }
  }
  return [];
}

export function hasTemplate(path: string): boolean {
  return path.includes('{*}') || path.includes('{**}');
}

/** Checks a `when` key and its values together. */
export function checkAttribute(key: string, values: readonly string[] = []): Problems {
  const empty = checkNotEmpty(key, values);
  if (empty.length > 0) return empty;
  if (BRACKETED.some((prefix) => key.startsWith(prefix))) {
    return /^[^[]+\[.+\]$/s.test(key) ? [] : [`bad key (${key}): should have format a[b]`];
  }
  switch (key) {
    case 'source.ip':
    case 'remote.ip':
    case 'destination.ip':
      return checkAddresses(values);
    case 'source.serviceAccount':
      return checkServiceAccounts(key, values);
    case 'source.trustDomain':
      return checkWildcards(key, values);
    case 'destination.port':
      return checkPorts(values);
    case 'source.namespace':
    case 'source.principal':
    case 'request.auth.principal':
    case 'request.auth.audiences':
    case 'request.auth.presenter':
    case 'connection.sni':
      return [];
    default:
      return [`unknown attribute: ${key}`];
  }
}

const BRACKETED = ['request.headers', 'request.auth.claims', 'experimental.envoy.filters.'];
