/**
 * Who may ask: decisions over headers alone. A page from elsewhere can neither read (the Host must be a name that is
 * served, which a rebound name is not) nor change anything (its Origin is foreign).
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../../protocol/errors.ts';

export type AccessSettings = {
  /** The host that is listened on. */
  readonly host: string;
  readonly token: string;
  /** Further origins that may connect, such as `https://shop.example`. */
  readonly origins: readonly string[];
};

/** What a route asks of whoever calls it. */
export type Access =
  /** Anybody, always: health. */
  | 'open'
  /** The token, unless the host is loopback. */
  | 'read'
  /** As `read`, and never from a foreign origin. */
  | 'write'
  /** The token, always, and never from a foreign origin. */
  | 'command';

export type Asker = {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
  readonly queryToken: string | null;
  /** The address the connection came in on. */
  readonly localAddress: string | undefined;
};

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

export class AccessRules {
  #settings: AccessSettings;
  #names: ReadonlySet<string>;
  #token: Buffer;

  constructor(settings: AccessSettings) {
    this.#settings = settings;
    const names = settings.origins.map((origin) => new URL(origin).hostname);
    this.#names = new Set([...names, hostname(bracketed(settings.host))]);
    this.#token = digest(settings.token);
  }

  get loopback(): boolean {
    return isLoopback(this.#settings.host);
  }

  /** Throws `forbidden` unless the request is for a name that is served here. */
  checkHost({ host, localAddress }: Asker): void {
    const name = host === undefined ? '' : hostname(host);
    if (isLoopback(name) || this.#names.has(name) || name === hostname(bracketed(plainAddress(localAddress)))) return;
    throw new AppError(
      'forbidden',
      `Cannot serve host ${JSON.stringify(name.slice(0, 100))} as it is not among the names of this server (PULSO_ORIGINS adds some)`,
    );
  }

  /** A foreign page's Origin; scripts send none. */
  isForeign({ origin, host }: Asker): boolean {
    if (origin === undefined) return false;
    return !this.#settings.origins.includes(origin) && !isSameHost(origin, host);
  }

  isAllowedOrigin(origin: string): boolean {
    return this.#settings.origins.includes(origin);
  }

  check(access: Access, asker: Asker): void {
    if (access === 'write' || access === 'command') this.#checkOrigin(asker);
    if (access === 'command' || (access !== 'open' && !this.loopback)) this.#checkToken(asker);
  }

  holdsToken({ authorization, queryToken }: Asker): boolean {
    const bearer = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    return [bearer, queryToken].some((given) => given != null && this.isToken(given));
  }

  isToken(given: string): boolean {
    return timingSafeEqual(digest(given), this.#token);
  }

  #checkOrigin(asker: Asker): void {
    if (!this.isForeign(asker)) return;
    throw new AppError(
      'forbidden',
      `Cannot take this from origin ${JSON.stringify(asker.origin?.slice(0, 100))} as it is foreign (PULSO_ORIGINS allows some)`,
    );
  }

  #checkToken(asker: Asker): void {
    if (this.holdsToken(asker)) return;
    throw new AppError(
      'unauthorized',
      'Cannot do this without the token: send it as "Authorization: Bearer .." or as ?token=',
    );
  }
}

/** Digests have one length, so that comparing them tells nothing of the token's. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** The name in a Host header, without port, as URLs write it. */
function hostname(host: string): string {
  const url = `http://${host}`;
  return /[/?#@\s\\]/.test(host) || !URL.canParse(url) ? '' : new URL(url).hostname;
}

function bracketed(address: string): string {
  return address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
}

/** IPv4 in an IPv6 socket comes as ::ffff:1.2.3.4. */
function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}

function isSameHost(origin: string, host: string | undefined): boolean {
  if (host === undefined || !/^https?:\/\//.test(origin) || !URL.canParse(origin)) return false;
  const scheme = origin.slice(0, origin.indexOf('//'));
  return URL.canParse(`${scheme}//${host}`) && new URL(origin).host === new URL(`${scheme}//${host}`).host;
}
