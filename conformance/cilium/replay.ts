// Replays recorded verdicts through the engine: `node conformance/cilium/replay.ts [FILE...]`. Proves that this build
// of the judge says what the recording says, flow by flow, and refuses the same objects at the same stage.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { closingLines, readOptions } from './options.ts';
import { openOracle } from './oracle.ts';
import type { Answer, FlowTuple, Scenario } from './scenario.ts';

interface Recorded {
  readonly scenario: Scenario;
  readonly verdicts: readonly string[];
  /** `index stage`, sorted. */
  readonly refused: readonly string[];
}

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args, Date.now());
  const files = options.paths.length > 0 ? options.paths : [defaultFile()];
  const opened = await openOracle((line) => process.stderr.write(`${line}\n`));
  if (opened.kind === 'skipped') {
    process.stdout.write(closingLines({ pass: 0, fail: 0, skipped: files.length }));
    return 0;
  }
  const tally = { pass: 0, fail: 0, skipped: 0 };
  for (const file of files) {
    if (!existsSync(file)) {
      process.stderr.write(`SKIPPED: ${file} does not exist (set LATTICE_DATA)\n`);
      tally.skipped += 1;
      continue;
    }
    const started = performance.now();
    const recorded = readRecording(JSON.parse(readFileSync(file, 'utf8')));
    const answers = await Promise.all(recorded.map(({ scenario }) => opened.oracle.ask(scenario)));
    let flows = 0;
    for (const [index, one] of recorded.entries()) {
      const answer = answers[index];
      const differences = answer ? differ(one, answer) : ['no answer'];
      flows += one.verdicts.length;
      if (differences.length === 0) tally.pass += 1;
      else tally.fail += 1;
      for (const line of differences) process.stdout.write(`✖ ${one.scenario.id}: ${line}\n`);
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(`${file}: ${recorded.length} scenarios, ${flows} flows in ${seconds} s\n`);
  }
  await opened.oracle.close();
  process.stdout.write(closingLines(tally));
  return tally.fail > 0 ? 1 : 0;
}

function defaultFile(): string {
  const data = process.env['LATTICE_DATA'] ?? join(import.meta.dirname, '../../../shared/data');
  return join(data, 'cilium-scenarios.json');
}

function differ({ scenario, verdicts, refused }: Recorded, answer: Answer): string[] {
  const found: string[] = [];
  for (const [index, expected] of verdicts.entries()) {
    const actual = answer.verdicts[index];
    if (actual !== expected) found.push(`${scenario.flows[index]?.join(' ')}: recorded ${expected}, engine ${actual}`);
  }
  const now = answer.errors.map(({ policy, stage }) => `${policy} ${stage}`).sort();
  if (now.join() !== refused.join()) found.push(`refused: recorded [${refused.join()}], engine [${now.join()}]`);
  return found;
}

const protocol = z.enum(['TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6']);
const tuple = z.tuple([z.string(), z.string(), z.number(), protocol]);
const endpoints = z.record(z.string(), z.array(z.string()));
const namedPorts = z.record(
  z.string(),
  z.record(z.string(), z.object({ port: z.number(), protocol: z.string().exactOptional() })),
);

/** The format of `cilium-scenarios.json`: what all scenarios share stands at the top. */
const recording = z.object({
  endpoints: endpoints.optional(),
  namedPorts: namedPorts.optional(),
  scenarios: z.array(
    z.object({
      id: z.string(),
      clusterName: z.string(),
      localCluster: z.string(),
      enforcement: z.enum(['default', 'always', 'never']).optional(),
      endpoints: endpoints.optional(),
      namedPorts: namedPorts.optional(),
      policies: z.array(z.record(z.string(), z.unknown())),
      flows: z.array(
        z.union([
          tuple,
          z
            .object({ from: z.string(), to: z.string(), port: z.number(), proto: protocol })
            .transform(({ from, to, port, proto }): FlowTuple => [from, to, port, proto]),
        ]),
      ),
      errors: z.array(z.object({ policy: z.number(), stage: z.string() })),
      verdicts: z.array(z.string()),
    }),
  ),
});

function readRecording(file: unknown): Recorded[] {
  const { scenarios, ...shared } = recording.parse(file);
  return scenarios.map(({ verdicts, errors, enforcement, ...item }) => ({
    scenario: {
      ...item,
      ...(enforcement && { enforcement }),
      endpoints: item.endpoints ?? shared.endpoints ?? {},
      namedPorts: item.namedPorts ?? shared.namedPorts ?? {},
    },
    verdicts,
    refused: errors.map(({ policy, stage }) => `${policy} ${stage}`).sort(),
  }));
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
