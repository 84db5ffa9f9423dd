// Replays recorded verdicts of the real engines against our evaluators: `npm run -s conformance -- ENGINE FILE...`.
import { readFileSync } from 'node:fs';

/** What each engine's replay module exports as `replay`. */
type Replay = (document: unknown, file: string, print: (line: string) => void) => Tally;

interface Tally {
  readonly passed: number;
  readonly failed: number;
}

const ENGINES: Readonly<Record<string, () => Promise<Replay>>> = {
  cilium: async () => (await import('./replay-cilium.ts')).replay,
  istio: async () => (await import('./replay-istio.ts')).replay,
  waypoint: async () => (await import('./replay-waypoint.ts')).replay,
};

process.exitCode = await main(process.argv.slice(2));

async function main([engine, ...files]: readonly string[]): Promise<number> {
  const load = engine !== undefined && Object.hasOwn(ENGINES, engine) ? ENGINES[engine] : undefined;
  if (load === undefined || files.length === 0)
    return refuse(`usage: conformance ENGINE FILE..., ENGINE one of ${Object.keys(ENGINES).join(', ')}`);
  const documents: (readonly [string, unknown])[] = [];
  for (const file of files) {
    try {
      documents.push([file, JSON.parse(readFileSync(file, 'utf8'))]);
    } catch (error) {
      return refuse(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const replay = await load();
  let passed = 0;
  let failed = 0;
  for (const [file, document] of documents) {
    const tally = replay(document, file, (line) => console.log(line));
    passed += tally.passed;
    failed += tally.failed;
  }
  console.log(`${passed} passed, ${failed} failed`);
  // Nothing replayed is no proof of anything.
  return failed > 0 || passed === 0 ? 1 : 0;
}

function refuse(message: string): number {
  console.error(message);
  return 2;
}
