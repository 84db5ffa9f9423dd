// Loaded before the tests: every property draws the same each time, so that a run says of the change what another run says,
// and not who was lucky. LATTICE_SEED=NUMBER draws others, LATTICE_SEED=random others each time, and says which.
import fc from 'fast-check';

const DEFAULT = 20_261_122;
const given = process.env['LATTICE_SEED'];
const seed = given === undefined ? DEFAULT : given === 'random' ? Date.now() % 1_000_000_000 : Number(given);
if (!Number.isSafeInteger(seed)) throw new Error(`LATTICE_SEED is a whole number, or "random", and not ${given}`);
if (given === 'random') process.stderr.write(`LATTICE_SEED=${seed}\n`);
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
