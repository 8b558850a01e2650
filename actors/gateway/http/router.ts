/** The table of routes and how a request finds its row. */
import type { IncomingMessage } from 'node:http';
import { AppError } from '../../../protocol/errors.ts';
import type { Access } from './access.ts';
import type { Answer } from './answer.ts';

export type Ask = {
  readonly path: string;
  /** Parts of the path that the route names, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly search: URLSearchParams;
  readonly request: IncomingMessage;
};

export type Route = {
  readonly method: 'GET' | 'POST';
  /** `/orders/:id`: a segment that begins with a colon takes any text. */
  readonly path: string;
  readonly access: Access;
  /** The content type that a body must have. */
  readonly takes?: string;
  readonly handle: (ask: Ask) => Answer | Promise<Answer>;
};

export type Match = { readonly route: Route; readonly params: Readonly<Record<string, string>> };

const NO_PARAMS = {};

export class Router {
  /** Routes without a colon, by their path; the others are tried one by one. */
  #exact: ReadonlyMap<string, readonly Match[]>;
  #patterns: readonly { readonly route: Route; readonly segments: readonly string[] }[];

  constructor(routes: readonly Route[]) {
    const isPattern = ({ path }: Route) => path.includes(':');
    this.#patterns = routes.filter(isPattern).map((route) => ({ route, segments: route.path.split('/') }));
    const exact = routes.filter((route) => !isPattern(route)).map((route) => ({ route, params: NO_PARAMS }));
    this.#exact = Map.groupBy(exact, ({ route }) => route.path);
  }

  /** Every route of a path, whatever its method; an exact path goes before a pattern. */
  find(path: string): readonly Match[] {
    const exact = this.#exact.get(path);
    if (exact !== undefined) return exact;
    const given = path.split('/');
    return this.#patterns.flatMap(({ route, segments }) => {
      const params = matchSegments(segments, given);
      return params === undefined ? [] : [{ route, params }];
    });
  }
}

export function matchOf(matches: readonly Match[], method: string): Match | undefined {
  const wanted = method === 'HEAD' ? 'GET' : method;
  return matches.find(({ route }) => route.method === wanted);
}

/** The methods of a path, as an Allow header says them; empty for a path that no route has. */
export function allowOf(methods: readonly string[]): string {
  const known = new Set(methods);
  if (known.has('GET')) known.add('HEAD');
  return known.size === 0 ? '' : [...known, 'OPTIONS'].join(', ');
}

function matchSegments(pattern: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [place, segment] of pattern.entries()) {
    const text = given[place] as string;
    if (!segment.startsWith(':')) {
      if (segment !== text) return undefined;
    } else if (text === '') return undefined;
    else params[segment.slice(1)] = decodeSegment(text);
  }
  return params;
}

function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AppError(
      'bad-parameter',
      `Cannot decode the path as its escapes are broken: current value is ${text.slice(0, 100)}`,
    );
  }
}
