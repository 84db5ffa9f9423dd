import type { ChildProcess } from 'node:child_process';

/** The exit code of a child, -1 when a signal ended it. Rejects when it could not be started. */
export function exitCode(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? -1));
  });
}
