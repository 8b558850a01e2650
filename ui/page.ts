/**
 * The page's own state and its hands on the browser: address bar, storage, theme, worker. Elements get this one
 * object from the top and call it; they never talk to the server themselves.
 */
import { proxy, type Remote, wrap } from 'comlink';
import type { Channel } from '../protocol/frames-ws.ts';
import type { FeedWorker } from './data/batch.ts';
import { Http } from './data/http.ts';
import { LiveModel } from './data/live-model.ts';
import { locale } from './data/locale.ts';
import { Store } from './data/store.ts';
import type { Language } from './data/text.ts';
import { nextTheme, pickLanguage, pickTheme, readView, type Theme, type View, writeView } from './data/url-state.ts';
import { type Verdict, verdictOf } from './data/verdict.ts';
import { recall, remember } from './storage.ts';

export type Route = 'live' | 'system' | 'data';

/** Channels each page listens to; the system's also counts problems in the navigation. */
const CHANNELS: Readonly<Record<Route, readonly Channel[]>> = {
  live: ['overview', 'minutes', 'states', 'categories', 'products', 'payments', 'segments', 'clicks', 'system'],
  system: ['overview', 'system'],
  data: ['overview', 'system', 'jobs', 'quality'],
};
const PATHS: Readonly<Record<Route, string>> = { live: '/', system: '/system', data: '/data' };
const PAUSED_AT = 'pipeline/paused_at';
/** Freshness is judged this often, ms, whether or not anything arrives. */
const CLOCK_MS = 1_000;

export class Page {
  readonly store = new Store((run) => requestAnimationFrame(run));
  readonly http: Http;
  readonly model: LiveModel;
  readonly startedAt = Date.now();
  readonly #listeners = new Set<() => void>();
  readonly #feed: Remote<FeedWorker>;
  readonly #dark = matchMedia('(prefers-color-scheme: dark)');
  #token: string | undefined;
  #theme: Theme;
  #route: Route;
  #view: View;

  constructor(worker: Worker) {
    const search = new URLSearchParams(location.search);
    this.#token = takeToken(search);
    this.#theme = pickTheme(search.get('theme') ?? recall('localStorage', 'pulso.theme'));
    this.#route = routeOf(location.pathname);
    this.#view = readView(search);
    this.http = new Http({ fetch: (...args) => fetch(...args), token: () => this.#token });
    this.model = new LiveModel({ store: this.store, http: this.http, now: () => Date.now() });
    this.model.setView(this.#view);
    this.#feed = wrap<FeedWorker>(worker);
    this.#setLanguage(pickLanguage(search.get('lang') ?? recall('localStorage', 'pulso.lang'), navigator.language));
    this.#applyTheme();
  }

  get token(): string | undefined {
    return this.#token;
  }

  get theme(): Theme {
    return this.#theme;
  }

  get darkSystem(): boolean {
    return this.#dark.matches;
  }

  get route(): Route {
    return this.#route;
  }

  get view(): View {
    return this.#view;
  }

  get verdict(): Verdict {
    const { store } = this;
    return verdictOf({
      status: store.status,
      paused: store.paused !== undefined,
      empty: this.model.empty,
      held: this.held,
      now: Date.now(),
      startedAt: this.startedAt,
    });
  }

  /** Nothing is taken from the log: an operator has paused ingest. */
  get held(): boolean {
    return typeof this.store.channel('system')?.values.get(PAUSED_AT) === 'number';
  }

  start(): void {
    void this.#feed.start(
      this.#socketUrl(),
      proxy(async (batch) => {
        this.store.apply(batch);
        const { zone, currency } = batch.status ?? {};
        if (batch.status) locale.set({ ...(zone ? { zone } : {}), ...(currency ? { currency } : {}) });
      }),
    );
    void this.#feed.setChannels(CHANNELS[this.#route]);
    document.addEventListener('visibilitychange', () => void this.#feed.setVisible(!document.hidden));
    window.addEventListener('online', () => this.reconnectNow());
    window.addEventListener('popstate', () => this.#arrive());
    this.#dark.addEventListener('change', () => this.#applyTheme());
    setInterval(() => this.#tick(), CLOCK_MS);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  setView(change: Partial<View>): void {
    this.#view = { ...this.#view, ...change };
    this.model.setView(this.#view);
    this.#write((search) => writeView(search, this.#view));
    this.#tell();
  }

  go(route: Route): void {
    if (route === this.#route) return;
    history.pushState(null, '', PATHS[route] + location.search);
    this.#arrive();
    window.scrollTo(0, 0);
  }

  toggleTheme(): void {
    this.#theme = nextTheme(this.#theme, this.#dark.matches);
    this.#remember('theme', this.#theme === 'system' ? undefined : this.#theme);
    this.#applyTheme();
  }

  toggleLanguage(): void {
    const language = locale.language === 'en' ? 'pt-BR' : 'en';
    this.#remember('lang', language === 'en' ? 'en' : 'pt');
    this.#setLanguage(language);
  }

  pause(on: boolean): void {
    if (on) this.store.pause(Date.now());
    else this.store.resume();
    this.#tell();
  }

  reconnectNow(): void {
    void this.#feed.reconnectNow();
  }

  /** A command, under a key of its own. */
  post(path: string, reason: string, more: object = {}): Promise<unknown> {
    return this.http.post(path, { ...more, ...(reason === '' ? {} : { reason }), idempotency_key: randomKey() });
  }

  #tick(): void {
    this.model.tick();
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #arrive(): void {
    this.#route = routeOf(location.pathname);
    this.#view = readView(new URLSearchParams(location.search));
    this.model.setView(this.#view);
    void this.#feed.setChannels(CHANNELS[this.#route]);
    this.#tell();
  }

  #setLanguage(language: Language): void {
    document.documentElement.lang = language;
    locale.set({ language });
  }

  #applyTheme(): void {
    const dark = this.#theme === 'dark' || (this.#theme === 'system' && this.#dark.matches);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    document.dispatchEvent(new Event('pl-theme'));
    this.#tell();
  }

  /** Kept for the next visit, and in the address only where it already stands. */
  #remember(name: 'theme' | 'lang', value: string | undefined): void {
    remember('localStorage', `pulso.${name}`, value);
    this.#write((search) => {
      if (search.has(name)) {
        if (value === undefined) search.delete(name);
        else search.set(name, value);
      }
      return search;
    });
  }

  #write(change: (search: URLSearchParams) => URLSearchParams): void {
    const search = change(new URLSearchParams(location.search)).toString();
    history.replaceState(null, '', location.pathname + (search === '' ? '' : `?${search}`));
  }

  #socketUrl(): string {
    const url = new URL('/ws', location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    if (this.#token !== undefined) url.searchParams.set('token', this.#token);
    return url.href;
  }
}

function routeOf(path: string): Route {
  const routes = Object.keys(PATHS) as Route[];
  return routes.find((route) => PATHS[route] === path) ?? 'live';
}

/** A key nobody else makes; randomUUID is missing where the page is served without TLS. */
function randomKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Takes the token out of the address, so that it is in no bookmark, link or screenshot; this tab keeps it. */
function takeToken(search: URLSearchParams): string | undefined {
  const token = search.get('token');
  if (token === null) return recall('sessionStorage', 'pulso.token');
  remember('sessionStorage', 'pulso.token', token);
  search.delete('token');
  history.replaceState(null, '', location.pathname + (search.size === 0 ? '' : `?${search}`));
  return token;
}
