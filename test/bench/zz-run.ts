import { benchAggregate } from './aggregate.ts';
console.table(await benchAggregate());
