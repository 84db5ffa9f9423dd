import { createWatch, only } from '../../kube/index.ts';
import { type LiqoShape, shapeOf } from '../../peering/index.ts';
import type { Scope } from '../tasks.ts';
import { DEFINITION } from './kinds.ts';

/** What Liqo's FirewallConfiguration can say, as its definition has it now. */
export interface FollowedShape {
  readonly synced: Promise<void>;
  /** Undefined when Liqo has none that can be used. */
  shape(): LiqoShape | undefined;
}

/** `onChange` hears of every change of the definition, with what it said before. */
export function followShape({
  context,
  tasks,
  signal,
  onChange,
}: Scope & {
  readonly onChange: (before: LiqoShape | undefined, after: LiqoShape | undefined) => void;
}): FollowedShape {
  const { client, clock, random, log } = context;
  let shape: LiqoShape | undefined;
  const definition = createWatch<{ readonly shape: LiqoShape | undefined }>(client, {
    kind: DEFINITION,
    fieldSelector: 'metadata.name=firewallconfigurations.networking.liqo.io',
    projection: { mask: only('spec.versions'), of: (object) => ({ shape: shapeOf(object) }) },
    onChange: (change) => {
      const before = shape;
      shape = change.kind === 'deleted' ? undefined : change.after.shape;
      log.info('liqo: what its FirewallConfiguration keeps', { shape });
      onChange(before, shape);
    },
    onTrouble: (error) => log.warn('watch: trouble, trying again', { kind: 'CustomResourceDefinition', error }),
    clock,
    random,
  });
  tasks.start(definition.run(signal));
  return { synced: definition.synced, shape: () => shape };
}
