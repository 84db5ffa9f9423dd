import type { Sink } from '../server/message.ts';
import type { Fault } from './faults.ts';

/** A watch's sink that misbehaves once, as the fault says. Other faults leave it as it is. */
export function faultySink(sink: Sink, fault: Fault | undefined): Sink {
  switch (fault?.kind) {
    case 'freeze':
      return { ...sink, write: () => undefined, end: () => undefined };
    case 'truncate':
      return {
        ...sink,
        write(chunk) {
          sink.write(chunk.slice(0, Math.ceil(chunk.length / 2)));
          sink.reset();
        },
      };
    case 'duplicate':
      return duplicating(sink);
    case 'reorder':
      return reordering(sink);
    case 'reset':
    case 'delay':
    case 'busy':
    case 'error':
    case 'expired':
    case 'conflict':
    case undefined:
      return sink;
  }
}

function duplicating(sink: Sink): Sink {
  let done = false;
  return {
    ...sink,
    write(chunk) {
      sink.write(chunk);
      if (!done) sink.write(chunk);
      done = true;
    },
  };
}

function reordering(sink: Sink): Sink {
  let held: string | undefined;
  let done = false;
  const release = (): void => {
    if (held !== undefined) sink.write(held);
    held = undefined;
    done = true;
  };
  return {
    reset: sink.reset,
    write(chunk) {
      if (done) sink.write(chunk);
      else if (held === undefined) held = chunk;
      else if (mayOvertake(chunk, held)) {
        sink.write(chunk);
        release();
      } else {
        release();
        sink.write(chunk);
      }
    },
    end() {
      release();
      sink.end();
    },
  };
}

/** Events of one object keep their order, and a bookmark promises that everything before it was sent. */
const mayOvertake = (chunk: string, held: string): boolean =>
  identityOf(held) !== identityOf(chunk) && !isMark(chunk) && !isMark(held);

const identityOf = (line: string): string => /"uid":"[^"]*"/.exec(line)?.[0] ?? line;

const isMark = (line: string): boolean => line.startsWith('{"type":"BOOKMARK"') || line.startsWith('{"type":"ERROR"');
