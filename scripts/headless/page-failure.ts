// What a failure inside the headless page is to the caller: the sentence that was thrown there, without the
// names and stack traces that the browser's driver puts around it.

/** A failure inside the page, in the words of whoever threw it there. */
export class PageFailure extends Error {
  override readonly name = 'PageFailure';
}

/**
 * Makes a sentence of what the driver reports: `page.evaluate: Error: It is broken.\n    at f (http://...)`
 * becomes "It is broken.".
 */
export function pageSentence(report: string): string {
  const words = report.replace(/^\w+\.\w+: ([A-Za-z_$][\w$]*: )?/, '');
  const lines = words.split('\n');
  const trace = lines.findIndex((line) => /^\s+at |^Call log:/.test(line));
  return lines.slice(0, trace < 0 ? undefined : trace).join('\n').trim();
}

/** The error to hand on: a failure of the page as its sentence, anything else as it is. */
export function fromPage(error: unknown): unknown {
  const inside = error instanceof Error && /^page\.\w+: /.test(error.message);
  return inside ? new PageFailure(pageSentence(error.message), { cause: error }) : error;
}
