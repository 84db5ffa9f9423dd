import { readFileSync } from 'node:fs';
import type { Finding } from '../../api/index.ts';
import { decode } from './bytes.ts';
import type { TextSource } from './object.ts';
import { type Loaded, readObjects } from './objects.ts';
import { expandPaths, unreadable } from './paths.ts';

/**
 * Reads everything behind the PATH operands. `namespace` is that of objects that name none; `stdin` gives the bytes of
 * standard input and is called at most once. What cannot be read is a finding, never an exception. `begun` hears how
 * many characters in how many files are about to be parsed.
 */
export async function readInput(
  operands: readonly string[],
  namespace: string,
  stdin: () => Promise<Buffer>,
  begun: (characters: number, files: number) => void = () => undefined,
): Promise<Loaded> {
  const { files, findings } = expandPaths(operands);
  const refused: Finding[] = [...findings];
  const sources: TextSource[] = [];
  for (const { file, from } of files) {
    try {
      const decoded = decode(from === 'stdin' ? await stdin() : readFileSync(file));
      if (decoded.ok) sources.push({ file, text: decoded.text });
      else {
        const { message, fix, line, column } = decoded;
        refused.push({ code: 'InvalidText', severity: 'error', message, fix, file, line, column });
      }
    } catch (error) {
      refused.push(unreadable(file, error));
    }
  }
  begun(
    sources.reduce((sum, { text }) => sum + text.length, 0),
    sources.length,
  );
  const loaded = readObjects(sources, namespace);
  return { ...loaded, findings: [...refused, ...loaded.findings] };
}
