// Checks the direction of imports between the rooms of ARCHITECTURE.md: `node scripts/rooms.ts`.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';

const BELOW_OPERATOR = [
  'api',
  'graph',
  'policy',
  'verify',
  'workload',
  'peering',
  'canary',
  'fabric',
  'cluster',
  'handover',
  'link',
  'kube',
  'controlplane',
];

/** What each room may import besides itself. `proof` files of verify are listed in VERIFY_MAY_COMPILE. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  api: [],
  graph: ['api'],
  policy: ['api', 'graph'],
  verify: ['api', 'graph'],
  workload: ['api', 'graph'],
  peering: ['api'],
  canary: [],
  fabric: ['api', 'peering', 'canary', 'kube'],
  cluster: ['api'],
  handover: ['api'],
  link: ['api', 'handover'],
  kube: [],
  controlplane: ['kube'],
  import: ['api', 'graph'],
  operator: BELOW_OPERATOR,
  cli: [...BELOW_OPERATOR, 'import', 'operator'],
};

/** Evaluators share no code with the compilers they judge; only these folders of verify may call a compiler. */
const VERIFY_MAY_COMPILE = ['src/verify/prove/', 'src/verify/explain/'];

/** Every violation in `files`, as one printable line each. */
export function violations(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const [file, text] of files) {
    const room = file.split('/')[1] ?? '';
    if (room.includes('.')) continue;
    const allowed = MAY_IMPORT[room];
    if (!allowed) {
      found.push(`${file}: src/${room} is not a room; add it to scripts/rooms.ts and ARCHITECTURE.md`);
      continue;
    }
    for (const match of text.matchAll(/(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g)) {
      const target = normalize(join(dirname(file), match[1] ?? ''))
        .split(sep)
        .join('/');
      const other = target.startsWith('src/') ? (target.split('/')[1] ?? '') : undefined;
      if (other === undefined) {
        if (!file.endsWith('.test.ts')) found.push(`${file}: imports ${target}, outside src`);
      } else if (other !== room) {
        const compiles =
          room === 'verify' && other === 'policy' && VERIFY_MAY_COMPILE.some((place) => file.startsWith(place));
        if (!allowed.includes(other) && !compiles) found.push(`${file}: ${room} may not import ${other}`);
        else if (!target.endsWith(`src/${other}/index.ts`))
          found.push(`${file}: import src/${other}/index.ts, not ${target}`);
      }
    }
  }
  return found;
}

if (import.meta.main) {
  const files = new Map(
    globSync('src/**/*.ts').map((file) => [file.split(sep).join('/'), readFileSync(file, 'utf8')] as const),
  );
  const found = violations(files);
  for (const line of found) process.stderr.write(`${line}\n`);
  process.stdout.write(`rooms: ${files.size} files, ${found.length} wrong imports\n`);
  process.exitCode = found.length > 0 ? 1 : 0;
}
