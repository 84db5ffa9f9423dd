import { YAMLException } from 'js-yaml';

/** What a refusal of the parser means to the person who wrote the document. `offset` counts from its beginning. */
export function explainRefusal(
  error: unknown,
  text: string,
): { readonly code: string; readonly offset: number; readonly message: string; readonly fix?: string } {
  const reason = error instanceof YAMLException ? error.reason : error instanceof Error ? error.message : String(error);
  const offset = Math.min(error instanceof YAMLException ? (error.mark?.position ?? 0) : 0, text.length);
  const known = KNOWN.find(({ pattern }) => pattern.test(reason));
  if (!known) return { code: 'InvalidYaml', offset, message: `cannot be read as YAML: ${reason}` };
  return { code: known.code, offset, message: known.message(text.slice(offset), reason), fix: known.fix };
}

interface Known {
  readonly pattern: RegExp;
  readonly code: string;
  readonly message: (rest: string, reason: string) => string;
  readonly fix: string;
}

const KNOWN: readonly Known[] = [
  {
    pattern: /^duplicated mapping key/,
    code: 'DuplicateKey',
    message: (rest) => `the key ${firstWord(rest)} is written twice in one map`,
    fix: 'keep one of them',
  },
  {
    pattern: /^forbidden key/,
    code: 'ForbiddenKey',
    message: () => 'the key __proto__ is not allowed',
    fix: 'remove it',
  },
  {
    pattern: /^empty key/,
    code: 'EmptyKey',
    message: () => 'a key is missing before the colon, or is null',
    fix: 'write the key; quote it if the word null is meant',
  },
  {
    pattern: /^tab characters/,
    code: 'TabIndentation',
    message: () => 'a tab cannot indent YAML',
    fix: 'indent with spaces',
  },
  {
    pattern: /^nesting exceeded/,
    code: 'NestingTooDeep',
    message: (_, reason) => `maps and lists are nested too deeply: ${reason.replace(/\D+/g, '')} levels at most`,
    fix: 'no object of Kubernetes needs that many: look for an unclosed bracket',
  },
  {
    pattern: /^unidentified alias/,
    code: 'UnknownAlias',
    message: (rest) => `the alias *${firstWord(rest)} has no anchor &... before it`,
    fix: 'quote the value if text that begins with "*" is meant',
  },
  {
    pattern: /^(unknown (scalar|sequence|mapping) tag|cannot resolve a node|undeclared tag handle)/,
    code: 'YamlTag',
    message: (_, reason) => `a tag that has no meaning here: ${reason}`,
    fix: 'remove the tag; quote the value if text that begins with "!" is meant',
  },
  {
    pattern: /^(null byte|the stream contains non-printable|expected valid JSON character)/,
    code: 'ControlCharacter',
    message: () => 'a control character that YAML does not allow',
    fix: 'remove it, or write it as an escape in double quotes, such as "\\u0007"',
  },
  {
    pattern: /^object-based map does not support complex keys/,
    code: 'ComplexKey',
    message: () => 'a map or list stands where a key must be',
    fix: 'write a plain key; quote text that begins with { or [',
  },
  {
    pattern: /^unexpected end of the (stream|document) within a (single|double) quoted/,
    code: 'InvalidYaml',
    message: () => 'a quote is opened and never closed',
    fix: 'close it on the same line',
  },
  {
    pattern: /^unexpected end of the stream within a flow/,
    code: 'InvalidYaml',
    message: () => 'a bracket is opened and never closed',
    fix: 'close it with } or ]',
  },
  {
    pattern: /^deficient indentation/,
    code: 'BadIndentation',
    message: () => 'this line is not indented enough for the quote or bracket that is still open above it',
    fix: 'close the quote or bracket, or indent the line',
  },
  {
    pattern: /^bad indentation of a mapping entry/,
    code: 'BadIndentation',
    message: () => 'this does not continue the map above: its indentation differs, or a second ": " stands in one line',
    fix: 'give entries of one map the same indentation; quote a value that contains ": "',
  },
  {
    pattern: /^bad indentation/,
    code: 'BadIndentation',
    message: () => 'this entry is indented unlike the others of its list',
    fix: 'give entries of one list the same indentation',
  },
  {
    pattern: /^end of the stream or a document separator|^a second document begins/,
    code: 'InvalidYaml',
    message: () => 'more text follows where the document should end',
    fix: 'indent it as part of the document, or put "---" between two documents',
  },
  {
    pattern: /multiline key may not be an implicit key|expected ':' after a mapping key/,
    code: 'InvalidYaml',
    message: () => 'a line without "key: value" inside of a map',
    fix: 'write "key: value" with a space behind the colon; quote text with special characters',
  },
];

function firstWord(rest: string): string {
  const word = /^[^\s:,\]}]{1,64}/.exec(rest)?.[0] ?? '';
  return word;
}
