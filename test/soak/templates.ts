// Damaged templates, thrown at the renderer: each is rendered or refused, in a moment, and no secret is anywhere but in a reference.
import fc from 'fast-check';
import { at } from '../at.ts';
import { external, service, worldOf } from '../../src/workload/testing/world.ts';

export interface TemplatesSoaked {
  readonly templates: number;
  readonly rendered: number;
  readonly slowestMs: number;
  readonly broken: readonly string[];
}

const PIECES = [
  '$',
  '{',
  '}',
  '${',
  '$${',
  '|',
  '.',
  '(',
  ')',
  '[',
  ']',
  '"',
  "'",
  '\\',
  ',',
  '\n',
  ' ',
  'é',
  '😀',
  '\u0000',
  '$(',

  'metadata',
  'resources',
  's',
  'key',
  'name',
  'default',
  'upper',
  'json',
  'base64_encode',
  'env',
  'true',
  '-1',
  '__proto__',

  '${resources.s.key}',
  '${resources.s.key | upper}',
  '${resources.s.url}',
  '${metadata.name}',
  '${env.STAGE | default("x")}',
];

/** Renders `count` damaged templates as a variable and as a file. `now` gives milliseconds. */
export function soakTemplates(count: number, seed: number, now: () => number): TemplatesSoaked {
  const template = fc.array(fc.constantFrom(...PIECES), { maxLength: 24 }).map((pieces) => pieces.join(''));
  const broken: string[] = [];
  let [rendered, slowestMs] = [0, 0];
  const secret = external('s', {
    endpoints: { a: 'https://s.example.com' },
    credentials: { key: { secret: 'the-secret' } },
  });
  for (const text of fc.sample(template, { numRuns: count, seed })) {
    const began = now();
    try {
      const containers = { app: { image: 'i', variables: { A: text }, files: { '/a': { content: text } } } };
      const result = worldOf([
        service('a', { containers, resources: { s: { type: 'external_service' } } }),
        secret,
      ]).render('a');
      const findings = result.kind === 'adopts' ? [] : result.findings;
      if (result.kind === 'rendered') {
        rendered += 1;
        const shown = result.objects.filter(({ kind }) => kind === 'ConfigMap');
        // A reference of the kubelet's would mean that a secret was to be put into a file.
        if (JSON.stringify(shown).includes('LATTICE_SECRET'))
          broken.push(`a ConfigMap refers to a secret: ${JSON.stringify(text)}`);
        const annotations = JSON.stringify(
          result.objects.map((object) => [at(object, 'metadata'), at(object, 'spec', 'template', 'metadata')]),
        );
        if (annotations.includes('the-secret')) broken.push(`metadata names the secret: ${JSON.stringify(text)}`);
      } else if (!findings.some(({ severity }) => severity === 'error'))
        broken.push(`refused without a reason: ${JSON.stringify(text)}`);
    } catch (error) {
      broken.push(`${error instanceof Error ? error.message : String(error)}: ${JSON.stringify(text)}`);
    }
    slowestMs = Math.max(slowestMs, now() - began);
  }
  return { templates: count, rendered, slowestMs, broken };
}
