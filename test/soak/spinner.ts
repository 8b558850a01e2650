/** Takes a core for as long as it was told. */
import { workerData } from 'node:worker_threads';

const end = performance.now() + (workerData as { ms: number }).ms;
while (performance.now() < end);
