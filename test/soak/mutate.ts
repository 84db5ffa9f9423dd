// Makes bad input out of good: bytes, structure, and the known ways to hurt a YAML reader.

/** A random number generator with a seed, so that every failure can be made again. */
export type Random = () => number;

/** mulberry32: uniform in [0, 1). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One input of `corpus`, damaged one to four times. The result is bytes: it need not be valid UTF-8. */
export function mutate(corpus: readonly string[], random: Random): Buffer {
  let bytes: Buffer = Buffer.from(pick(corpus, random));
  const times = 1 + Math.floor(random() * 4);
  for (let time = 0; time < times; time++) bytes = pick(MUTATIONS, random)(bytes, random, corpus);
  return bytes;
}

type Mutation = (bytes: Buffer, random: Random, corpus: readonly string[]) => Buffer;

const onText =
  (change: (text: string, random: Random) => string): Mutation =>
  (bytes, random) =>
    Buffer.from(change(bytes.toString('utf8'), random));

const onLine = (change: (line: string, random: Random) => string): Mutation =>
  onText((text, random) => {
    const lines = text.split('\n');
    const at = Math.floor(random() * lines.length);
    lines[at] = change(lines[at] ?? '', random);
    return lines.join('\n');
  });

const MUTATIONS: readonly Mutation[] = [
  // Bytes.
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
    return copy;
  },
  (bytes, random) => bytes.subarray(0, Math.floor(random() * bytes.length)),
  (bytes, random) => Buffer.concat([bytes, bytes.subarray(Math.floor(random() * bytes.length))]),
  (bytes, random) => insert(bytes, random, Buffer.from([0xc3, 0x28, 0xff].slice(0, 1 + Math.floor(random() * 3)))),
  (bytes, random) => insert(bytes, random, Buffer.from(pick(SPECIAL_TEXT, random))),
  (bytes, random, corpus) => Buffer.concat([bytes, Buffer.from('\n---\n'), Buffer.from(pick(corpus, random))]),
  // Lines.
  onLine(() => ''),
  onLine((line) => `${line}\n${line}`),
  onLine((line) => `  ${line}`),
  onLine((line) => `\t${line}`),
  onLine((line) => line.replace(/^ {1,2}/, '')),
  onLine((line, random) => line.replace(/:.*/, `: ${pick(VALUES, random)}`)),
  onLine((line, random) => line.replace(/[A-Za-z_]+:/, `${pick(KEYS, random)}:`)),
  onLine((line, random) => line.replace(/- .*/, `- ${pick(VALUES, random)}`)),
  onLine((line) => `${line} # \u2028 kind: Other`),
  // Structure.
  onText((text, random) => {
    const lines = text.split('\n');
    const from = Math.floor(random() * lines.length);
    const moved = lines.splice(from, 1 + Math.floor(random() * 5));
    lines.splice(Math.floor(random() * lines.length), 0, ...moved);
    return lines.join('\n');
  }),
  onText((text, random) => `${text}\n${pick(BOMBS, random)}`),
  onText((text, random) => `${pick(HEADS, random)}\n${text}`),
  onText((text) => text.replaceAll('\n', '\r\n')),
];

const VALUES = [
  'yes',
  'NO',
  'on',
  'y',
  '010',
  '1_000',
  '0o17',
  '0b1',
  '1:30',
  '.inf',
  '.nan',
  '-1',
  '0',
  '65536',
  '1e400',
  '99999999999999999999999999',
  '-0',
  'null',
  '~',
  '""',
  '"*"',
  '*',
  '&a',
  '!!binary aGk=',
  '!!str 8080',
  '{}',
  '[]',
  '[[]]',
  '{"*": "*"}',
  '[*]',
  '"*/*"',
  '0.0.0.0/0',
  '"0.0.0.0/0"',
  '"::/0"',
  'world',
  'true',
  '2001-12-14',
  '|\n      text',
  '>-\n  x',
  '"\\ud800"',
  '"\\u0000"',
  "'",
  '"',
  '{',
  '}',
  '- -',
  '? x',
  '@x',
  '`x`',
  '%x',
  '<<',
];

const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'yes',
  '<<',
  'null',
  '1',
  'spec',
  'metadata',
  'kind',
  'apiVersion',
  'resources',
  'selector',
  'matchLabels',
  'ports',
  'direction',
  'id',
  'namespace',
  'sources',
  'world',
  'items',
  '"a\\u0000b"',
  '*',
  '? [x]',
];

const SPECIAL_TEXT = [
  '\0',
  '\uFEFF',
  '\u2028',
  '\u0085',
  '\uFFFD',
  '\t',
  '\r',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '*a',
  '&a ',
  '<<: ',
  ': ',
  '- ',
  '#',
  '"',
  "'",
  '{',
  ']',
  '|',
  '!!',
];

const BOMBS = [
  bomb(9, 9),
  bomb(30, 2),
  'a: &a\n  b: *a',
  'x: &x [*x, *x]',
  '['.repeat(20_000),
  '{a: '.repeat(2000),
  `${'- '.repeat(2000)}x`,
  `${'? '.repeat(500)}x`,
  `deep:\n${Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth + 1)}k:`).join('\n')}`,
  `long: ${'x'.repeat(200_000)}`,
  `${'k'.repeat(5000)}: 1`,
  `many: {${Array.from({ length: 2000 }, (_, index) => `k${index}: ${index}`).join(', ')}}`,
  `<<: [${'{a: 1}, '.repeat(500)}]`,
  `quote: "${'\\u0041'.repeat(5000)}"`,
  '&a '.repeat(200),
  '!t '.repeat(200),
];

const HEADS = [
  '%YAML 1.1\n---',
  '%TAG ! tag:x,2000:\n---',
  '---\n...',
  '---\n---',
  '\uFEFF---',
  '# comment\n---',
  '--- |',
  '--- {a: b}',
  '...',
  '---\tx',
];

function bomb(levels: number, width: number): string {
  const lines = [`l0: &l0 [${Array.from({ length: width }, () => 'x').join(', ')}]`];
  for (let level = 1; level < levels; level++) {
    lines.push(`l${level}: &l${level} [${Array.from({ length: width }, () => `*l${level - 1}`).join(', ')}]`);
  }
  return lines.join('\n');
}

function insert(bytes: Buffer, random: Random, piece: Buffer): Buffer {
  const at = Math.floor(random() * (bytes.length + 1));
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
}

function pick<T>(from: readonly T[], random: Random): T {
  const chosen = from[Math.floor(random() * from.length)];
  if (chosen === undefined) throw new RangeError('nothing to pick from');
  return chosen;
}
