/** The errors that pulso speaks of by name: one list of codes, one class, one form on the wire. */

/** Every code with the HTTP status it answers with; a code is never reused for something else. */
export const ERROR_CODES = {
  'bad-parameter': 400,
  'bad-config': 400,
  'bad-message': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  conflict: 409,
  'too-large': 413,
  'unsupported-media-type': 415,
  'too-many-requests': 429,
  unavailable: 503,
  'deadline-exceeded': 503,
  fenced: 409,
  'data-locked': 409,
  'data-mismatch': 409,
  internal: 500,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Errors as data: what crosses threads and sockets. */
export type WireError = { readonly code: ErrorCode; readonly message: string; readonly field?: string };

/**
 * An error that a caller can act on.
 * @example throw new AppError('bad-parameter', 'Cannot parse "limit" as a whole number: current value is x', { field: 'limit' });
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly retryable: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    options: { field?: string | undefined; retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.field = options.field;
    this.retryable = options.retryable ?? ERROR_CODES[code] >= 500;
  }
}

/** Anything thrown, as data that survives structured cloning. Never throws. */
export function toWireError(thrown: unknown): WireError {
  if (thrown instanceof AppError) {
    return {
      code: thrown.code,
      message: thrown.message,
      ...(thrown.field === undefined ? {} : { field: thrown.field }),
    };
  }
  return { code: 'internal', message: thrown instanceof Error ? thrown.message : String(thrown) };
}

export function fromWireError(error: WireError): AppError {
  return new AppError(error.code, error.message, { field: error.field });
}

/** For the default branch of an exhaustive switch. */
export function assertNever(value: never): never {
  throw new TypeError(`Cannot handle ${JSON.stringify(value)} as no case is left for it`);
}
