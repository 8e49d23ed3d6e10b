import { address, type Asked, type Loose, type Op } from './ask';
import { routes } from './schema';

/** Intent is a write before it is done: it can be shown as a command, and then done. */
export interface Intent {
  op: Op;
  asked: Loose;
  /** The arguments of the program berth that do the same. */
  cli: string[];
}

/** intent makes an Intent whose parts fit the operation. */
export function intent<O extends Op>(op: O, asked: Asked<O>, ...cli: string[]): Intent {
  return { op, asked: asked as Loose, cli };
}

const harmless = /^[A-Za-z0-9_@%+=:,./~-]+$/;

/** quote writes an argument as a POSIX shell reads it. */
export function quote(argument: string): string {
  return harmless.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** Commands about files know no site. */
const siteless = new Set(['image', 'msix']);

/** commandLine is what does the same in a terminal. Where there are several sites it names the one in view. */
export function commandLine(cli: string[], site?: string): string {
  const named = site === undefined || cli.includes('--site') || siteless.has(cli[0] ?? '');
  const all = ['berth', ...cli, ...(named ? [] : ['--site', site])];
  return all.map(quote).join(' ');
}

const secret = /password|secret/i;

/** curlLine is the request itself. What is secret is left for its writer to fill in. */
export function curlLine({ op, asked }: Intent, site: string, origin: string): string {
  const parts = ['curl', '-X', routes[op][0], quote(`${origin}/api/v1${address(op, asked, site)}`)];
  parts.push('-H', '"Authorization: Bearer $BERTH_TOKEN"');
  if (asked.ifMatch !== undefined) parts.push('-H', quote(`If-Match: ${asked.ifMatch}`));
  if (asked.body !== undefined) {
    const hidden = JSON.stringify(asked.body, (name, value: unknown) => (secret.test(name) ? '…' : value));
    parts.push('-H', "'Content-Type: application/json'", '-d', quote(hidden));
  }
  return parts.join(' ');
}
