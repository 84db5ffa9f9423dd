import { type Actor, actorsOf, compileFindings, judgeAll, type Peerings } from '../../peering/index.ts';
import { choice, type CommandFile, newCommand } from '../command.ts';
import { toResult, toTable } from '../io/index.ts';
import { printFindings } from '../report.ts';
import { loadPeerings, type PeeringFlags, withPeeringInput } from './load.ts';

interface Flags extends PeeringFlags {
  readonly output: 'text' | 'json';
}

/** `lattice peering simulate`: 0 = every flow was judged, 1 = a peering was refused, 2 = invalid input. */
export const peeringSimulate: CommandFile = ({ terminal, finish }) =>
  withPeeringInput(
    newCommand('simulate', 'Show who may open connections to whom, for every kind of party that the rules tell apart', [
      'lattice peering simulate peering.yaml cluster.yaml',
    ]),
  )
    .addOption(choice('-o, --output <format>', 'format', ['text', 'json'], 'text'))
    .action(async (paths: readonly string[], flags: Flags) => {
      const input = await loadPeerings(paths, flags, terminal);
      if (!input) return finish(2);
      const findings = [...input.findings, ...compileFindings(input.peerings)].map(input.placed);
      const actors = actorsOf(input.peerings, input.topology);
      const flows = actors.flatMap((from) => actors.map((to) => flowOf(from, to, input.peerings)));
      const complete = input.peerings.refused.length === 0;
      if (flags.output === 'json')
        terminal.stdout(toResult('peeringSimulate', complete ? 'yes' : 'undecided', findings, { flows }));
      else {
        printFindings(findings, terminal);
        const rows = flows.map(({ from, to, verdict, by }) => [from, to, verdict, by]);
        terminal.stdout(toTable(['FROM', 'TO', 'VERDICT', 'BY'], rows));
      }
      finish(complete ? 0 : 1);
    });

function flowOf(from: Actor, to: Actor, { compiled, refused }: Peerings) {
  const flow = { source: from.address, destination: to.address };
  const { allowed, by } = judgeAll(
    compiled.map(({ judge }) => judge),
    flow,
  );
  const decided = by.flatMap((judgement, index) => {
    const each = compiled[index];
    if (!each || judgement.allowed !== allowed || !judgement.rule) return [];
    return [`${each.plan.peering} ${judgement.rule.name}`];
  });
  return {
    from: from.name,
    to: to.name,
    ...flow,
    // A peering that could not be compiled may deny the flow: then nobody knows.
    verdict: allowed ? (refused.length > 0 ? 'undecided' : 'allowed') : 'denied',
    by: decided.join(', ') || 'no rule',
  };
}
