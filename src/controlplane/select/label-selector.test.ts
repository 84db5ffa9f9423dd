import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSelector, matchesLabels, parseLabelSelector, readLabelSelector } from './label-selector.ts';

const matches = (text: string, labels: Readonly<Record<string, string>>): boolean | undefined => {
  const selector = parseLabelSelector(text);
  return selector && matchesLabels(selector, labels);
};

test('every form of a selector selects what it says', () => {
  const labels = { app: 'a', 'x.io/n': '5' };
  for (const yes of [
    '',
    'app',
    'app=a',
    'app==a',
    'app!=b',
    'app in (a, b)',
    'app notin (b)',
    '!z',
    'z!=1',
    'x.io/n>4',
    'x.io/n<6',
    'app=a,!z',
  ]) {
    assert.equal(matches(yes, labels), true, yes);
  }
  for (const no of ['z', 'app=b', 'app!=a', 'app in (b)', 'app notin (a)', '!app', 'x.io/n>5', 'app=a,z']) {
    assert.equal(matches(no, labels), false, no);
  }
});

test('what is no selector is not read as one that selects everything', () => {
  for (const text of ['a b', 'app=a b', '=a', 'app in a', 'app in (a', '(a)', 'app=a=b']) {
    assert.equal(parseLabelSelector(text), undefined, text);
  }
});

test('a LabelSelector object is read and printed', () => {
  const selector = {
    matchLabels: { b: '1' },
    matchExpressions: [
      { key: 'a', operator: 'In', values: ['y', 'x'] },
      { key: 'c', operator: 'DoesNotExist' },
    ],
  };
  assert.equal(formatSelector(selector), 'a in (x,y),b=1,!c');
  assert.equal(formatSelector({}), '<none>');
  assert.ok(matchesLabels(readLabelSelector(selector), { a: 'x', b: '1' }));
  assert.ok(!matchesLabels(readLabelSelector(selector), { a: 'x', b: '1', c: '' }));
});
