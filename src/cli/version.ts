import { readFileSync } from 'node:fs';

/** The version of the package that this file belongs to, whether it runs as source or as a bundle. */
export function packageVersion(): string {
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const found: unknown = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8'));
      if (typeof found === 'object' && found !== null && 'version' in found && typeof found.version === 'string') {
        return found.version;
      }
    } catch (error) {
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!missing) throw error;
    }
  }
  throw new Error('package.json is missing beside the program');
}
