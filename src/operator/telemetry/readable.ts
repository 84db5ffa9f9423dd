import { styleText } from 'node:util';

const COLOURS = { debug: 'gray', info: 'cyan', warn: 'yellow', error: 'red' } as const;

/** A JSON log line as words: `12:00:00.000 INFO  message  field=value`. What is no such line is passed on as it is. */
export function readable(line: string, colour: boolean): string {
  const entry = parsed(line);
  if (!entry) return line;
  const { time, level, message, ...fields } = entry;
  const label = String(level).toUpperCase().padEnd(5);
  const painted = colour && isLevel(level) ? styleText(COLOURS[level], label, { validateStream: false }) : label;
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${shown(value)}`);
  return `${[String(time).slice(11, 23), painted, printable(String(message)), ...rest].join(' ')}\n`;
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    // Not ours: the caller shows it unchanged.
    return undefined;
  }
}

const isLevel = (level: unknown): level is keyof typeof COLOURS => typeof level === 'string' && level in COLOURS;

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.map(shown).join(',');
  const text = String(value);
  return /^[^\s"=]+$/.test(text) && printable(text) === text ? text : JSON.stringify(text);
}

/** Text of others must not move the cursor or colour the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
