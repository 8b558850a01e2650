import { HyperLogLog } from '../../actors/kpi/hll.ts';
import { ByteWriter } from '../../actors/kpi/bytes.ts';
const h = new HyperLogLog();
for (let i=0;i<20000;i++) h.add(Math.random()*2**32>>>0, Math.random()*2**32>>>0);
const w = new ByteWriter();
for (let r=0;r<5;r++){ let t=performance.now(); for(let i=0;i<500;i++){ while(true){h.clearChanges(); h.add(Math.random()*2**32>>>0, Math.random()*2**32>>>0); if(h.changed)break;} w.reset(); h.write(w);} console.log((performance.now()-t)/500*1000,'us per write');}
