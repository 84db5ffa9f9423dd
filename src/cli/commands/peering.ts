import { type CommandFile, newCommand } from '../command.ts';
import { peeringCompile } from '../peering/compile.ts';
import { peeringExplain } from '../peering/explain.ts';
import { peeringLint } from '../peering/lint.ts';
import { peeringSimulate } from '../peering/simulate.ts';

/** `lattice peering`: connectivity of peered clusters, offline. */
export const peering: CommandFile = (context) => {
  const command = newCommand('peering', 'Compile, explain, lint and simulate connectivity of peered clusters (Liqo)', [
    'lattice peering compile peering.yaml cluster.yaml --enforcer nft',
    'lattice peering explain --from demo-rome/web --to 1.1.1.1 peering.yaml cluster.yaml',
    'lattice peering lint peering.yaml cluster.yaml',
    'lattice peering simulate peering.yaml cluster.yaml',
  ]);
  for (const file of [peeringCompile, peeringExplain, peeringLint, peeringSimulate]) {
    const part = file(context);
    command.addCommand(part.showHelpAfterError(`(see "lattice peering ${part.name()} -h")`));
  }
  return command;
};
