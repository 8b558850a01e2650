/** A real Chromium for tests, from npm: one per process, a fresh page per test, figures of what the page cost. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import chromium from '@sparticuz/chromium';
import { type Browser, type BrowserContext, type Page, chromium as playwright } from 'playwright-core';

let browser: Promise<Browser> | undefined;

export function launchBrowser(): Promise<Browser> {
  browser ??= (async () => {
    chromium.setGraphicsMode = false;
    return playwright.launch({
      executablePath: await chromium.executablePath(),
      args: ['--no-sandbox', '--headless=shell', '--disable-gpu', '--font-render-hinting=none'],
    });
  })();
  return browser;
}

/** Call it after the last test of a file, or the process does not end. */
export async function closeBrowser(): Promise<void> {
  const open = browser;
  browser = undefined;
  if (open !== undefined) await (await open).close();
}

export type PageOptions = {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  readonly locale?: string;
};

export type OpenPage = {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly problems: string[];
  close(): Promise<void>;
};

/** Opens an address in a context of its own; whatever the page throws or logs as an error is collected. */
export async function openPage(url: string, options: PageOptions = {}): Promise<OpenPage> {
  const { width = 1440, height = 900, dark = false, locale = 'en-US' } = options;
  const context = await (await launchBrowser()).newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    locale,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(url);
  const close = async () => {
    // An answer that is on its way to a page that closes would fail whatever test runs then.
    await context.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
  };
  return { page, context, problems, close };
}

export async function screenshot(page: Page, path: string, fullPage = true): Promise<void> {
  await page.screenshot({ path, fullPage });
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const AXE_RULES = "{ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }";

/** What axe finds, one line a violation with the first places it stands at. */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const found = (await page.evaluate(`axe.run(document, ${AXE_RULES}).then(({ violations }) =>
    violations.map(({ id, help, nodes }) => id + ': ' + help + ' at ' + nodes.slice(0, 4).map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join('; ')))`)) as string[];
  return found;
}

/** Share of one core that the page's main thread used over so many ms, in CPU time: a busy machine adds nothing. */
export async function mainThreadShare(page: Page, ms: number): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busy = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
  };
  const before = await busy();
  const from = performance.now();
  await page.waitForTimeout(ms);
  const used = (await busy()) - before;
  await session.detach();
  return (used * 1_000) / (performance.now() - from);
}

/** Wider than the window by so many px; 0 when nothing has to be scrolled sideways. What follows the width has two frames for it. */
export async function overflow(page: Page): Promise<number> {
  return (await page.evaluate(`new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    resolve(scrollWidth - clientWidth);
  })))`)) as number;
}
