// Every word that the console says goes through here. The English text is the key; strings.json lists all of them, for
// translators, and a test holds that list against the sources.

let catalogue: Record<string, string> = {};

/** translate gives the texts of another language, by their English ones. */
export function translate(texts: Record<string, string>): void {
  catalogue = texts;
}

type Values = Record<string, string | number>;

/** t is the text in the reader's language; {name} stands for a value. */
export function t(text: string, values?: Values): string {
  const said = catalogue[text] ?? text;
  return values ? said.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all)) : said;
}

const number = new Intl.NumberFormat('en');

/** tn chooses between one and many, and fills in {n}. */
export function tn(n: number, one: string, many: string, values?: Values): string {
  return t(n === 1 ? one : many, { ...values, n: number.format(n) });
}
