import { styleText } from 'node:util';
import { type Finding, formatPath, type Severity } from '../../api/index.ts';
import { titleOf } from './object.ts';

const COLOURS: Readonly<Record<Severity, 'red' | 'yellow' | 'cyan'>> = {
  error: 'red',
  warning: 'yellow',
  info: 'cyan',
};

/** Findings for people: `file:line:column: severity Code: object path: message`, and the fix below it. */
export function formatFindings(findings: readonly Finding[], colour: boolean): string {
  return findings.map((finding) => formatFinding(finding, colour)).join('');
}

function formatFinding(finding: Finding, colour: boolean): string {
  const paint = (style: 'red' | 'yellow' | 'cyan' | 'bold' | 'dim', text: string) =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const { file, line, column, object, path } = finding;
  const where = file === undefined ? '' : [file, line, column].filter((part) => part !== undefined).join(':');
  const about = [object ? titleOf(object) : '', path && path.length > 0 ? formatPath(path) : '']
    .filter((part) => part !== '')
    .join(' ');
  const head = [
    where === '' ? '' : `${paint('bold', where)}: `,
    paint(COLOURS[finding.severity], finding.severity),
    ` ${finding.code}: `,
    about === '' ? '' : `${about}: `,
  ].join('');
  const fix = finding.fix?.trimEnd().split('\n') ?? [];
  const lines = fix.length > 1 ? ['fix:', ...fix.map((text) => `  ${text}`)] : fix.map((text) => `fix: ${text}`);
  return `${head}${printable(finding.message)}\n${lines.map((text) => `  ${paint('dim', printable(text))}\n`).join('')}`;
}

/** Text of the user's must not move the cursor or colour the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    if (character === '\n' || character === '\t') return character;
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
