// Times as Go's `time.Parse` reads them, for what it says when it cannot.

/** Why `text` is no time of `layout` (RFC 3339, with or without exactly six digits of a second); undefined if it is one. */
export function timeError(text: string, layout: string): string | undefined {
  const quoted = JSON.stringify(text);
  const says = (why: string): string => `parsing time ${quoted} as "${layout}": ${why}`;
  const refuse = (rest: string, element: string): string =>
    says(`cannot parse ${JSON.stringify(rest)} as "${element}"`);
  const exact = layout.includes('.000000');
  let rest = text;
  const numbers: number[] = [];
  for (const element of exact ? [...ELEMENTS, '.000000'] : ELEMENTS) {
    const found = (PATTERNS[element] ?? literal(element)).exec(rest)?.[0];
    if (found === undefined) return refuse(rest, element);
    if (/^\d/.test(found)) numbers.push(Number(found));
    rest = rest.slice(found.length);
    if (element === '05' && !exact) rest = rest.replace(/^[.,]\d+/, '');
  }
  const zone = /^(?:Z|[+-]\d{2}:\d{2})/.exec(rest)?.[0];
  if (zone === undefined) return refuse(rest, 'Z07:00');
  if (zone.length < rest.length) return says(`extra text: ${JSON.stringify(rest.slice(zone.length))}`);
  const wrong = outOfRange(numbers);
  return wrong === undefined ? undefined : `parsing time ${quoted}: ${wrong} out of range`;
}

const ELEMENTS = ['2006', '-', '01', '-', '02', 'T', '15', ':', '04', ':', '05'] as const;

const PATTERNS: Readonly<Record<string, RegExp>> = {
  '2006': /^\d{4}/,
  '01': /^\d{2}/,
  '02': /^\d{2}/,
  '15': /^\d{2}/,
  '04': /^\d{2}/,
  '05': /^\d{2}/,
  '.000000': /^\.\d{6}(?!\d)/,
};

const literal = (text: string): RegExp => new RegExp(`^${text}`);

function outOfRange([year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0]: readonly number[]):
  | string
  | undefined {
  if (month < 1 || month > 12) return 'month';
  if (hour > 23) return 'hour';
  if (minute > 59) return 'minute';
  if (second > 59) return 'second';
  return day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate() ? 'day' : undefined;
}
