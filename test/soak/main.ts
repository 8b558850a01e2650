/**
 * `npm run soak [-- --minutes 10 --faults 200 --rate 1500 --seed 1]`: first no faults at all and no false alarm, then
 * many faults and no figure wrong. 0 leaves a part out. Ends with code 1 when something did not hold.
 */
import { parseArgs } from 'node:util';
import { printTable } from '../bench/figures.ts';
import { type Soaked, soakQuietly } from './quiet.ts';
import { strike } from './struck.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    faults: { type: 'string', default: '200' },
    // From some 2,400 a second on there are minutes with more products than are counted exactly, faults or none.
    rate: { type: 'string', default: '1500' },
    seed: { type: 'string', default: '1' },
  },
});
const [minutes, faults, rate, seed] = [values.minutes, values.faults, values.rate, values.seed].map(Number);
const parts: Soaked[] = [];
if (minutes) parts.push(await soakQuietly(minutes, rate as number));
if (faults) parts.push(await strike({ seed: seed as number, faults, rate: rate as number }));
printTable(parts.flatMap(({ figures }) => figures));
const breaches = parts.flatMap((part) => part.breaches);
const verdict = breaches.length === 0 ? 'Everything held' : `${breaches.length} things did not hold`;
process.stdout.write([...breaches, verdict, ''].join('\n'));
process.exit(breaches.length === 0 ? 0 : 1);
