import { type CelFunc, celFunc, celMethod, CelScalar, type CelValue, isCelList, listType } from '@bufbuild/cel';
import { networkFunctions } from './network.ts';
import { quantityFunctions } from './quantity.ts';

const { STRING, BOOL, INT, DYN } = CelScalar;
const LIST = listType(DYN);

/** What Kubernetes adds to CEL's standard library: lists, regular expressions, addresses, URLs and quantities. */
export function kubernetesFunctions(): CelFunc[] {
  return [...listFunctions(), ...textFunctions(), ...networkFunctions(), ...quantityFunctions()];
}

function listFunctions(): CelFunc[] {
  return [
    celMethod('isSorted', LIST, [], BOOL, function isSorted() {
      const items = [...this];
      return items.every((item, index) => index === 0 || compare(items[index - 1], item) <= 0);
    }),
    celMethod('sum', LIST, [], DYN, function sum() {
      const items = [...this];
      if (items.every((item) => typeof item === 'bigint')) return items.reduce((total, item) => total + item, 0n);
      return items.reduce((total: number, item) => total + Number(item), 0);
    }),
    celMethod('min', LIST, [], DYN, function min() {
      return extreme([...this], -1);
    }),
    celMethod('max', LIST, [], DYN, function max() {
      return extreme([...this], 1);
    }),
    celMethod('indexOf', LIST, [DYN], INT, function indexOf(wanted) {
      return BigInt([...this].findIndex((item) => same(item, wanted)));
    }),
    celMethod('lastIndexOf', LIST, [DYN], INT, function lastIndexOf(wanted) {
      return BigInt([...this].findLastIndex((item) => same(item, wanted)));
    }),
  ];
}

function compare(left: CelValue | undefined, right: CelValue | undefined): number {
  if (typeof left === 'bigint' && typeof right === 'bigint') return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  throw new Error('the items of the list cannot be ordered');
}

function extreme(items: readonly CelValue[], sign: number): CelValue {
  const first = items[0];
  if (first === undefined) throw new Error('min or max of an empty list');
  return items.reduce((best, item) => (compare(item, best) * sign > 0 ? item : best), first);
}

const same = (left: CelValue, right: CelValue): boolean =>
  isCelList(left) && isCelList(right)
    ? left.size === right.size && [...left].every((item, index) => same(item, right.get(index) ?? null))
    : left === right;

/** Patterns are RE2 in CEL; the standard `matches` keeps that engine, these two use the subset that both read alike. */
function textFunctions(): CelFunc[] {
  return [
    celMethod('find', STRING, [STRING], STRING, function find(pattern) {
      return new RegExp(pattern, 'u').exec(this)?.[0] ?? '';
    }),
    celMethod('findAll', STRING, [STRING], LIST, function findAll(pattern) {
      return [...this.matchAll(new RegExp(pattern, 'gu'))].map((match) => match[0]);
    }),
    celFunc('isURL', [STRING], BOOL, (text) => URL.canParse(text) || text.startsWith('/')),
    celFunc('url', [STRING], STRING, (text) => {
      if (!URL.canParse(text) && !text.startsWith('/')) throw new Error(`not a URL: ${text}`);
      return text;
    }),
    celMethod('getScheme', STRING, [], STRING, function getScheme() {
      return urlOf(this)
        .protocol.replace(/:$/, '')
        .replace(/^relative$/, '');
    }),
    celMethod('getHost', STRING, [], STRING, function getHost() {
      return urlOf(this).host;
    }),
    celMethod('getHostname', STRING, [], STRING, function getHostname() {
      return urlOf(this).hostname;
    }),
    celMethod('getPort', STRING, [], STRING, function getPort() {
      return urlOf(this).port;
    }),
    celMethod('getEscapedPath', STRING, [], STRING, function getEscapedPath() {
      return urlOf(this).pathname;
    }),
  ];
}

const urlOf = (text: string): URL => new URL(text, 'relative:');
