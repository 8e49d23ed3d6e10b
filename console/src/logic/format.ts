/** isTime tells whether a time is one: Go writes the year 1 for none. */
export function isTime(iso: string | undefined): iso is string {
  return iso !== undefined && !iso.startsWith('0001-') && !Number.isNaN(Date.parse(iso));
}

const steps: [number, Intl.RelativeTimeFormatUnit][] = [
  [60, 'second'],
  [60, 'minute'],
  [24, 'hour'],
  [30, 'day'],
  [12, 'month'],
  [Number.POSITIVE_INFINITY, 'year'],
];

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

/** ago tells how long a time is past, or still ahead, in its largest unit. */
export function ago(iso: string, now: number): string {
  let amount = (Date.parse(iso) - now) / 1000;
  if (Math.abs(amount) < 5) return 'just now';
  for (const [size, unit] of steps) {
    if (Math.abs(Math.round(amount)) < size) return relative.format(Math.round(amount), unit);
    amount /= size;
  }
  return iso;
}

/** utc is the exact time, which is the same for everybody who looks. */
export function utc(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** local is the time in the reader's own zone. */
export function local(iso: string): string {
  return new Date(iso).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}

/** day is the date alone, UTC, as certificates count. */
export function day(iso: string): string {
  return new Date(iso).toISOString().slice(0, 10);
}

/** bytes gives a size in binary units, as Windows shows it. */
export function bytes(n: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${unit === 0 ? n : n.toFixed(n < 10 ? 1 : 0)} ${units[unit]}`;
}

/** duration gives milliseconds in the unit that suits them. */
export function duration(ms: number): string {
  if (ms === 0) return '0 ms';
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** minutes names a whole number of them in the largest unit that divides it. */
export function minutes(n: number): string {
  if (n > 0 && n % 1440 === 0) return count(n / 1440, 'day');
  return n > 0 && n % 60 === 0 ? count(n / 60, 'hour') : count(n, 'minute');
}

/** count writes a number with its noun. */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : plural}`;
}

const kinds: Record<string, string> = { rdsh: 'RD Session Host', vdi: 'VDI', avd: 'Azure Virtual Desktop' };

/** hostKind is the kind of a host in words. */
export function hostKind(kind: string): string {
  return kinds[kind] ?? kind;
}

const expiryWarning = 30 * 24 * 3600 * 1000;

/** expiry judges when a certificate ends. */
export function expiry(notAfter: string, now: number): 'expired' | 'soon' | 'fine' {
  const left = Date.parse(notAfter) - now;
  if (left <= 0) return 'expired';
  return left < expiryWarning ? 'soon' : 'fine';
}
