import { Button, Field, Input, Select } from '@fluentui/react-components';
import { SearchRegular } from '@fluentui/react-icons';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { Search } from '../logic/search';
import { t } from '../text/t';
import { useLayout } from './styles';

export interface Choice {
  name: keyof Search;
  label: string;
  /** What stands for no choice. */
  all: string;
  options: { value: string; text: string }[];
}

const typing = 300; // ms until what is typed is looked for

/** useFilter sets parts of the address; the page of before is left. */
export function useFilter() {
  const navigate = useNavigate();
  return (change: Search) =>
    void navigate({
      to: '.',
      search: (before: Search) => ({ ...before, after: undefined, before: undefined, ...change }),
      replace: true,
    });
}

/** Filters narrows a list down. All of them stand in the address. */
export function Filters({ search: label, choices }: { search?: string; choices: Choice[] }) {
  const layout = useLayout();
  const asked = useSearch({ strict: false });
  const set = useFilter();
  const names: (keyof Search)[] = [...(label === undefined ? [] : ['search' as const]), ...choices.map((c) => c.name)];
  return (
    <search className={layout.end}>
      {label !== undefined && <SearchText label={label} />}
      {choices.map(({ name, label: word, all, options }) => {
        const value = asked[name] ?? '';
        const known = value === '' || options.some((o) => o.value === value);
        return (
          <Field key={name} label={word}>
            <Select value={value} onChange={(_, data) => set({ [name]: data.value || undefined })}>
              <option value="">{all}</option>
              {!known && <option value={value}>{value}</option>}
              {options.map((o) => (
                <option key={o.value} value={o.value}>
                  {o.text}
                </option>
              ))}
            </Select>
          </Field>
        );
      })}
      {names.some((name) => asked[name] !== undefined) && (
        <Button onClick={() => set(Object.fromEntries(names.map((name) => [name, undefined])))}>
          {t('Clear filters')}
        </Button>
      )}
    </search>
  );
}

function SearchText({ label }: { label: string }) {
  const asked = useSearch({ strict: false }).search ?? '';
  const set = useFilter();
  const [text, setText] = useState(asked);
  const [seen, setSeen] = useState(asked);
  if (asked !== seen) {
    setSeen(asked); // the address changed by other means than this field
    setText(asked);
  }
  useEffect(() => {
    if (text === asked) return undefined;
    const timer = setTimeout(() => set({ search: text || undefined }), typing);
    return () => clearTimeout(timer);
  });
  return (
    <Field label={label}>
      <Input
        type="search"
        data-search="page"
        value={text}
        contentBefore={<SearchRegular />}
        onChange={(_, data) => setText(data.value)}
      />
    </Field>
  );
}
