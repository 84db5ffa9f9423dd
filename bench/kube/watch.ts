// The watch cache, fed prepared bytes by a server of its own, so that the client is what is measured.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle, load, run, say } from './process.ts';

export interface WatchOptions {
  readonly pods: string;
  readonly events: string;
  readonly runs: number;
  /** Of V8. */
  readonly flags: readonly string[];
}

export async function measureWatch({ pods, events, runs, flags }: WatchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lattice-bench-'));
  try {
    const subject = bundle(join(import.meta.dirname, 'subject.ts'), folder);
    for (const [mode, count] of [
      ['stream', '0'],
      ['pages', '0'],
      ['parse', '0'],
      ['stream', events],
    ] as const)
      for (let i = 0; i < runs; i++) say({ case: 'watch', ...(await once(subject, mode, count)), load: load() });
  } finally {
    rmSync(folder, { recursive: true });
  }

  async function once(subject: string, mode: string, count: string): Promise<Readonly<Record<string, unknown>>> {
    const server = run([join(import.meta.dirname, 'prepared-server.ts'), pods, count]);
    try {
      const { url, ca } = await server.next();
      const env = { BENCH_CA: String(ca) };
      const client = run(['--expose-gc', ...flags, subject, mode, String(url), pods, count], env);
      try {
        return await client.next();
      } finally {
        await client.end();
      }
    } finally {
      await server.end();
    }
  }
}
