import { stringify } from 'yaml';
import type { CustomResourceDefinition } from '../../src/api/index.ts';

/** Definitions as a template: installed and upgraded with the chart, and kept when it goes, unless the values say no. */
export function definitionsTemplate(definitions: readonly CustomResourceDefinition[]): string {
  const documents = definitions.map((definition) => {
    const { apiVersion, kind, metadata, spec } = definition;
    const text = stringify({ spec }, { lineWidth: 0, aliasDuplicateObjects: false });
    return `---
apiVersion: ${apiVersion}
kind: ${kind}
metadata:
  name: ${metadata.name}
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
${literal(text)}`;
  });
  return `{{- /* Generated from the schemas by "npm run generate". */ -}}
{{- if .Values.crds.install }}
${documents.join('')}{{- end }}
`;
}

/** Text that a template prints as it is. */
const literal = (text: string): string => text.replaceAll('{{', '{{ "{{" }}');
