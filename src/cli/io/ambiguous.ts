/** Why a plain scalar must be quoted: what YAML 1.1 (kubectl) and YAML 1.2 make of it. */
export interface Ambiguity {
  readonly code: 'AmbiguousScalar' | 'NumberTooLarge' | 'NotANumber';
  readonly message: string;
  readonly fix: string;
}

const WORDS: Readonly<Record<string, 'true' | 'false'>> = Object.fromEntries([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON'].map((word) => [word, 'true'] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF'].map((word) => [word, 'false'] as const),
]);

/** Plain scalars that cannot be ambiguous begin with none of these: a cheap test before the patterns. */
export function mayBeAmbiguous(firstCharacter: number): boolean {
  // Digits, + - . < and y Y n N o O.
  return (
    (firstCharacter >= 0x2b && firstCharacter <= 0x3c && firstCharacter !== 0x2c && firstCharacter !== 0x2f) ||
    firstCharacter === 0x79 ||
    firstCharacter === 0x59 ||
    firstCharacter === 0x6e ||
    firstCharacter === 0x4e ||
    firstCharacter === 0x6f ||
    firstCharacter === 0x4f
  );
}

/** Whether an unquoted scalar or key means one thing to kubectl (YAML 1.1) and another in YAML 1.2; undefined if not. */
export function ambiguityOf(plain: string): Ambiguity | undefined {
  if (Object.hasOwn(WORDS, plain)) {
    return ambiguous(plain, `${WORDS[plain]} for kubectl (YAML 1.1), but text in YAML 1.2`, `or ${WORDS[plain]}`);
  }
  if (plain === '<<') {
    return {
      code: 'AmbiguousScalar',
      message: '<< merges a map for kubectl (YAML 1.1), but is an ordinary key in YAML 1.2',
      fix: 'write the merged fields out, or quote it ("<<") if the key is meant',
    };
  }
  if (!/^[-+.\d]/.test(plain)) return undefined;
  if (/^[-+]?0[\d_]+$/.test(plain)) return ambiguous(plain, 'octal for kubectl (YAML 1.1), decimal in YAML 1.2');
  if (/^[-+]?0o[0-7_]+$/.test(plain)) return ambiguous(plain, 'text in YAML 1.1, octal in YAML 1.2');
  if (/^[-+]?0b[01_]+$/.test(plain)) return ambiguous(plain, 'binary for kubectl (YAML 1.1), text in YAML 1.2');
  if (/^(?:[-+]0x[\da-fA-F_]+|0x[\da-fA-F]*_[\da-fA-F_]*)$/.test(plain)) {
    return ambiguous(plain, 'hexadecimal for kubectl (YAML 1.1), text in YAML 1.2');
  }
  if (/^[-+]?[\d.][\d.]*_[\d_.]*(?:[eE][-+]?\d+)?$/.test(plain)) {
    return ambiguous(plain, 'a number for kubectl (YAML 1.1), text in YAML 1.2');
  }
  if (/^[-+]?\d+(?::[0-5]?\d)+(?:\.\d*)?$/.test(plain)) {
    return ambiguous(plain, 'a number in base 60 in YAML 1.1, text in YAML 1.2');
  }
  if (/^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/.test(plain)) {
    return { code: 'NotANumber', message: `${plain} has no form in JSON`, fix: `quote it: "${plain}"` };
  }
  const huge =
    (/^[-+]?\d{16,}$/.test(plain) && !Number.isSafeInteger(Number(plain))) ||
    (/^[-+]?[\d.]+[eE]\+?\d+$/.test(plain) && !Number.isFinite(Number(plain)));
  if (huge) {
    return {
      code: 'NumberTooLarge',
      message: `${plain} is too large to be read exactly`,
      fix: 'quote it, if text is meant',
    };
  }
  return undefined;
}

function ambiguous(plain: string, readings: string, besides = ''): Ambiguity {
  return {
    code: 'AmbiguousScalar',
    message: `${plain} is ${readings}`,
    fix: `quote it: "${plain}"${besides === '' ? '' : `, ${besides}`}`,
  };
}
