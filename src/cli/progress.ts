import type { Terminal } from './terminal.ts';

/** Says what takes long, to somebody who watches; the line goes when the next begins or all is done. */
export interface Progress {
  /** `size` is the work ahead in units of which about 1,000 take a second; less than that is not worth a line. */
  readonly begin: (what: string, size: number) => void;
  readonly done: () => void;
}

const WORTH_SAYING = 1000;
const ERASE = '\r\u001b[K';

/** Progress on stderr. Silent when stderr is no terminal. */
export function progressOn(terminal: Terminal): Progress {
  let shown = false;
  const erase = (): void => {
    if (shown) terminal.stderr(ERASE);
    shown = false;
  };
  return {
    begin: (what, size) => {
      erase();
      if (!terminal.interactive || size < WORTH_SAYING) return;
      terminal.stderr(`${what} ...`);
      shown = true;
    },
    done: erase,
  };
}
