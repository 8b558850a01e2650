/** Keys of channels: paths whose segments are percent-encoded, so that any text can be a segment and every key is ASCII. */

/** A lone surrogate has no UTF-8 form, so it is shown as the replacement character. */
export function segment(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

export function path(...segments: readonly string[]): string {
  return segments.map(segment).join('/');
}
