import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Json, parseJson } from '../json.ts';
import { parseSchema } from '../schema/parse-schema.ts';
import { celName } from './name.ts';
import { matchesPattern } from './pattern.ts';
import { parseQuantity } from './quantity.ts';
import { compileRules } from './rules.ts';

/** The messages of a rule on an object with one member `v` of the given schema. */
function judge(rule: string, schema: object, v: Json, old?: Json): readonly string[] {
  const root = parseSchema(
    parseJsonObject({ type: 'object', properties: { v: { ...schema, 'x-kubernetes-validations': [{ rule }] } } }),
  );
  const rules = compileRules(root, '');
  assert.deepEqual(rules.faults, []);
  return rules.judge({ v }, old === undefined ? undefined : { v: old }).map((cause) => cause.message);
}
const parseJsonObject = (value: object): Json => parseJson(JSON.stringify(value));

const INTEGER = { type: 'integer' };
const TEXT = { type: 'string' };

test('property names that CEL cannot write are escaped', () => {
  assert.equal(celName('namespace'), '__namespace__');
  assert.equal(celName('a-b.c/d'), 'a__dash__b__dot__c__slash__d');
  assert.equal(celName('a__b'), 'a__underscores__b');
  assert.equal(celName('plain'), 'plain');
  assert.equal(celName('1st'), undefined);
});

test('integers are integers, numbers are numbers, times are times', () => {
  assert.deepEqual(judge('self * 2 == 6', INTEGER, 3), []);
  assert.deepEqual(judge('self > 1.5', { type: 'number' }, 2), []);
  assert.deepEqual(
    judge("self > timestamp('2020-01-01T00:00:00Z')", { ...TEXT, format: 'date-time' }, '2021-01-01T00:00:00Z'),
    [],
  );
  assert.deepEqual(judge("self < duration('2h')", { ...TEXT, format: 'duration' }, '90m'), []);
  assert.deepEqual(judge('type(self) == int || self == "http"', { 'x-kubernetes-int-or-string': true }, 'http'), []);
});

test('the libraries of Kubernetes are there', () => {
  for (const [rule, value] of [
    ['isIP(self) && ip(self).family() == 4', '10.0.0.1'],
    ["cidr('10.0.0.0/8').containsIP(self)", '10.1.2.3'],
    ["!cidr('10.0.0.0/8').containsIP(self)", '11.1.2.3'],
    ['isCIDR(self) && cidr(self).prefixLength() == 24', '192.168.0.0/24'],
    ["isURL(self) && url(self).getScheme() == 'https' && url(self).getPort() == '8443'", 'https://a.b:8443/x'],
    ["quantity(self).isGreaterThan(quantity('1Gi'))", '2Gi'],
    ["quantity(self).compareTo(quantity('500m')) == 0", '0.5'],
    ["self.find('[0-9]+') == '42' && self.matches('^a')", 'a42'],
    ["self.split(',').isSorted() && self.split(',').indexOf('b') == 1", 'a,b'],
  ] as const) {
    assert.deepEqual(judge(rule, TEXT, value), [], rule);
    assert.equal(judge(`!(${rule})`, TEXT, value).length, 1, `${rule} cannot fail`);
  }
});

test('a transition rule waits for a transition, and nothing unchanged is judged again', () => {
  assert.deepEqual(judge('self >= oldSelf', INTEGER, 1), []);
  assert.deepEqual(judge('self >= oldSelf', INTEGER, 1, 2), ['Invalid value: failed rule: self >= oldSelf']);
  assert.deepEqual(judge('self > 5', INTEGER, 1, 1), []);
});

test('a pattern that makes other engines hang is judged at once', () => {
  const started = performance.now();
  assert.equal(judge("self.matches('^(a+)+$')", TEXT, `${'a'.repeat(40)}!`).length, 1);
  // Those take years.
  assert.ok(performance.now() - started < 30_000);
});

test('a rule that cannot be read, or calls what is not there, is a fault of the definition', () => {
  for (const rule of [
    'self.a ==',
    'self.all(k, v, v > 0)',
    'self.?a.orValue(1) > 0',
    'nothing(self)',
    'self.nothing()',
  ]) {
    const schema = parseSchema({ type: 'object', 'x-kubernetes-validations': [{ rule }] });
    const { faults } = compileRules(schema, 'root');
    assert.deepEqual(
      faults.map((fault) => fault.path),
      ['root.x-kubernetes-validations[0].rule'],
      rule,
    );
  }
});

test('patterns are those of RE2, also where JavaScript has others', () => {
  assert.equal(matchesPattern('^(?i)[a-z]+$', 'ABC'), true);
  assert.equal(matchesPattern('^\\PC*$', 'plain'), true);
  assert.equal(matchesPattern('^[\\w-.]+$', 'a-b.c'), true);
  assert.equal(matchesPattern('^a$', 'b'), false);
  assert.equal(matchesPattern('^(a+)+$', `${'a'.repeat(40)}!`), false);
  assert.match(String(matchesPattern('(', 'a')), /missing closing/);
});

test('quantities are exact', () => {
  const nano = 1_000_000_000n;
  assert.equal(parseQuantity('1'), nano);
  assert.equal(parseQuantity('250m'), nano / 4n);
  assert.equal(parseQuantity('1.5Gi'), (3n * 1024n ** 3n * nano) / 2n);
  assert.equal(parseQuantity('-2k'), -2000n * nano);
  assert.equal(parseQuantity('1e3'), 1000n * nano);
  assert.equal(parseQuantity('12n'), 12n);
  for (const text of ['', 'm', '1 Gi', '1.2.3', 'Gi', '1gi']) assert.equal(parseQuantity(text), undefined, text);
});
