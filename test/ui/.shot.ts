import { axeViolations, closeBrowser, openPage, overflow, screenshot } from '../helpers/browser.ts';
import { UiServer } from '../helpers/ui-server.ts';

const server = new UiServer({ tickMs: 100, seed: 7 });
await server.start();
const jobs = JSON.parse(process.argv[2] ?? '[]') as {
  name: string;
  path?: string;
  width: number;
  height?: number;
  dark?: boolean;
  click?: string;
  axe?: boolean;
  view?: boolean;
}[];
for (const job of jobs) {
  const open = await openPage(server.url + (job.path ?? '/'), {
    width: job.width,
    height: job.height ?? 900,
    dark: job.dark ?? false,
  });
  const { page, problems, close } = open;
  try {
    await page.waitForSelector(job.path?.startsWith('/system') ? 'pl-actor-tree' : '.pl-delta', { timeout: 8000 });
  } catch (e) {
    console.log(String(e).slice(0, 200));
  }
  await page.waitForTimeout(1500);
  if (job.click) {
    for (const c of job.click.split('||')) {
      await page.click(c);
      await page.waitForTimeout(800);
    }
  }
  await screenshot(page, `/tmp/shots/${job.name}.png`, !job.view);
  console.log(job.name, 'overflow', await overflow(page), problems);
  if (job.axe) console.log(await axeViolations(page));
  await close();
}
await closeBrowser();
await server.stop();
