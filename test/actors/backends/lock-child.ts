/** Takes the lock of a folder, says who it is, drops every reference to it, and waits to be killed. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { acquireLock } from '../../../actors/backends/lock.ts';

acquireLock(process.argv[2] as string).announce({ pid: process.pid, url: 'http://127.0.0.1:8080', token: 'secret' });
// A lock must hold although nobody holds on to it.
setFlagsFromString('--expose-gc');
(runInNewContext('gc') as () => void)();
process.stdout.write('locked\n');
setInterval(() => undefined, 1000);
