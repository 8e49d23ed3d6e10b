import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, Ref } from 'react';

const useStyles = makeStyles({
  root: {
    color: tokens.colorBrandForegroundLink,
    textDecoration: 'underline',
    textUnderlineOffset: '2px',
    borderRadius: tokens.borderRadiusSmall,
    ':hover': { color: tokens.colorBrandForegroundLinkHover },
  },
});

interface Props extends AnchorHTMLAttributes<HTMLAnchorElement> {
  ref?: Ref<HTMLAnchorElement>;
}

/** Anchor is a link out of the console, in the same look. */
export function Anchor({ className, children, ...rest }: Props) {
  return (
    <a {...rest} className={mergeClasses(useStyles().root, className)}>
      {children}
    </a>
  );
}

/** To is a link to another page of the console, in the look of a link. */
export const To = createLink(Anchor);
