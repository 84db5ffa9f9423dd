// Cuts a stream of bytes into lines without making strings.

export interface Lines {
  /** Calls back with every line that `chunk` completes. The bytes are valid only during the call. */
  feed(chunk: Buffer, onLine: (line: Buffer) => void): void;
  /** Bytes of a line that has begun but not ended. */
  readonly pending: number;
}

export function lines(): Lines {
  let held: Buffer[] = [];
  let pending = 0;
  return {
    feed(chunk, onLine) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        const tail = chunk.subarray(start, end);
        start = end + 1;
        if (pending === 0) {
          if (tail.length > 0) onLine(tail);
          continue;
        }
        const line = Buffer.concat([...held, tail]);
        held = [];
        pending = 0;
        onLine(line);
      }
      if (start === chunk.length) return;
      // A copy: the chunk's memory belongs to the socket's pool and would be kept alive whole.
      const rest = Buffer.from(chunk.subarray(start));
      held.push(rest);
      pending += rest.length;
    },
    get pending() {
      return pending;
    },
  };
}
