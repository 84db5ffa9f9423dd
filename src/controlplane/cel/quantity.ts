import { type CelFunc, celFunc, celMethod, CelScalar } from '@bufbuild/cel';

const { STRING, BOOL, INT } = CelScalar;

/** Resource quantities (`500m`, `1Gi`). `quantity()` yields the exact value in nanos, as text. */
export function quantityFunctions(): CelFunc[] {
  return [
    celFunc('isQuantity', [STRING], BOOL, (text) => parseQuantity(text) !== undefined),
    celFunc('quantity', [STRING], STRING, (text) => {
      const nanos = parseQuantity(text);
      if (nanos === undefined) throw new Error(`not a quantity: ${text}`);
      return `${nanos}n`;
    }),
    celMethod('isGreaterThan', STRING, [STRING], BOOL, function isGreaterThan(other) {
      return nanosOf(this) > nanosOf(other);
    }),
    celMethod('isLessThan', STRING, [STRING], BOOL, function isLessThan(other) {
      return nanosOf(this) < nanosOf(other);
    }),
    celMethod('compareTo', STRING, [STRING], INT, function compareTo(other) {
      const difference = nanosOf(this) - nanosOf(other);
      return difference > 0n ? 1n : difference < 0n ? -1n : 0n;
    }),
    celMethod('asInteger', STRING, [], INT, function asInteger() {
      return nanosOf(this) / NANO;
    }),
    celMethod('isInteger', STRING, [], BOOL, function isInteger() {
      return nanosOf(this) % NANO === 0n;
    }),
    celMethod('sign', STRING, [], INT, function sign() {
      const nanos = nanosOf(this);
      return nanos > 0n ? 1n : nanos < 0n ? -1n : 0n;
    }),
    celMethod('add', STRING, [STRING], STRING, function add(other) {
      return `${nanosOf(this) + nanosOf(other)}n`;
    }),
    celMethod('sub', STRING, [STRING], STRING, function sub(other) {
      return `${nanosOf(this) - nanosOf(other)}n`;
    }),
  ];
}

const NANO = 1_000_000_000n;
const QUANTITY = /^(?<sign>[-+]?)(?<whole>\d*)(?:\.(?<part>\d*))?(?<suffix>[numkMGTPE]|[KMGTPE]i|[eE][-+]?\d+)?$/;
const DECIMAL = 'num kMGTPE'; // n is 10^-9, and each step is 10^3; the blank is the unit
const BINARY = 'KMGTPE';

/** The exact value in billionths; undefined if the text is no quantity. */
export function parseQuantity(text: string): bigint | undefined {
  const parts = QUANTITY.exec(text)?.groups;
  if (!parts) return undefined;
  const whole = parts.whole ?? '';
  const part = parts.part ?? '';
  if (whole === '' && part === '') return undefined;
  const digits = BigInt(whole + part);
  const scaled = scale(digits, parts.suffix ?? '', part.length);
  return parts.sign === '-' ? -scaled : scaled;
}

function scale(digits: bigint, suffix: string, decimals: number): bigint {
  if (suffix.endsWith('i')) {
    const power = BigInt(BINARY.indexOf(suffix.charAt(0)) + 1);
    return (digits * 1024n ** power * NANO) / 10n ** BigInt(decimals);
  }
  const exponent = /^[eE][-+]?\d/.test(suffix) ? Number(suffix.slice(1)) : 3 * DECIMAL.indexOf(suffix || ' ') - 9;
  const power = exponent + 9 - decimals;
  return power >= 0 ? digits * 10n ** BigInt(power) : divideUp(digits, 10n ** BigInt(-power));
}

/** Below a billionth, quantities round up. */
const divideUp = (digits: bigint, divisor: bigint): bigint => (digits + divisor - 1n) / divisor;

function nanosOf(text: string): bigint {
  const nanos = parseQuantity(text);
  if (nanos === undefined) throw new Error(`not a quantity: ${text}`);
  return nanos;
}
