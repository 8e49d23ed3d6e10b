import type { Change, FieldChange } from '../api/schema';
import { t } from '../text/t';

/** changeName is how the API and the command line name a pending change. */
export function changeName(change: Pick<Change, 'kind' | 'key'>): string {
  return `${change.kind}/${change.key}`;
}

export interface Difference {
  field: string;
  before?: string | undefined;
  after?: string | undefined;
}

type Fields = Record<string, unknown>;

const fields = (document: unknown): Fields =>
  typeof document === 'object' && document !== null && !Array.isArray(document) ? (document as Fields) : {};

/** show writes a value of a document in words. */
export function show(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'boolean') return value ? t('yes') : t('no');
  if (Array.isArray(value)) return value.length === 0 ? t('none') : value.map(one).join(', ');
  return one(value);
}

/** one writes a member of a list: an assignment, a tag, or whatever else as it stands. */
function one(value: unknown): string {
  const f = fields(value);
  if (typeof f.family === 'string') {
    const selector = f.version ? `version ${String(f.version)}` : `tag ${String(f.tag)}`;
    return `${f.family} by ${selector}${f.registration === 'onDemand' ? ', on demand' : ''}`;
  }
  if (typeof f.id === 'string' && typeof f.name === 'string') return f.name;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** differences lists the fields in which two documents differ. Only updates have both. */
export function differences(before: unknown, after: unknown): Difference[] {
  const [b, a] = [fields(before), fields(after)];
  const names = [...new Set([...Object.keys(b), ...Object.keys(a)])];
  return names
    .filter((field) => JSON.stringify(b[field]) !== JSON.stringify(a[field]))
    .map((field) => ({ field, before: show(b[field]), after: show(a[field]) }))
    .filter((d) => d.before !== d.after);
}

/** words turns the name of a JSON field into words: "displayName" is "display name". */
export function words(field: string): string {
  return field.replace(/([a-z])([A-Z])/g, (_, end: string, start: string) => `${end} ${start.toLowerCase()}`);
}

const longest = 70;

const short = (text: string) => (text.length > longest ? `${text.slice(0, longest)}…` : text);

/** fieldWords tells differences in one line; what is long is cut, and stands whole in the documents. */
export function fieldWords(changes: FieldChange[]): string {
  const said = changes
    .slice(0, 6)
    .map((c) => `${words(c.field)}: ${short(show(c.before) ?? t('none'))} → ${short(show(c.after) ?? t('none'))}`);
  if (changes.length > said.length) said.push(t('and {n} more', { n: changes.length - said.length }));
  return said.join('; ');
}
