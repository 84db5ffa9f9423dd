// The door of the service graph.
export * from './model.ts';
export type { ConfiguredPeer, Exemptions, Resolver, Settings } from './settings.ts';
