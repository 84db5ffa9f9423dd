import type { Result, Row } from './result.ts';

const HEADER = ['', 'CPU ms', 'wall ms', 'us/service', 'us/KB', 'Rust ms', 'ratio', ''] as const;

/** One result as a table; the ratio compares CPU time with the Rust original's, or wall time where a median is of the clock. */
export function toTable(result: Result): string {
  const rows = [HEADER, ...result.rows.map((row) => cellsOf(row))];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === HEADER.length - 1
          ? cell.padEnd(widths[column] ?? 0)
          : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return `${result.case} ${result.shape} (peak ${result.peakMB.toFixed(0)} MB)\n${lines.join('\n')}\n`;
}

function cellsOf(row: Row): readonly string[] {
  const { step, cpu, wall, services, bytes, rust, note = '' } = row;
  const spent = cpu === undefined || step.endsWith('median') ? wall : cpu;
  return [
    step,
    number(cpu),
    number(wall),
    number(services && (spent * 1000) / services),
    number(bytes && (spent * 1000) / (bytes / 1000)),
    number(rust),
    number(rust && spent / rust),
    note,
  ];
}

function number(value: number | undefined): string {
  if (value === undefined) return '';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}
