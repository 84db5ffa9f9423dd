import type { ShapeName } from './fixture.ts';

/**
 * The same work done by the Rust original (evan-hines-js/lattice at 08fbacb, Rust 1.95, release profile), measured on
 * 2 vCPU with the machine to itself: medians in milliseconds. One thread, so wall and CPU time agree within 2 %.
 * Its objects have no rule per peer at Cilium's door, so its output is smaller: compare per KB too.
 */
export interface Anchor {
  readonly parse: number;
  /** n puts into an empty graph. */
  readonly build: number;
  readonly compileKept: number;
  readonly compileDropped: number;
  readonly compileToJson: number;
  /** Put, affected set, and compiling what is affected; the sum of the three medians. */
  readonly edit: number;
  readonly jsonBytes: number;
  /** Highest resident memory with the graph and all objects kept, in MB. Uniform graphs only. */
  readonly peakMB?: number;
}

export const RUST: Readonly<Record<ShapeName, Anchor>> = {
  '1.5k-uniform': {
    parse: 5.3,
    build: 10.3,
    compileKept: 52.9,
    compileDropped: 52.4,
    compileToJson: 55.2,
    edit: 0.629,
    jsonBytes: 2_506_441,
    peakMB: 24,
  },
  '1.5k-skew': {
    parse: 4.7,
    build: 10.9,
    compileKept: 120,
    compileDropped: 122,
    compileToJson: 127,
    edit: 2.264,
    jsonBytes: 2_464_848,
  },
  '50k-uniform': {
    parse: 299,
    build: 727,
    compileKept: 2885,
    compileDropped: 2802,
    compileToJson: 2939,
    edit: 0.953,
    jsonBytes: 83_684_356,
    peakMB: 695,
  },
  '50k-skew': {
    parse: 316,
    build: 1531,
    compileKept: 12_942,
    compileDropped: 12_330,
    compileToJson: 13_522,
    edit: 4.982,
    jsonBytes: 82_236_450,
  },
};
