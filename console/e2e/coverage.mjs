// Which step does by mouse what administrators are promised: each key of docs/guide/coverage.md, by a part of the name of
// its step. What no page can do says why.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const host = 'ref Add a package to a host';
const vdi = 'ref Add a package to a VDI pool';
const avd = 'ref Add a package to an AVD pool';
const add = 'ref Add: browse a share';
const properties = 'ref Properties';
const tasks = 'ref Show assigned session hosts';
const provision = 'ref Provision package certificates automatically';
const tag = 'ref Change version tag';

export const promises = {
  'delivery.attach': 'ref In use and Disabling',
  'delivery.right-user': 'published resources',
  'prerequisites.kinds': avd,
  'prerequisites.windows': { no: 'a property of hosts; it is told on their page where they do not fit' },
  'prerequisites.share': add,
  'prerequisites.read': 'a host tries a package beforehand',
  'feature.enable': 'ref Enable Application Packages feature',
  'image.package': { no: 'packages are made by other programs, or by berth msix pack' },
  'image.expand': 'the image library',
  'add.path': add,
  'add.formats': 'ref Add: from a VHD and from a CIM',
  'add.choose': add,
  'add.name': add,
  'add.filled': add,
  'add.finished': add,
  'add.behaves': 'ref In use and Disabling',
  'host.add': host,
  'host.version': host,
  'host.tag': host,
  'host.dependencies': host,
  'host.added': host,
  'vdi.inherit': vdi,
  'vdi.add': vdi,
  'vdi.all': vdi,
  'avd.inherit': avd,
  'avd.add': avd,
  'avd.all': avd,
  'group.add': 'ref Add a package to Group Defaults',
  'site.add': 'ref Add a package to Site Defaults',
  'tag.purpose': tag,
  'tag.three': 'ref Rename a tag',
  'tag.rename': 'ref Rename a tag',
  'tag.fixed': 'ref Rename a tag',
  'tag.assign': 'ref Version tag: changed in the properties',
  'tag.several': tag,
  'tag.remove-all': 'ref Remove all tags',
  'certificate.integrity': 'ref Staging failed',
  'certificate.kinds': { no: 'a property of packages; the Certificate tab shows which kind it is' },
  'certificate.elsewhere': provision,
  'certificate.trusted': provision,
  'certificate.provision': provision,
  'certificate.self-signed': provision,
  'certificate.expiry': 'certificates: who ends when',
  'action.add': add,
  'action.change-tag': tag,
  'action.remove-tags': 'ref Remove all tags',
  'action.published': 'published resources',
  'action.hosts': tasks,
  'action.search': 'ref Search',
  'action.delete': 'ref Delete',
  'action.audit': 'ref Settings audit',
  'action.refresh': tasks,
  'action.properties': properties,
  'property.enabled': 'ref Enable application package',
  'property.package': properties,
  'property.display-name': 'ref Enable application package, Display name',
  'property.version': properties,
  'property.publisher': properties,
  'property.path': properties,
  'property.tags': 'ref Version tag: changed in the properties',
  'property.applications': properties,
  'property.dependencies': properties,
  'property.key-size': properties,
  'property.expires': properties,
  'property.common-name': properties,
  'property.certificate': properties,
  'status.ready': host,
  'status.in-use': 'ref In use and Disabling',
  'status.disabling': 'ref In use and Disabling',
  'status.staging-failed': 'ref Staging failed',
  'status.not-found': 'ref Not found',
  'status.certificate-missing': provision,
  'status.no-version': 'ref No version found',
  'status.not-applied': host,
  'status.colours': 'ref In use and Disabling',
  'status.retry': 'ref Not found, and Retry',
};

/** covered fails where a promise has no step, or a step has another name. */
export function covered(steps) {
  const guide = readFileSync('../docs/guide/coverage.md', 'utf8');
  const keys = [...guide.matchAll(/^\| `([a-z]+\.[a-z-]+)`/gm)].map(([, key]) => key);
  assert.ok(keys.length > 60, 'the promises were not found in docs/guide/coverage.md');
  assert.deepEqual(
    Object.keys(promises).toSorted(),
    keys.toSorted(),
    'promises without a step, or steps without a promise',
  );
  for (const [key, step] of Object.entries(promises)) {
    if (typeof step === 'string')
      assert.ok(
        steps.some((name) => name.startsWith(step)),
        `${key}: no step ${step}`,
      );
  }
  return keys.length;
}
