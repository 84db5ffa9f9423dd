const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A quantity as Kubernetes writes it; a thousand is `k` there. */
export function quantityText(value: string | number): string {
  if (typeof value === 'string') return value.replace(/^(\d+(?:\.\d+)?)K$/, '$1k');
  return Number.isInteger(value) ? BigInt(value).toString() : value.toFixed(9).replace(/\.?0+$/, '');
}

/** Whether `a` is more than `b`; both are quantities that validation let pass. */
export function exceeds(a: string | number, b: string | number): boolean {
  return numberOf(a) > numberOf(b);
}

function numberOf(value: string | number): number {
  if (typeof value === 'number') return value;
  const [, digits = '0', unit = ''] = /^([\d.]+)(\D*)$/.exec(value) ?? [];
  return Number(digits) * (UNITS[unit] ?? 1);
}
