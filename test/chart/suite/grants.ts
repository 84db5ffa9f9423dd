// What a role grants, request by request, held against what was asked. Pure.
import type { KubeObject } from '../../../src/kube/index.ts';
import { at } from '../../at.ts';
import type { Asked } from './server.ts';

/** One verb on one resource, and where a rule says so on one name. */
export interface Grant {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly name: string | undefined;
}

/** Every grant of a Role or ClusterRole, one by one. */
export function grantsOf(role: KubeObject): readonly Grant[] {
  const rules = at(role, 'rules');
  return (Array.isArray(rules) ? rules : []).flatMap((rule) => {
    const names = textsAt(rule, 'resourceNames');
    return textsAt(rule, 'apiGroups').flatMap((group) =>
      textsAt(rule, 'resources').flatMap((resource) =>
        textsAt(rule, 'verbs').flatMap((verb) =>
          (names.length > 0 ? names : [undefined]).map((name): Grant => ({ group, resource, verb, name })),
        ),
      ),
    );
  });
}

/** Grants without which nothing that was asked would have been refused. */
export function unused(grants: readonly Grant[], asked: readonly Asked[]): readonly Grant[] {
  const served = asked.filter(({ code }) => code !== 403);
  return grants.filter((grant) => !served.some((each) => needs(each, grant)));
}

export function refused(asked: readonly Asked[]): readonly string[] {
  const lines = asked.filter(({ code }) => code === 403).map(({ verb, path }) => `${verb} ${path}`);
  return [...new Set(lines)].sort();
}

function needs(asked: Asked, grant: Grant): boolean {
  if (asked.group !== grant.group || asked.resource !== grant.resource) return false;
  // Server-side apply of something new takes both.
  const verbs = asked.verb === 'patch' && asked.code === 201 ? ['patch', 'create'] : [asked.verb];
  return verbs.includes(grant.verb) && (grant.name === undefined || nameOf(asked) === grant.name);
}

/** A list or watch has a name when a field selector says so. */
function nameOf({ name, path }: Asked): string {
  if (name !== '') return name;
  const selector = new URL(path, 'http://api').searchParams.get('fieldSelector') ?? '';
  return /^metadata\.name=(.+)$/.exec(selector)?.[1] ?? '';
}

function textsAt(value: unknown, field: string): readonly string[] {
  const found = at(value, field);
  return Array.isArray(found) ? found.map(String) : [];
}
