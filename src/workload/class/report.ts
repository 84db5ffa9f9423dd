import type { Finding, LatticeResourceClass } from '../../api/index.ts';
import type { Claim } from './instance.ts';

export type { Claim } from './instance.ts';

/** An error in a class: nothing of it is provided until it is mended. */
export function aboutClass(
  declared: LatticeResourceClass,
  code: 'ResourceClassInvalid' | 'ResourceClassTwice',
  message: string,
  path: readonly (string | number)[],
): Finding {
  const object = { kind: 'LatticeResourceClass', namespace: '', name: declared.metadata.name };
  return { code, severity: 'error', message, object, path };
}

/** An error in how a service asks for a resource. */
export function aboutClaim(
  claim: Claim,
  code: 'ResourceNameTaken' | 'ResourceConflict' | 'ResourceScope',
  message: string,
  fix: string,
): Finding {
  const [namespace = '', name = ''] = claim.service.split('/');
  return {
    code,
    severity: 'error',
    message,
    object: { kind: 'LatticeService', namespace, name },
    path: ['spec', 'resources', claim.entry],
    fix,
  };
}
