/** Works off what there is to archive, and kills itself -9 in the middle of, or right after, the n-th call that changes something outside. */

import { watched } from './faults.ts';
import { open, shopIn, workOff } from './shop.ts';

const [dataDir, budget, at, when] = process.argv.slice(2) as [string, string, string, 'during' | 'after'];
const CHANGES = /^(manifest\.(create|advance)|files\.(write|publish|remove)|wanted\.add|drop)$/;
let calls = 0;

function killAt(moment: typeof when, name: string): void {
  if (!CHANGES.test(name)) return;
  if (moment === 'during') calls++;
  if (moment === when && calls === Number(at)) process.kill(process.pid, 'SIGKILL');
}

const { archiver, close } = await open(shopIn(dataDir), Number(budget), (ports) =>
  watched(ports, {
    before: () => {},
    during: (name) => killAt('during', name),
    after: (name) => killAt('after', name),
  }),
);
await archiver.wantAll();
await workOff(archiver);
await close();
