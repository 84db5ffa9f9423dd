import type { LatticeConfig } from '../../api/index.ts';
import { accessOf, parseKubeconfig, systemClock } from '../../kube/index.ts';
import { CONTROLLERS, createLog, type Operator, podSimulation, startOperator } from '../../operator/index.ts';
import { optionsFor } from '../load-graph.ts';
import type { GraphFlags } from '../flags.ts';
import type { Terminal } from '../terminal.ts';

/** The operator inside `lattice dev`, on the control plane of the same process. It says on standard error what goes wrong. */
export function startDevOperator(
  kubeconfig: string,
  flags: Omit<GraphFlags, 'namespace'>,
  config: LatticeConfig | undefined,
  terminal: Terminal,
): Operator {
  const { settings, options } = optionsFor(flags, config, 'live');
  return startOperator({
    access: accessOf(parseKubeconfig([{ path: 'the control plane', folder: '.', text: kubeconfig }])),
    settings,
    compile: options,
    ...(config ? { config } : {}),
    controllers: [...Object.values(CONTROLLERS).map((make) => make({})), podSimulation({ makesPods: true })],
    identity: 'lattice-dev',
    log: createLog({
      level: 'warn',
      write: terminal.stderr,
      terminal: terminal.interactive,
      colour: terminal.colour.stderr,
      wall: () => systemClock.wall(),
    }),
  });
}
