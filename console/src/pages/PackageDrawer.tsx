import {
  Button,
  DrawerBody,
  DrawerHeader,
  DrawerHeaderTitle,
  makeStyles,
  MessageBar,
  MessageBarBody,
  OverlayDrawer,
  Text,
  tokens,
} from '@fluentui/react-components';
import { DismissRegular } from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import type { Package } from '../api/types';
import { bytes, count, day } from '../logic/format';

const useStyles = makeStyles({
  drawer: { maxWidth: '100vw' },
  body: { overflowWrap: 'anywhere', paddingBottom: tokens.spacingVerticalXXL },
  heading: { fontSize: tokens.fontSizeBase400, margin: `${tokens.spacingVerticalL} 0 ${tokens.spacingVerticalS}` },
  facts: { display: 'grid', gridTemplateColumns: '8.5rem minmax(0, 1fr)', gap: tokens.spacingHorizontalS, margin: 0 },
  name: { color: tokens.colorNeutralForeground3 },
  value: { margin: 0 },
  list: { margin: 0, paddingLeft: tokens.spacingHorizontalXL },
  finding: { marginBottom: tokens.spacingVerticalXS },
});

interface Props {
  fullName: string | undefined;
  found: Package | undefined;
  close: () => void;
}

/** PackageDrawer shows one package of the catalogue. Which one stands in the address. */
export function PackageDrawer({ fullName, found, close }: Props) {
  const styles = useStyles();
  return (
    <OverlayDrawer
      className={styles.drawer}
      position="end"
      size="medium"
      open={fullName !== undefined}
      onOpenChange={(_, { open }) => open || close()}
    >
      <DrawerHeader>
        <DrawerHeaderTitle
          heading={{ as: 'h2' }}
          action={<Button appearance="subtle" aria-label="Close" icon={<DismissRegular />} onClick={close} />}
        >
          {found ? `${found.displayName} ${found.version}` : 'No such package'}
        </DrawerHeaderTitle>
      </DrawerHeader>
      <DrawerBody className={styles.body} tabIndex={0} role="region" aria-label="Details">
        {found ? <Details of={found} /> : <Text>The catalogue of this site has no package {fullName}.</Text>}
      </DrawerBody>
    </OverlayDrawer>
  );
}

function Details({ of: p }: { of: Package }) {
  const styles = useStyles();
  const apps = p.applications ?? [];
  const dependencies = p.dependencies ?? [];
  return (
    <>
      {p.findings?.map((finding) => (
        <MessageBar key={finding} intent="warning" layout="multiline" className={styles.finding}>
          <MessageBarBody>{finding}</MessageBarBody>
        </MessageBar>
      ))}
      <Facts
        rows={[
          ['Full name', p.fullName],
          ['Family', p.familyName],
          ['Publisher', p.publisher],
          ['Architecture', p.architecture],
          ['Enabled', p.enabled ? 'yes' : 'no'],
          ['Added', `${day(p.addedAt)} by ${p.addedBy}`],
        ]}
      />
      <Section title="Applications">
        {apps.length === 0 && <Text>None: this package only serves others.</Text>}
        <ul className={styles.list}>
          {apps.map((app) => (
            <li key={app.id}>
              {app.displayName} ({app.appUserModelId})
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Dependencies">
        {dependencies.length === 0 && <Text>None.</Text>}
        <ul className={styles.list}>
          {dependencies.map((d) => (
            <li key={`${d.name} ${d.publisher}`}>
              {d.name}, version {d.minVersion} or newer
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Image">
        <Facts rows={image(p)} />
      </Section>
      <Section title="Certificate">
        <Facts rows={certificate(p)} />
      </Section>
    </>
  );
}

type Fact = [name: string, value: string];

function image(p: Package): Fact[] {
  const rows: Fact[] = [
    ['Path', p.imagePath],
    ['Folder in it', p.relativePath],
  ];
  const o = p.observed;
  if (!o) return [...rows, ['Read', 'never; what is shown here was only declared']];
  return [
    ...rows,
    ['Format', `${o.format}, ${o.fileSystem}, ${bytes(o.imageSize)}`],
    ['Content', `${count(o.files, 'file')}, ${bytes(o.bytes)}`],
    ['Signature', o.signature],
  ];
}

function certificate({ certificate: c }: Package): Fact[] {
  if (!c) return [['Signed by', 'nobody']];
  return [
    ['Common name', c.commonName],
    ['Issuer', c.selfSigned ? 'itself (self-signed)' : c.issuer],
    ['Expires', `${day(c.notAfter)}${c.timestamped ? '; the signature carries a timestamp and stays valid' : ''}`],
    ['Key size', `${c.keySize} bits`],
    ['Thumbprint', c.thumbprint],
  ];
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  const styles = useStyles();
  return (
    <section>
      <h3 className={styles.heading}>{title}</h3>
      {children}
    </section>
  );
}

function Facts({ rows }: { rows: Fact[] }) {
  const styles = useStyles();
  return (
    <dl className={styles.facts}>
      {rows.flatMap(([name, value]) => [
        <dt key={`${name}-name`} className={styles.name}>
          {name}
        </dt>,
        <dd key={`${name}-value`} className={styles.value}>
          {value}
        </dd>,
      ])}
    </dl>
  );
}
