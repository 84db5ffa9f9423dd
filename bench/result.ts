/** What a case tells of one graph. Everything is a row, so that one table prints all of them. */
export interface Result {
  readonly case: string;
  readonly shape: string;
  readonly rows: readonly Row[];
  /** Highest resident memory of the process that did the work, in MB of 10^6 bytes. */
  readonly peakMB: number;
}

export interface Row {
  readonly step: string;
  /** Milliseconds of user and system time; left out where the system's clock for it is too coarse. */
  readonly cpu?: number;
  /** Milliseconds of the clock. */
  readonly wall: number;
  /** Services worked on, where a figure per service means something. */
  readonly services?: number;
  /** Bytes of compact JSON that came out. */
  readonly bytes?: number;
  /** The Rust original's figure for this step in milliseconds. */
  readonly rust?: number;
  /** What else is worth knowing. */
  readonly note?: string;
}

export function peakMB(): number {
  return (process.resourceUsage().maxRSS * 1024) / 1e6;
}

/** Whether a line that a subject printed is a result. */
export function isResult(value: unknown): value is Result {
  return typeof value === 'object' && value !== null && 'rows' in value && Array.isArray(value.rows);
}
