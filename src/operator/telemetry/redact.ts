// What may stand in a log line: values of bounded length, and nothing that opens anything.
import { KubeError } from '../../kube/index.ts';
import type { LogFields } from '../context.ts';

type Plain = string | number | boolean | readonly string[];

const HIDDEN = '[redacted]';
/** A field of such a name holds a secret, whatever it looks like. */
const SECRET_NAME =
  /^(?:.*[-_.])?(?:authorization|password|passphrase|secretData|token|apiKey|privateKey|cookie|key\.pem)$/i;
/** Text that is a secret, whatever its field is called. */
const SECRET_TEXT = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b(?:Bearer|Basic)\s+[\w.~+/=-]{8,}/gi,
  // A JSON Web Token, such as a ServiceAccount's.
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
];
const MAX_TEXT = 4096;
const MAX_LIST = 64;

/** The fields as they are written: without undefined ones, errors as text with their causes. */
export function redacted(fields: LogFields): Record<string, Plain> {
  const result: Record<string, Plain> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (SECRET_NAME.test(name)) result[name] = HIDDEN;
    else if (typeof value === 'string') result[name] = safeText(value);
    else if (value instanceof Error) Object.assign(result, errorFields(name, value));
    else if (typeof value === 'object') {
      const more = value.length > MAX_LIST ? [`and ${value.length - MAX_LIST} more`] : [];
      result[name] = [...value.slice(0, MAX_LIST).map(safeText), ...more];
    } else result[name] = value;
  }
  return result;
}

function safeText(text: string): string {
  const clean = SECRET_TEXT.reduce((rest, pattern) => rest.replaceAll(pattern, HIDDEN), text);
  return clean.length > MAX_TEXT ? `${clean.slice(0, MAX_TEXT)}... (${clean.length} characters)` : clean;
}

function errorFields(name: string, error: Error): Readonly<Record<string, string>> {
  const meaning = error instanceof KubeError ? { [`${name}Meaning`]: error.meaning } : {};
  return { [name]: safeText(withCauses(error, 0)), ...meaning };
}

/** A stack says nothing to who runs the operator; only a defect of ours is shown with it. */
function withCauses(error: Error, depth: number): string {
  const text = isDefect(error) ? (error.stack ?? error.message) : error.message;
  if (!(error.cause instanceof Error) || depth > 4 || text.includes(error.cause.message)) return text;
  return `${text}: ${withCauses(error.cause, depth + 1)}`;
}

const isDefect = (error: Error): boolean => error instanceof TypeError || error instanceof RangeError;
