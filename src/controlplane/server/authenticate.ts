import { timingSafeEqual } from 'node:crypto';
import { forbidden, unauthorized } from '../api-error.ts';

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** Who holds the server's token: may do everything. */
const ADMIN: User = { name: 'lattice-admin', groups: ['system:masters', 'system:authenticated'] };

/** The controllers inside the server. */
export const CONTROLLER: User = {
  name: 'system:lattice-controlplane',
  groups: ['system:masters', 'system:authenticated'],
};

type Headers = Readonly<Record<string, string | undefined>>;

/** @throws ApiError 401 without the token. */
export function authenticate(headers: Headers, token: string): User {
  const given = /^Bearer (?<token>.+)$/i.exec(headers.authorization ?? '')?.groups?.token ?? '';
  if (!sameText(given, token)) throw unauthorized();
  return impersonated(headers) ?? ADMIN;
}

function sameText(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** `kubectl --as`: the administrator acts with the rights of somebody else. */
function impersonated(headers: Headers): User | undefined {
  const name = headers['impersonate-user'];
  const groups = (headers['impersonate-group'] ?? '').split(',').map((group) => group.trim());
  const named = groups.filter((group) => group !== '');
  if (name === undefined || name === '') {
    if (named.length > 0)
      throw forbidden({ group: '', plural: 'users' }, '', 'requested groups without a user to impersonate');
    return undefined;
  }
  const account = /^system:serviceaccount:(?<namespace>[^:]+):[^:]+$/.exec(name)?.groups?.namespace;
  const implied = account === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${account}`];
  return { name, groups: [...new Set([...named, ...implied, 'system:authenticated'])] };
}
