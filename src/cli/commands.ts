import type { CommandFile } from './command.ts';

/** Every command that exists, in the order of the help. Only the one that is called is loaded. */
export const COMMANDS: readonly {
  readonly name: string;
  readonly summary: string;
  /** Commands below it. */
  readonly parts?: readonly string[];
  readonly load: () => Promise<CommandFile>;
}[] = [
  {
    name: 'compile',
    summary: "Print the engines' objects that enforce the agreements",
    load: async () => (await import('./commands/compile.ts')).compile,
  },
  {
    name: 'render',
    summary: 'Print the workload objects: Deployments, Services, volumes and what goes with them',
    load: async () => (await import('./commands/render.ts')).render,
  },
  {
    name: 'score',
    summary: 'Turn Score files into LatticeServices',
    load: async () => (await import('./commands/score.ts')).score,
  },
  {
    name: 'import',
    summary: "Turn other tools' files into declarations",
    load: async () => (await import('./commands/import.ts')).importCommand,
  },
  {
    name: 'lint',
    summary: 'Find what is half, dangling, too wide or defeated',
    load: async () => (await import('./commands/lint.ts')).lint,
  },
  {
    name: 'explain',
    summary: 'Say whether A may call B, which door decides, and what is missing',
    load: async () => (await import('./commands/explain.ts')).explain,
  },
  {
    name: 'graph',
    summary: 'Show the agreements, and the halves that nobody answers',
    load: async () => (await import('./commands/graph.ts')).graph,
  },
  {
    name: 'query',
    summary: 'Ask who may call whom, directly or through others',
    load: async () => (await import('./commands/query.ts')).query,
  },
  {
    name: 'diff',
    summary: 'Show which flows a change opens and closes',
    load: async () => (await import('./commands/diff.ts')).diff,
  },
  {
    name: 'verify',
    summary: 'Prove that exactly what both sides agreed passes',
    load: async () => (await import('./commands/verify.ts')).verify,
  },
  {
    name: 'peering',
    summary: 'Compile, explain, lint and simulate connectivity of peered clusters (Liqo)',
    parts: ['compile', 'explain', 'lint', 'simulate'],
    load: async () => (await import('./commands/peering.ts')).peering,
  },
  {
    name: 'config',
    summary: 'List exemptions and built-in peers: what each opens, and for whom',
    load: async () => (await import('./commands/config.ts')).config,
  },
  {
    name: 'fmt',
    summary: 'Rewrite declarations in the canonical spelling and order; comments stay',
    load: async () => (await import('./commands/fmt.ts')).fmt,
  },
  {
    name: 'operator',
    summary: 'Keep a cluster as it is declared: compile, apply, repair',
    load: async () => (await import('./commands/operator.ts')).operator,
  },
  {
    name: 'fabric-agent',
    summary: "Keep one node's packet filter at the firewall programs of peerings",
    load: async () => (await import('./commands/fabric-agent.ts')).fabricAgent,
  },
  {
    name: 'fabric-canary',
    summary: "Send and answer the datagrams by which a node's agent sees which way pods' packets take",
    load: async () => (await import('./commands/fabric-canary.ts')).fabricCanary,
  },
  {
    name: 'dev',
    summary: 'Serve a Kubernetes API in memory with the operator at work, for laptops and tests',
    load: async () => (await import('./commands/dev.ts')).dev,
  },
  {
    name: 'crds',
    summary: 'Print the CustomResourceDefinitions',
    load: async () => (await import('./commands/crds.ts')).crds,
  },
  {
    name: 'schema',
    summary: 'Print the JSON Schema of a kind, for editors',
    load: async () => (await import('./commands/schema.ts')).schema,
  },
  {
    name: 'completion',
    summary: 'Print the completion script of a shell',
    load: async () => (await import('./commands/completion.ts')).completion,
  },
  {
    name: 'version',
    summary: 'Print the version',
    load: async () => (await import('./commands/version.ts')).version,
  },
];
