// Gives equal short strings one copy: phases, namespaces, node names and label values repeat thousands of times.

export interface StringTable {
  /** The ASCII string in bytes[start, end); `hash` is any hash of these bytes. */
  read(bytes: Buffer, start: number, end: number, hash: number): string;
}

const SLOTS = 4096;
const LONGEST = 64;

/** Direct-mapped and of fixed size: a collision costs a copy, never memory. */
export function stringTable(): StringTable {
  const slots: string[] = Array.from({ length: SLOTS }, () => '');
  return {
    read(bytes, start, end, hash) {
      const length = end - start;
      if (length > LONGEST) return bytes.toString('latin1', start, end);
      const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
      const held = slots[slot] ?? '';
      if (held.length === length) {
        let same = 0;
        while (same < length && held.charCodeAt(same) === bytes[start + same]) same += 1;
        if (same === length) return held;
      }
      const made = bytes.toString('latin1', start, end);
      slots[slot] = made;
      return made;
    },
  };
}
