// The charts of this repository, and the manifest that each of them renders to for those who do not use Helm.

export interface Bundle {
  /** Folder of the chart. */
  readonly chart: string;
  /**
   * Another chart whose templates and schema this one has too; files in `own` are added, and win. Everything in the
   * folder of such a chart is generated.
   */
  readonly variantOf?: { readonly chart: string; readonly own: string };
  /** Plurals of the definitions that the chart installs; left out: all, whatever its values turn on later. */
  readonly definitions?: readonly string[];
  /** The rendered manifest. */
  readonly install: string;
  readonly release: string;
  readonly namespace: string;
  /** Values that differ from the chart's, as `--set` takes them. */
  readonly set: readonly string[];
  /** The first lines of the manifest, without "#". */
  readonly about: readonly string[];
}

export const BUNDLES: readonly Bundle[] = [
  {
    chart: 'charts/lattice',
    install: 'install.yaml',
    release: 'lattice',
    namespace: 'lattice-system',
    set: ['namespace.create=true'],
    about: [
      'Lattice with the default values of charts/lattice, in the namespace lattice-system.',
      '  kubectl apply --server-side -f install.yaml',
    ],
  },
  {
    chart: 'dist/chart',
    variantOf: { chart: 'charts/lattice', own: 'charts/liqo-connectivity-engine' },
    definitions: ['peeringconnectivities', 'fabricmemberslices', 'fabricnodestatuses', 'fabricprograms'],
    install: 'dist/install.yaml',
    release: 'liqo-connectivity-engine',
    namespace: 'liqo-system',
    set: ['namespace.create=true'],
    about: [
      'The Liqo connectivity engine alone, with the default values of dist/chart, in the namespace liqo-system.',
      '  kubectl apply -f dist/install.yaml',
    ],
  },
];
