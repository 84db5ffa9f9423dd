import type { JsonSchema } from './json-schema.ts';

/** A CustomResourceDefinition as it is applied. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: JsonSchema;
}

/** What one kind differs in from the others. */
export interface DefinedKind {
  readonly kind: string;
  readonly apiVersion: string;
  readonly plural: string;
  readonly shortName: string;
  /** Default `Namespaced`. */
  readonly scope?: 'Namespaced' | 'Cluster';
  readonly columns: readonly JsonSchema[];
  readonly schema: JsonSchema;
  /** Whether its status is written apart from the rest. */
  readonly hasStatus: boolean;
}

/** The CustomResourceDefinition of a kind with one version. */
export function definitionOf(from: DefinedKind): CustomResourceDefinition {
  const { kind, apiVersion, plural, shortName, columns, scope = 'Namespaced' } = from;
  const [group, version] = apiVersion.split('/');
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories: ['lattice'],
      },
      scope,
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: from.schema },
          ...(from.hasStatus ? { subresources: { status: {} } } : {}),
          additionalPrinterColumns: columns,
        },
      ],
    },
  };
}
