/** tagNames gives tags their present names: they can be renamed, their ids stay. */
export function tagNames(ids: string[] | undefined, tags: { id: string; name: string }[] | undefined): string[] {
  return (ids ?? []).map((id) => tags?.find((tag) => tag.id === id)?.name ?? id);
}
