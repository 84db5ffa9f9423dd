import type { Issue } from '../api/index.ts';
import { podTemplateOf } from '../graph/index.ts';

/**
 * What an API server would refuse in the parts of a manifest that the graph reads: names, labels, selectors, accounts,
 * ports. Such an object cannot exist in a cluster, so nothing may be built on it. Other parts and kinds are not judged.
 */
export function checkManifest(raw: Readonly<Record<string, unknown>>): Issue[] {
  const issues: Issue[] = [];
  const kind = typeof raw['kind'] === 'string' ? raw['kind'] : '';
  const template = podTemplateOf(kind);
  if (!template && kind !== 'Service' && kind !== 'Namespace' && kind !== 'Gateway') return [];
  checkText(raw, ['metadata', 'name'], SUBDOMAIN, 'a DNS name', issues);
  checkText(raw, ['metadata', 'namespace'], LABEL, 'a DNS label', issues);
  checkLabels(raw, ['metadata', 'labels'], issues);
  if (kind === 'Service') {
    checkLabels(raw, ['spec', 'selector'], issues);
    checkPorts(raw, ['spec', 'ports'], ['port', 'targetPort'], issues);
  }
  if (template) {
    checkLabels(raw, [...template, 'metadata', 'labels'], issues);
    checkText(raw, [...template, 'spec', 'serviceAccountName'], SUBDOMAIN, 'a DNS name', issues);
    for (const list of ['containers', 'initContainers']) {
      const containers = at(raw, [...template, 'spec', list]);
      for (const index of Array.isArray(containers) ? containers.keys() : []) {
        checkPorts(raw, [...template, 'spec', list, index, 'ports'], ['containerPort'], issues);
      }
    }
  }
  return issues;
}

type Path = readonly (string | number)[];

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const KEY = /^(?:(?=.{1,253}\/)[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^(?:[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?)?$/;

function checkText(raw: unknown, path: Path, pattern: RegExp, expected: string, issues: Issue[]): void {
  const value = at(raw, path);
  if (value === undefined || value === null || value === '') return;
  if (typeof value !== 'string') issues.push({ path, message: 'must be a string', fix: 'quote it' });
  else if (!pattern.test(value)) issues.push({ path, message: `${JSON.stringify(value)} is not ${expected}` });
}

function checkLabels(raw: unknown, path: Path, issues: Issue[]): void {
  const labels = at(raw, path);
  if (labels === undefined || labels === null) return;
  if (typeof labels !== 'object' || Array.isArray(labels)) {
    issues.push({ path, message: 'must be a map of labels' });
    return;
  }
  for (const [key, value] of Object.entries(labels) as [string, unknown][]) {
    const here = [...path, key];
    if (!KEY.test(key)) issues.push({ path: here, message: `${JSON.stringify(key)} is no label key` });
    if (typeof value !== 'string') issues.push({ path: here, message: 'a label must be a string', fix: 'quote it' });
    else if (!VALUE.test(value)) issues.push({ path: here, message: `${JSON.stringify(value)} is no label value` });
  }
}

function checkPorts(raw: unknown, path: Path, fields: readonly string[], issues: Issue[]): void {
  const ports = at(raw, path);
  if (!Array.isArray(ports)) return;
  for (const index of ports.keys()) {
    for (const field of fields) {
      const value = at(ports, [index, field]);
      if (typeof value !== 'number' || (Number.isInteger(value) && value >= 1 && value <= 65_535)) continue;
      issues.push({ path: [...path, index, field], message: `${value} is no port: a whole number from 1 to 65535` });
    }
  }
}

function at(value: unknown, path: Path): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = Reflect.get(here, step);
  }
  return here;
}
