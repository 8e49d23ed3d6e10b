/** The eight statuses, in the order in which the server decides them. */
export const statuses = [
  'No version found',
  'Not applied',
  'Certificate missing',
  'Not found',
  'Staging failed',
  'Disabling',
  'In use',
  'Ready',
] as const;

export type StatusName = (typeof statuses)[number];

export type Mood = 'bad' | 'waiting' | 'busy' | 'good';

const moods: Record<StatusName, Mood> = {
  'No version found': 'bad',
  'Not applied': 'waiting',
  'Certificate missing': 'bad',
  'Not found': 'bad',
  'Staging failed': 'bad',
  Disabling: 'waiting',
  'In use': 'busy',
  Ready: 'good',
};

export function isStatus(name: unknown): name is StatusName {
  return typeof name === 'string' && (statuses as readonly string[]).includes(name);
}

/** mood chooses colour and icon. A status that this build does not know is shown as one to look at. */
export function mood(name: string): Mood {
  return isStatus(name) ? moods[name] : 'waiting';
}

/** retries tells whether a host tries again when it is asked to. */
export function retries(name: string): boolean {
  return name === 'Not found' || name === 'Staging failed' || name === 'Certificate missing';
}

interface Row {
  host: string;
  status: { name: string };
}

/** total counts rows by status, in the fixed order and without those that there are none of. */
export function total(rows: Row[]): { name: string; count: number }[] {
  const sums = new Map<string, number>(statuses.map((name) => [name, 0]));
  for (const { status } of rows) sums.set(status.name, (sums.get(status.name) ?? 0) + 1);
  return [...sums].filter(([, n]) => n > 0).map(([name, n]) => ({ name, count: n }));
}

/** filterRows keeps the rows of a host, of a status, or of both. Names of hosts differ in more than case. */
export function filterRows<R extends Row>(rows: R[], { host, status }: { host?: string; status?: string }): R[] {
  const folded = host?.toLowerCase();
  return rows.filter(
    (row) =>
      (folded === undefined || row.host.toLowerCase() === folded) &&
      (status === undefined || row.status.name === status),
  );
}
