import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { plainText, secretValue, textValue } from '../value.ts';
import { evaluate, type Found, type Lookup } from './evaluate.ts';

const lookup: Lookup = (path): Found => {
  const name = path.join('.');
  if (name === 'metadata.name') return { kind: 'value', value: textValue('cart') };
  if (name === 'a.b/c') return { kind: 'value', value: textValue('Bracketed') };
  if (name === 'resources.db.password') return { kind: 'value', value: secretValue({ name: 'db', key: 'password' }) };
  if (name === 'resources.auth.port') return { kind: 'pending', why: 'auth is not declared' };
  if (name.startsWith('env.')) return { kind: 'unset', why: `env has no "${path[1]}"`, available: ['env.REGION'] };
  return { kind: 'unknown', why: `there is no ${name}`, available: ['metadata', 'resources'] };
};

const text = (template: string): string | undefined => {
  const result = evaluate(template, lookup);
  return result.ok ? plainText(result.value) : undefined;
};
const problem = (template: string): string => {
  const result = evaluate(template, lookup);
  assert.ok(!result.ok, template);
  return result.problems.map(({ code, at, message }) => `${code} ${at.line}:${at.column} ${message}`).join('\n');
};

test('text stays as it is, references are filled in, and "$${" is a literal "${"', () => {
  assert.equal(text('a $ b $$ {c} } ${metadata.name}!'), 'a $ b $$ {c} } cart!');
  assert.equal(text('$${metadata.name}'), '${metadata.name}');
  assert.equal(text('${ metadata.name | upper }'), 'CART');
  assert.equal(text('${a["b/c"] | lower}'), 'bracketed');
  assert.equal(text(''), '');
});

test('filters change a text, from left to right', () => {
  assert.equal(text('${metadata.name | base64_encode}'), 'Y2FydA==');
  assert.equal(text('${metadata.name | base64_encode | base64_decode | json}'), '"cart"');
  assert.equal(text('${env.NONE | default("a b/c") | urlencode}'), 'a%20b%2Fc');
  assert.equal(text("${env.NONE | default('it\\'s') | upper}"), "IT'S");
  assert.equal(text('${env.NONE | default(8080)}'), '8080');
});

test('default stands in for what is unset or not there yet, never for what cannot exist', () => {
  assert.equal(text('${resources.auth.port | default(80)}'), '80');
  assert.match(problem('${resource.auth.port | default(80)}'), /TemplateUnknown 1:1 there is no resource\.auth\.port/);
});

test('an error names the line, the column and what is available', () => {
  assert.equal(problem('a\nb ${env.X}'), 'TemplateUnknown 2:3 env has no "X"; available: env.REGION');
  assert.match(problem('${metadata.name | uper}'), /^TemplateSyntax 1:19 .*did you mean upper\?.*base64_decode/);
  assert.match(problem('x ${metadata.name'), /^TemplateSyntax 1:3 this "\$\{" has no "\}"/);
  assert.match(problem('${metadata.}'), /1:12 a name is expected/);
  assert.match(problem('${metadata.name | default}'), /1:19 the filter default takes 1 arguments, not 0/);
  assert.match(problem('${env.NONE | required("REGION must be set")}'), /REGION must be set/);
});

test('all problems are reported, and a template with one has no value', () => {
  assert.equal(problem('${env.A} ${metadata.name} ${resources.auth.port}').split('\n').length, 2);
});

test('a secret is passed on by its place, and no filter may look at it', () => {
  const result = evaluate('postgres://app:${resources.db.password}@db', lookup);
  assert.deepEqual(result, {
    ok: true,
    value: [
      { kind: 'text', text: 'postgres://app:' },
      { kind: 'secret', secret: { name: 'db', key: 'password' } },
      { kind: 'text', text: '@db' },
    ],
  });
  for (const filter of ['upper', 'base64_encode', 'json', 'urlencode', 'trim']) {
    assert.match(problem(`\${resources.db.password | ${filter}}`), /cannot be used on a secret/);
  }
});

test('filters in a row cannot grow a text without end', () => {
  assert.match(problem(`\${metadata.name${' | json'.repeat(64)}}`), /longer than 1 MiB/);
});

const SIGNS = [
  '$',
  '{',
  '}',
  '${',
  '$${',
  '|',
  '.',
  '(',
  ')',
  '[',
  ']',
  '"',
  "'",
  '\\',
  ',',
  '\n',
  ' ',
  'a',
  'é',
  '😀',
];
const WORDS = ['metadata', 'resources', 'db', 'password', 'default', 'upper', 'json', 'env', 'true', '-1', '__proto__'];

test('no template, however malformed, crashes or hangs: it has a value or problems inside of the text', () => {
  const template = fc.array(fc.constantFrom(...SIGNS, ...WORDS), { maxLength: 40 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(template, (written) => {
      const result = evaluate(written, lookup);
      if (result.ok) return;
      assert.ok(result.problems.length > 0);
      const lines = written.split('\n');
      for (const { at } of result.problems) {
        assert.ok(at.line >= 1 && at.line <= lines.length, written);
        assert.ok(at.column >= 1 && at.column <= (lines[at.line - 1]?.length ?? 0) + 1, written);
      }
    }),
    { numRuns: 3000 },
  );
});

test('text without "$" is its own value, and escaping makes any text so', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (written) => {
      fc.pre(!written.endsWith('$'));
      const escaped = written.replaceAll('${', '$${');
      fc.pre(!/\$\$\$/.test(escaped));
      assert.equal(text(escaped), written);
    }),
  );
});

test('a megabyte of references is read in a time that grows with its length', () => {
  const many = '${metadata.name}\n'.repeat(60_000);
  assert.equal(text(many)?.length, 'cart\n'.length * 60_000);
  assert.equal(text(many.replaceAll('\n', ' '))?.length, 'cart\n'.length * 60_000);
});
