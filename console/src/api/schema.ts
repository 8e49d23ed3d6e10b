// Code generated from the OpenAPI document of the server by go generate ./console. DO NOT EDIT.

export interface APIClient {
  createdAt: string;
  disabled: boolean;
  id: string;
  name: string;
  roles: Grant[] | null;
  secrets: ClientSecret[] | null;
}

export interface AddPackage {
  disabled?: boolean;
  displayName?: string;
  /** which package, where the image holds several */
  fullName?: string;
  /** path of the image as the hosts open it */
  imagePath: string;
  /** health of an AVD host where it is not staged: Unhealthy, NeedsAssistance (unless said otherwise) or DoNotFail */
  onFailure?: string;
  /** version tags by name or id */
  tags?: string[] | null;
}

export interface AddPool {
  kind: 'rdsh' | 'vdi' | 'avd';
  name: string;
  /** apply at once, without touching other drafts */
  now?: boolean;
}

export interface AddPublication {
  /** id of the application in the package's manifest */
  application: string;
  /** package family name */
  family: string;
  /** hosts that it is offered from */
  hosts?: string[] | null;
  name: string;
  /** pools whose hosts it is offered from */
  pools?: string[] | null;
  /** names of users and groups; none: everyone */
  users?: string[] | null;
}

export interface Application {
  appUserModelId: string;
  description?: string;
  displayName: string;
  executable?: string;
  fileTypes?: string[] | null;
  hidden?: boolean;
  icon?: string;
  iconPath?: string;
  id: string;
  protocols?: string[] | null;
}

export interface AppliedChanges {
  applied: Change[] | null;
  generation: number;
}

export interface AskPreflight {
  /** full name of a package of the catalogue */
  package: string;
}

export interface Assign {
  /** package family name; not needed with an exact version */
  family?: string;
  registration?: 'atLogon' | 'onDemand';
  /** or a version tag, by name or id */
  tag?: string;
  /** full name of the exact version */
  version?: string;
}

export interface AssignedHost {
  drafted?: Holding;
  host: string;
  hostKind: string;
  now?: Holding;
  pool?: string;
}

export interface Assignment {
  family: string;
  registration: string;
  tag?: string;
  version?: string;
}

export interface Assignments {
  assignments: Assignment[] | null;
  dependencies?: DependencyCheck[] | null;
  holder: string;
  inherit: boolean;
  revision: number;
  warnings?: string[] | null;
}

export interface AuditEntry {
  action: string;
  actor: string;
  after?: unknown;
  at: string;
  before?: unknown;
  /** what differs between before and after */
  changes: FieldChange[] | null;
  face: string;
  id: number;
  key?: string;
  kind?: string;
  refused?: string;
  revision?: number;
  site?: string;
}

export interface AzureResource {
  createdAt: string;
  createdBy: string;
  createdByType: string;
  document: unknown;
  modifiedAt: string;
  modifiedBy: string;
  modifiedByType: string;
}

export interface BuildImage {
  format?: string;
  out: string;
  packages: string[] | null;
  subformat?: string;
  table?: string;
}

export interface CacheFacts {
  bytes: number;
  folder: string;
  images: CachedImage[] | null;
  most?: number;
}

export interface CacheSettings {
  bytesPerSecond?: number;
  enabled: boolean;
  maxBytes?: number;
}

export interface CachedImage {
  attached?: boolean;
  complete: boolean;
  error?: string;
  leftOut?: string;
  path: string;
  percent: number;
  replaced?: boolean;
  size: number;
  wanted: boolean;
}

export interface Certificate {
  chain?: string[] | null;
  commonName: string;
  der: string;
  issuer: string;
  keySize: number;
  notAfter: string;
  notBefore: string;
  selfSigned: boolean;
  subject: string;
  thumbprint: string;
  timestamped: boolean;
}

export interface CertificateHost {
  ending: boolean;
  host: string;
  packages: string[] | null;
  provision: boolean;
  trust: string;
}

export interface CertificateView {
  alternativeNames: string[] | null;
  authority: boolean;
  chain: ChainCertificate[] | null;
  codeSigning: boolean;
  commonName: string;
  complete: boolean;
  extendedKeyUsage: string[] | null;
  forecast: Forecast;
  issuer: string;
  keyAlgorithm: string;
  keySize: number;
  keyUsage: string[] | null;
  notAfter: string;
  notBefore: string;
  pem: string;
  selfSigned: boolean;
  serial: string;
  sha256: string;
  signatureAlgorithm: string;
  subject: string;
  thumbprint: string;
  unreadable?: string;
}

export interface ChainCertificate {
  issuer: string;
  notAfter: string;
  notBefore: string;
  subject: string;
  thumbprint: string;
}

export interface Change {
  action: string;
  after?: unknown;
  at: string;
  before?: unknown;
  by: string;
  key: string;
  kind: string;
  name: string;
  revision: number;
  site: string;
}

export interface ChooseChanges {
  changes?: string[] | null;
}

export interface ClientSecret {
  createdAt: string;
  expiresAt: string;
  id: string;
  name?: string;
}

export interface CreateClient {
  name: string;
  /** at most one for each site; without a site: for every site */
  roles?: Grant[] | null;
}

export interface CreateClientSecret {
  /** 180 unless said otherwise; 1 to 730 */
  days?: number;
  name?: string;
}

export interface CreateEnrollKey {
  /** 24 unless said otherwise */
  hours?: number;
  kind: 'rdsh' | 'vdi' | 'avd';
  /** 1 unless said otherwise; negative: no limit */
  maxUses?: number;
  name?: string;
  pool?: string;
}

export interface CreateSite {
  location?: string;
  name: string;
}

export interface CreateToken {
  /** 0: does not expire */
  days?: number;
  name: string;
  role: 'owner' | 'contributor' | 'reader';
  /** empty: every site */
  site?: string;
}

export interface CreateUser {
  displayName?: string;
  name: string;
  /** at least 12 characters, and not the name */
  password: string;
  /** at most one for each site; without a site: for every site */
  roles?: Grant[] | null;
}

export interface Credential {
  createdAt: string;
  expiresAt?: string;
  hostKind?: string;
  id: string;
  kind: string;
  maxUses: number;
  name: string;
  pool?: string;
  revokedAt?: string;
  role?: string;
  site?: string;
  uses: number;
}

export interface Dependency {
  familyName?: string;
  minVersion: string;
  name: string;
  publisher: string;
}

export interface DependencyCheck {
  familyName?: string;
  fullName?: string;
  minVersion: string;
  name: string;
  neededBy: string;
  publisher: string;
  state: string;
  why?: string;
}

export interface Disk {
  free: number;
  path: string;
  total: number;
}

export interface Document {
  /** berth/v1 */
  apiVersion: string;
  defaults?: DocumentDefaults[] | null;
  hosts?: DocumentHost[] | null;
  /** Site */
  kind: string;
  packages?: DocumentPackage[] | null;
  pools?: DocumentPool[] | null;
  publications?: DocumentPublication[] | null;
  settings?: DocumentSettings;
}

export interface DocumentAssignment {
  /** package family name, with a tag */
  family?: string;
  /** atLogon, unless said otherwise, or onDemand */
  registration?: string;
  /** version tag by id or name */
  tag?: string;
  /** or the full name of an exact version */
  version?: string;
}

export interface DocumentDefaults {
  assignments: DocumentAssignment[] | null;
  kind: string;
}

export interface DocumentHost {
  assignments?: DocumentAssignment[] | null;
  inherit?: boolean;
  name: string;
  /** empty: in no pool */
  pool?: string;
}

export interface DocumentObject {
  action: string;
  after?: unknown;
  before?: unknown;
  kind: string;
  name: string;
  reason?: string;
}

export interface DocumentPackage {
  displayName?: string;
  enabled?: boolean;
  fullName: string;
  /** path of the image as the hosts open it */
  imagePath?: string;
  /** health of an AVD host where it is not staged: Unhealthy, NeedsAssistance (unless said otherwise) or DoNotFail */
  onFailure?: string;
  /** version tags by id or name */
  tags?: string[] | null;
}

export interface DocumentPool {
  assignments?: DocumentAssignment[] | null;
  inherit?: boolean;
  kind: string;
  name: string;
}

export interface DocumentPublication {
  /** id of the application in the package's manifest */
  application: string;
  /** package family name */
  family: string;
  /** hosts that it is offered from */
  hosts?: string[] | null;
  name: string;
  /** pools whose hosts it is offered from */
  pools?: string[] | null;
  /** names of users and groups; an empty list: everyone */
  users?: string[] | null;
}

export interface DocumentResult {
  dryRun: boolean;
  objects: DocumentObject[] | null;
}

export interface DocumentSettings {
  cache?: EditCache;
  /** how long sessions keep what a host should no longer have; 0: until they end */
  disablingMinutes?: number;
  enabled?: boolean;
  provisionCertificates?: boolean;
  tags?: DocumentTags;
  verify?: 'code' | 'all';
}

export interface DocumentTags {
  custom?: string;
  preProduction?: string;
  production?: string;
}

export interface EditCache {
  /** that a host reads from the share for copies; 0: no bound */
  bytesPerSecond?: number;
  enabled?: boolean;
  /** that the copies may take on each host; 0: no bound but the host's own */
  maxBytes?: number;
}

export interface EditClient {
  disabled?: boolean;
  /** the whole new list */
  roles?: Grant[];
}

export interface EditPackage {
  displayName?: string;
  enabled?: boolean;
  /** health of an AVD host where it is not staged: Unhealthy, NeedsAssistance (unless said otherwise) or DoNotFail */
  onFailure?: string;
  /** the whole new list, by name or id */
  tags?: string[];
}

export interface EditPublication {
  hosts?: string[];
  pools?: string[];
  /** names of users and groups; an empty list: everyone */
  users?: string[];
}

export interface EditSettings {
  /** copies of images on the hosts */
  cache?: EditCache;
  /** how long sessions keep what a host should no longer have, then it is taken from them; 0: until they end */
  disablingMinutes?: number;
  enabled?: boolean;
  provisionCertificates?: boolean;
  /** how much of a package hosts compare with its block map */
  verify?: 'code' | 'all';
}

export interface EditUser {
  /** true also ends the user's sessions */
  disabled?: boolean;
  displayName?: string;
  /** the whole new list */
  roles?: Grant[];
}

export interface ErrorDetail {
  /** Where the error occurred, e.g. 'body.items[3].tags' or 'path.thing-id' */
  location?: string;
  /** Error message text */
  message?: string;
  /** The value at the given location */
  value?: unknown;
}

export interface ErrorModel {
  /** A human-readable explanation specific to this occurrence of the problem. */
  detail?: string;
  /** Optional list of individual error details */
  errors?: ErrorDetail[] | null;
  /** A URI reference that identifies the specific occurrence of the problem. */
  instance?: string;
  /** HTTP status code */
  status?: number;
  /** A short, human-readable summary of the problem type. This value should not change between occurrences of the error. */
  title?: string;
  /** A URI reference to human-readable documentation for the error. */
  type?: string;
}

export interface Event {
  action?: string;
  at: string;
  by?: string;
  generation?: number;
  id: number;
  key?: string;
  kind: string;
  objectKind?: string;
  resumed?: boolean;
  revision?: number;
  state?: string;
}

export interface ExpiringCertificate {
  commonName: string;
  days: number;
  /** packages that end with it; those with a timestamp outlast it */
  ending: number;
  endsAt: string;
  state: string;
  thumbprint: string;
}

export interface Explanation {
  code: string;
  meaning: string;
  phases?: string;
  remedy: string;
  retry: string;
  status: string;
  symbol?: string;
}

export interface Facts {
  agentVersion?: string;
  architecture?: string;
  at: string;
  attachMode?: string;
  build?: number;
  cache?: CacheFacts;
  disk?: Disk;
  generation: number;
  hostname?: string;
  os?: string;
  packages: PackageFacts[] | null;
  platform?: string;
  problems?: string[] | null;
  sessions: Session[] | null;
}

export interface Failure {
  attempts: number;
  code?: string;
  message: string;
  nextRetry?: string;
  phase: string;
}

export interface FieldChange {
  after?: unknown;
  before?: unknown;
  field: string;
}

export interface Forecast {
  commonName: string;
  days: number;
  ending: number;
  endsAt: string;
  endsBy?: string;
  hostCount: number;
  hosts: CertificateHost[] | null;
  issuer: string;
  keySize: number;
  lasting: number;
  notAfter: string;
  notBefore: string;
  packages: PackageForecast[] | null;
  selfSigned: boolean;
  state: string;
  subject: string;
  thumbprint: string;
}

export interface Grant {
  role: string;
  site?: string;
}

export interface Holding {
  conflict?: boolean;
  exact?: boolean;
  level?: string;
  neededBy?: string[] | null;
  owner?: string;
  registration?: string;
  selector?: string;
  tag?: string;
}

export interface HostCertificate {
  expiresAt?: string;
  renewing?: boolean;
  revokedAt?: string;
  serial?: string;
}

export interface HostPackage {
  displayName: string;
  family: string;
  fullName?: string;
  host: string;
  hostKind: string;
  row?: Row;
  selector: string;
  sessions: number;
  status: Status;
  version?: string;
}

export interface HostTimings {
  /** the last run, by the host's clock */
  at: string;
  displayName: string;
  /** what of it a sign-in waits for: registering at logon, nothing on demand */
  logonMs: number;
  package: string;
  phases: Timing[] | null;
  /** how sessions get it; absent: no session does, by the plan */
  registration?: string;
  /** registering: for each session */
  sessionMs: number;
  /** attaching, verifying and staging: once after each start of the host */
  stagingMs: number;
}

export interface HostView {
  certificate: HostCertificate;
  counts?: Record<string, number>;
  drafted?: boolean;
  enrolledAt: string;
  facts: Facts;
  id: string;
  inherit: boolean;
  kind: string;
  lastSeen: string;
  name: string;
  notices: Notice[] | null;
  pool?: string;
  revision: number;
}

export interface ImageCheck {
  message: string;
  name: 'signature' | 'certificate' | 'dependencies' | 'catalogue' | 'hosts';
  remedy?: string;
  result: 'pass' | 'warning' | 'fail';
}

export interface ImageEntry {
  kind: 'folder' | 'image' | 'package';
  modifiedAt?: string;
  name: string;
  path: string;
  size?: number;
}

export interface ImageFolder {
  entries: ImageEntry[] | null;
  /** there are further entries, which were not looked at */
  more?: boolean;
  /** the folder above, empty for the list of roots; absent there */
  parent?: string;
  /** empty: the configured roots themselves */
  path: string;
  /** folders and shares below which images may be opened */
  roots: string[] | null;
}

export interface ImagePackage {
  /** nothing is known that adding would refuse; the content is verified then */
  addable: boolean;
  addedAt: string;
  addedBy: string;
  applications: Application[] | null;
  architecture: string;
  certificate?: Certificate;
  /** in the order in which they matter */
  checks: ImageCheck[] | null;
  dependencies: Dependency[] | null;
  dependencyChecks: DependencyCheck[] | null;
  displayName: string;
  enabled: boolean;
  familyName: string;
  findings?: string[] | null;
  framework?: boolean;
  fullName: string;
  imagePath: string;
  /** the site has this version already */
  inCatalogue: boolean;
  minBuild?: number;
  name: string;
  observed?: Observation;
  onFailure?: string;
  publisher: string;
  publisherDisplayName?: string;
  relativePath: string;
  resourceId?: string;
  retiring?: boolean;
  /** other versions of the family in the catalogue, highest first */
  siblings: PackageSibling[] | null;
  tags?: string[] | null;
  version: string;
  visiting?: boolean;
}

export interface ImageView {
  format: string;
  /** volumes and packages that could not be read, and why */
  notes: string[] | null;
  packages: ImagePackage[] | null;
  partitionTable: string;
  path: string;
  /** bytes of the file */
  size: number;
  subformat: string;
  virtualSize: number;
}

export interface InspectImage {
  /** path of the image as the hosts open it */
  path: string;
}

export interface ListAPIClient {
  items: APIClient[] | null;
}

export interface ListAuditEntry {
  items: AuditEntry[] | null;
}

export interface ListChange {
  items: Change[] | null;
}

export interface ListCredential {
  items: Credential[] | null;
}

export interface ListExplanation {
  items: Explanation[] | null;
}

export interface ListForecast {
  items: Forecast[] | null;
}

export interface ListHostTimings {
  items: HostTimings[] | null;
}

export interface ListPool {
  items: Pool[] | null;
}

export interface ListPublicationView {
  items: PublicationView[] | null;
}

export interface ListSignIn {
  items: SignIn[] | null;
}

export interface ListSite {
  items: Site[] | null;
}

export interface ListTagMove {
  items: TagMove[] | null;
}

export interface ListUser {
  items: User[] | null;
}

export interface NewClientSecret {
  clientId: string;
  createdAt: string;
  expiresAt: string;
  id: string;
  name?: string;
  text: string;
}

export interface Notice {
  code: string;
  message: string;
  remedy: string;
}

export interface Observation {
  at: string;
  blockMapSha256: string;
  bytes: number;
  fileSystem: string;
  files: number;
  format: string;
  imageSize: number;
  signature: string;
  verifiedContent: boolean;
}

export interface Overview {
  /** hosts that need somebody, the worst first, at most ten */
  attention: OverviewHost[] | null;
  /** the newest entries */
  audit: AuditEntry[] | null;
  /** those that end within 60 days, or have ended, with packages that end with them */
  certificates: ExpiringCertificate[] | null;
  /** the application packages feature, as drafted */
  enabled: boolean;
  /** how many such hosts there are */
  needAttention: number;
  /** hosts by notice */
  notices: Record<string, number>;
  packages: OverviewPackages;
  pending: OverviewPending;
  site: Site;
  status: StatusSummary;
  /** those that wait or run */
  tasks: Task[] | null;
}

export interface OverviewHost {
  /** packages by status */
  counts: Record<string, number>;
  host: string;
  notices: Notice[] | null;
}

export interface OverviewPackages {
  enabled: number;
  families: number;
  total: number;
}

export interface OverviewPending {
  /** who drafted it */
  by: string[] | null;
  count: number;
  /** the oldest draft */
  since?: string;
}

export interface Package {
  addedAt: string;
  addedBy: string;
  applications: Application[] | null;
  architecture: string;
  certificate?: Certificate;
  dependencies: Dependency[] | null;
  displayName: string;
  enabled: boolean;
  familyName: string;
  findings?: string[] | null;
  framework?: boolean;
  fullName: string;
  imagePath: string;
  minBuild?: number;
  name: string;
  observed?: Observation;
  onFailure?: string;
  publisher: string;
  publisherDisplayName?: string;
  relativePath: string;
  resourceId?: string;
  retiring?: boolean;
  tags?: string[] | null;
  version: string;
  visiting?: boolean;
}

export interface PackageFacts {
  attached: boolean;
  failure?: Failure;
  familyName: string;
  fromCopy?: boolean;
  fullName: string;
  sessions: Registered[] | null;
  since: string;
  staged: boolean;
  until?: string;
  verified?: boolean;
}

export interface PackageForecast {
  displayName: string;
  ended?: boolean;
  endsAt?: string;
  fullName: string;
  hostCount: number;
  hosts: string[] | null;
  timestamped: boolean;
}

export interface PackageSibling {
  enabled: boolean;
  fullName: string;
  /** present names */
  tags: string[] | null;
  version: string;
}

export interface PackageTimings {
  /** hosts that told of any phase */
  hosts: number;
  package: string;
  phases: TimingSpread[] | null;
  /** median of registering */
  sessionMs: number;
  /** sum of the medians of attaching, verifying and staging */
  stagingMs: number;
}

export interface PackageView {
  addedAt: string;
  addedBy: string;
  applications: Application[] | null;
  architecture: string;
  certificate?: Certificate;
  dependencies: Dependency[] | null;
  dependencyChecks?: DependencyCheck[] | null;
  displayName: string;
  enabled: boolean;
  familyName: string;
  findings?: string[] | null;
  framework?: boolean;
  fullName: string;
  imagePath: string;
  minBuild?: number;
  name: string;
  observed?: Observation;
  onFailure?: string;
  publisher: string;
  publisherDisplayName?: string;
  relativePath: string;
  resourceId?: string;
  retiring?: boolean;
  revision: number;
  tagNames?: string;
  tags?: string[] | null;
  version: string;
  visiting?: boolean;
}

export interface PageAssignedHost {
  items: AssignedHost[] | null;
  /** ask for what comes after this name; absent on the last page */
  next?: string;
  /** how many fit in all, where that was asked for */
  total?: number;
}

export interface PageHostPackage {
  items: HostPackage[] | null;
  /** ask for what comes after this name; absent on the last page */
  next?: string;
  /** how many fit in all, where that was asked for */
  total?: number;
}

export interface PageHostView {
  items: HostView[] | null;
  /** ask for what comes after this name; absent on the last page */
  next?: string;
  /** how many fit in all, where that was asked for */
  total?: number;
}

export interface PagePackage {
  items: Package[] | null;
  /** ask for what comes after this name; absent on the last page */
  next?: string;
  /** how many fit in all, where that was asked for */
  total?: number;
}

export interface PageTask {
  items: Task[] | null;
  /** ask for what comes after this name; absent on the last page */
  next?: string;
  /** how many fit in all, where that was asked for */
  total?: number;
}

export interface Pool {
  assignments: Assignment[] | null;
  azure?: AzureResource;
  inherit: boolean;
  kind: string;
  name: string;
}

export interface PoolView {
  assignments: Assignment[] | null;
  azure?: AzureResource;
  drafted?: boolean;
  hosts: number;
  inherit: boolean;
  kind: string;
  name: string;
  revision: number;
}

export interface PreflightCheck {
  code?: string;
  message: string;
  name: string;
  remedy?: string;
  result: string;
}

export interface PreflightView {
  answeredAt?: string;
  askedAt: string;
  askedBy: string;
  checks: PreflightCheck[] | null;
  host: string;
  id: string;
  message: string;
  package: string;
  state: string;
}

export interface Preview {
  /** names of the pending changes that it is about */
  changes: string[] | null;
  /** each distinct change, for all the hosts that it is the same for */
  configurations: PreviewConfiguration[] | null;
  /** what is applied now */
  generation: number;
  /** hosts on which something would change */
  hostCount: number;
  /** a page of the hosts on which something would change */
  hosts: PreviewHost[] | null;
  /** ask for hosts after this name; absent on the last page */
  next?: string;
  /** hosts on which nothing would change */
  unchanged: number;
}

export interface PreviewConfiguration {
  architecture?: string;
  build?: number;
  /** packages that come or go because others need them */
  frameworks?: PreviewPackage[] | null;
  hostCount: number;
  kind: string;
  /** the hosts' pool as it would be, folded */
  pool?: string;
  rows: PreviewRow[] | null;
}

export interface PreviewHost {
  /** index into configurations */
  configuration: number;
  host: string;
}

export interface PreviewPackage {
  action: 'stage' | 'letGo';
  fullName: string;
}

export interface PreviewRow {
  action: 'assign' | 'remove' | 'replace' | 'register';
  /** absent: not assigned then */
  after?: PreviewSide;
  /** absent: not assigned now */
  before?: PreviewSide;
  displayName: string;
  family: string;
  words: string;
}

export interface PreviewSide {
  fullName?: string;
  level: string;
  /** why no version was found */
  missing?: string;
  owner: string;
  registration: string;
  selector: string;
  version?: string;
}

export interface PublicationView {
  application: string;
  family: string;
  gone?: string[] | null;
  hosts: string[] | null;
  name: string;
  offers: PublishedHost[] | null;
  pending?: string;
  pools: string[] | null;
  revision: number;
  users: string[] | null;
}

export interface PublishedHost {
  drafted?: string;
  from: string;
  host: string;
  now?: string;
  why?: string;
}

export interface Registered {
  session: string;
  since: string;
  user: string;
}

export interface RenameTag {
  name: string;
}

export interface Revert {
  /** even though somebody else changed the object since */
  force?: boolean;
}

export interface Reverted {
  /** the object, as pending changes are named */
  change: string;
  entry: number;
  /** false: the object is now as hosts see it, nothing is left to apply */
  pending: boolean;
}

export interface RollBackTag {
  family: string;
}

export interface Row {
  assignment: Assignment;
  candidates?: string[] | null;
  changedAt?: string;
  conflict?: boolean;
  fullName?: string;
  generation: number;
  level: string;
  missing?: string;
  overrides?: string[] | null;
  owner: string;
}

export interface Secret {
  createdAt: string;
  expiresAt?: string;
  hostKind?: string;
  id: string;
  kind: string;
  maxUses: number;
  name: string;
  pool?: string;
  revokedAt?: string;
  role?: string;
  site?: string;
  text: string;
  uses: number;
}

export interface ServerInfo {
  /** SHA-256 fingerprint of the authority that certifies hosts and the server */
  authority: string;
  /** folders and shares below which images may be opened; set with --image-root where the server is started */
  imageRoots: string[] | null;
  /** the server's clock */
  now: string;
  /** of agents */
  protocol: number;
  /** the roles there are */
  roles: string[] | null;
  /** how long an unused session lives */
  sessionIdle: string;
  /** how long any session lives */
  sessionLife: string;
  startedAt: string;
  version: string;
}

export interface Session {
  id: string;
  since: string;
  user: string;
}

export interface SetHostPool {
  pool: string;
}

export interface SetInherit {
  inherit: boolean;
}

export interface SetPassword {
  /** the present password; needed for one's own */
  current?: string;
  /** at least 12 characters, and not the name */
  password: string;
}

export interface Settings {
  cache?: CacheSettings;
  disablingMinutes?: number;
  enabled: boolean;
  provisionCertificates: boolean;
  tags: Tag[] | null;
  verify?: string;
}

export interface SignIn {
  address?: string;
  createdAt: string;
  face?: string;
  id: string;
  usedAt: string;
  user: string;
}

export interface SignInRequest {
  name: string;
  password: string;
}

export interface SignedIn {
  address?: string;
  createdAt: string;
  endsAt: string;
  face?: string;
  id: string;
  text: string;
  usedAt: string;
  user: string;
}

export interface Site {
  createdAt: string;
  generation: number;
  location: string;
  name: string;
  subscriptionId: string;
}

export interface StartTask {
  add?: AddPackage;
  build?: BuildImage;
  kind: 'inspect' | 'verify' | 'add' | 'build';
  /** of verify, in place of a path: full name of a package of the catalogue */
  package?: string;
  /** of inspect and verify: path of the image */
  path?: string;
}

export interface Status {
  cause: string;
  code?: string;
  meaning?: string;
  name: string;
  remedy?: string;
  retry?: string;
  since?: string;
  symbol?: string;
}

export interface StatusSummary {
  byStatus: Record<string, number>;
  hosts: number;
  rows: number;
}

export interface Tag {
  id: string;
  name: string;
}

export interface TagMove {
  added?: string[] | null;
  at: string;
  by: string;
  entries: number[] | null;
  family: string;
  previous?: string;
  removed?: string[] | null;
  tag: string;
  version?: string;
}

export interface TagPackage {
  /** take the tag from all other versions of the family in the same change */
  move?: boolean;
  tag: string;
}

export interface Task {
  askedAt: string;
  beganAt?: string;
  by: string;
  endedAt?: string;
  failure?: TaskFailure;
  id: string;
  kind: string;
  log: TaskLine[] | null;
  result?: unknown;
  site: string;
  state: string;
  subject: string;
}

export interface TaskFailure {
  code?: string;
  kind: string;
  message: string;
  remedy?: string;
}

export interface TaskLine {
  at: string;
  message: string;
}

export interface Timing {
  at: string;
  count: number;
  failed?: number;
  lastMs: number;
  medianMs: number;
  mostMs: number;
  package: string;
  phase: string;
}

export interface TimingSpread {
  count: number;
  failed?: number;
  highMs: number;
  hosts: number;
  medianMs: number;
  mostMs: number;
  phase: string;
  slowest: string;
}

export interface User {
  createdAt: string;
  disabled: boolean;
  displayName?: string;
  home?: string;
  name: string;
  passwordAt: string;
  roles: Grant[] | null;
}

export interface Who {
  kind: string;
  name: string;
  role: string;
  roles: Grant[] | null;
  session?: string;
  site?: string;
}

/** Every operation: what it is asked with, and what it answers. */
export interface Operations {
  /** Add a package of an image. */
  addPackage: {
    path: { site: string };
    body: AddPackage;
    answer: Package;
  };
  /** Make a pool. */
  addPool: {
    path: { site: string };
    body: AddPool;
    answer: Pool;
  };
  /** Publish an application. */
  addPublication: {
    path: { site: string };
    body: AddPublication;
    answer: PublicationView;
  };
  /** Apply pending changes. */
  applyChanges: {
    path: { site: string };
    body: ChooseChanges;
    answer: AppliedChanges;
  };
  /** Draft what makes the site as a document says. */
  applyDocument: {
    path: { site: string };
    query: { dryRun?: boolean; create?: boolean; prune?: boolean };
    body: Document;
    answer: DocumentResult;
  };
  /** Ask a host to try a package. */
  askPreflight: {
    path: { site: string; host: string };
    body: AskPreflight;
    answer: PreflightView;
  };
  /** Assign a package family. */
  assign: {
    path: { site: string; holder: 'hosts' | 'pools' | 'defaults'; name: string };
    body: Assign;
    answer: Assignments;
  };
  /** Folders and images below the configured roots. */
  browseImages: {
    path: { site: string };
    query: { path?: string };
    answer: ImageFolder;
  };
  /** End a task before it is done. */
  cancelTask: {
    path: { site: string; task: string };
    answer: Task;
  };
  /** Make a service principal. */
  createClient: {
    body: CreateClient;
    answer: APIClient;
  };
  /** Make a secret of a service principal. */
  createClientSecret: {
    path: { client: string };
    body: CreateClientSecret;
    answer: NewClientSecret;
  };
  /** Make an enrolment key. */
  createEnrollKey: {
    path: { site: string };
    body: CreateEnrollKey;
    answer: Secret;
  };
  /** Make a site. */
  createSite: {
    body: CreateSite;
    answer: Site;
  };
  /** Make an API token. */
  createToken: {
    body: CreateToken;
    answer: Secret;
  };
  /** Make a user. */
  createUser: {
    body: CreateUser;
    answer: User;
  };
  /** Discard pending changes. */
  discardChanges: {
    path: { site: string };
    body: ChooseChanges;
    answer: ListChange;
  };
  /** Change a service principal. */
  editClient: {
    path: { client: string };
    body: EditClient;
    answer: APIClient;
  };
  /** Change a package's properties. */
  editPackage: {
    path: { site: string; package: string };
    body: EditPackage;
    answer: PackageView;
  };
  /** Change whom an application is published to, and from where. */
  editPublication: {
    path: { site: string; publication: string };
    body: EditPublication;
    answer: PublicationView;
  };
  /** Change the site's switches. */
  editSettings: {
    path: { site: string };
    body: EditSettings;
    answer: Settings;
  };
  /** Change a user. */
  editUser: {
    path: { user: string };
    body: EditUser;
    answer: User;
  };
  /** End a session at once. */
  endSession: {
    path: { session: string };
    answer: undefined;
  };
  /** Get a token for 12 hours for the one that is sent, which ends. */
  exchangeToken: {
    answer: Secret;
  };
  /** What is set in the site, as one document. */
  exportDocument: {
    path: { site: string };
    answer: Document;
  };
  /** An entry of the audit. */
  getAuditEntry: {
    path: { site: string; id: string };
    answer: AuditEntry;
  };
  /** Everything about a signer's certificate. */
  getCertificate: {
    path: { site: string; thumbprint: string };
    answer: CertificateView;
  };
  /** A service principal. */
  getClient: {
    path: { client: string };
    answer: APIClient;
  };
  /** What an error code means. */
  getError: {
    path: { code: string };
    answer: Explanation;
  };
  /** A host. */
  getHost: {
    path: { site: string; host: string };
    answer: HostView;
  };
  /** How the site stands, on one page. */
  getOverview: {
    path: { site: string };
    answer: Overview;
  };
  /** A package. */
  getPackage: {
    path: { site: string; package: string };
    answer: PackageView;
  };
  /** What a package costs over all hosts. */
  getPackageTimings: {
    path: { site: string; package: string };
    answer: PackageTimings;
  };
  /** A pool. */
  getPool: {
    path: { site: string; pool: string };
    answer: PoolView;
  };
  /** What a host says of a package. */
  getPreflight: {
    path: { site: string; host: string; id: string };
    answer: PreflightView;
  };
  /** A publication. */
  getPublication: {
    path: { site: string; publication: string };
    answer: PublicationView;
  };
  /** The server itself: version, authority, image roots. */
  getServer: {
    answer: ServerInfo;
  };
  /** The site's settings and tags. */
  getSettings: {
    path: { site: string };
    answer: Settings;
  };
  /** A site. */
  getSite: {
    path: { site: string };
    answer: Site;
  };
  /** A task, with its log and result. */
  getTask: {
    path: { site: string; task: string };
    answer: Task;
  };
  /** A user. */
  getUser: {
    path: { user: string };
    answer: User;
  };
  /** What is in an image, and what speaks against adding it. */
  inspectImage: {
    path: { site: string };
    body: InspectImage;
    answer: ImageView;
  };
  /** Hosts that a package is assigned to, and by what. */
  listAssignedHosts: {
    path: { site: string; package: string };
    query: { after?: string; limit?: number; total?: boolean };
    answer: PageAssignedHost;
  };
  /** A holder's own list. */
  listAssignments: {
    path: { site: string; holder: 'hosts' | 'pools' | 'defaults'; name: string };
    answer: Assignments;
  };
  /** The audit, newest first. */
  listAudit: {
    path: { site: string };
    query: { kind?: string; key?: string; before?: number; limit?: number };
    answer: ListAuditEntry;
  };
  /** Signers' certificates, and what ends with them. */
  listCertificates: {
    path: { site: string };
    answer: ListForecast;
  };
  /** Pending changes. */
  listChanges: {
    path: { site: string };
    answer: ListChange;
  };
  /** Service principals. */
  listClients: {
    answer: ListAPIClient;
  };
  /** Enrolment keys. */
  listEnrollKeys: {
    path: { site: string };
    answer: ListCredential;
  };
  /** Error codes of hosts, with meaning and remedy. */
  listErrors: {
    answer: ListExplanation;
  };
  /** The audit of all sites and of the farm, newest first. */
  listFarmAudit: {
    query: { kind?: string; key?: string; before?: number; limit?: number };
    answer: ListAuditEntry;
  };
  /** What packages cost on a host. */
  listHostTimings: {
    path: { site: string; host: string };
    answer: ListHostTimings;
  };
  /** Hosts. */
  listHosts: {
    path: { site: string };
    query: { search?: string; kind?: string; pool?: string; status?: string; after?: string; limit?: number; total?: boolean };
    answer: PageHostView;
  };
  /** The catalogue. */
  listPackages: {
    path: { site: string };
    query: { search?: string; tag?: string; family?: string; enabled?: 'true' | 'false'; after?: string; limit?: number; total?: boolean };
    answer: PagePackage;
  };
  /** Pools. */
  listPools: {
    path: { site: string };
    answer: ListPool;
  };
  /** Published applications and the hosts that offer them. */
  listPublications: {
    path: { site: string };
    query: { package?: string };
    answer: ListPublicationView;
  };
  /** Sessions of the caller, or of all users. */
  listSessions: {
    query: { all?: boolean };
    answer: ListSignIn;
  };
  /** Sites that the caller may read. */
  listSites: {
    answer: ListSite;
  };
  /** How packages stand on hosts. */
  listStatus: {
    path: { site: string };
    query: { host?: string; search?: string; kind?: string; pool?: string; family?: string; status?: string; after?: string; limit?: number };
    answer: PageHostPackage;
  };
  /** Where a version tag pointed over time. */
  listTagHistory: {
    path: { site: string; tag: string };
    query: { family?: string; limit?: number };
    answer: ListTagMove;
  };
  /** Inspections, verifications and builds, newest first. */
  listTasks: {
    path: { site: string };
    query: { open?: boolean; after?: string; limit?: number };
    answer: PageTask;
  };
  /** API tokens. */
  listTokens: {
    query: { site?: string };
    answer: ListCredential;
  };
  /** Users. */
  listUsers: {
    answer: ListUser;
  };
  /** What changes in the site, as server-sent events. */
  listenToEvents: {
    path: { site: string };
    answer: unknown;
  };
  /** What pending changes would change on which hosts. */
  previewChanges: {
    path: { site: string };
    query: { changes?: string[]; after?: string; limit?: number };
    answer: Preview;
  };
  /** Remove a service principal. */
  removeClient: {
    path: { client: string };
    answer: undefined;
  };
  /** End a secret at once. */
  removeClientSecret: {
    path: { client: string; secret: string };
    answer: undefined;
  };
  /** Forget a host. */
  removeHost: {
    path: { site: string; host: string };
    answer: undefined;
  };
  /** Delete a package. */
  removePackage: {
    path: { site: string; package: string };
    query: { force?: boolean };
    answer: undefined;
  };
  /** Delete a pool. */
  removePool: {
    path: { site: string; pool: string };
    answer: undefined;
  };
  /** End a publication. */
  removePublication: {
    path: { site: string; publication: string };
    answer: undefined;
  };
  /** Remove a user. */
  removeUser: {
    path: { user: string };
    answer: undefined;
  };
  /** Rename a version tag. */
  renameTag: {
    path: { site: string; tag: string };
    body: RenameTag;
    answer: Settings;
  };
  /** Retry failed packages at once. */
  retryHost: {
    path: { site: string; host: string };
    answer: undefined;
  };
  /** Put an object back as it was before an audit entry. */
  revertAuditEntry: {
    path: { site: string; id: string };
    body: Revert;
    answer: Reverted;
  };
  /** Revoke a token or an enrolment key. */
  revokeCredential: {
    path: { id: string };
    answer: undefined;
  };
  /** End a host's certificate at once. */
  revokeHost: {
    path: { site: string; host: string };
    answer: undefined;
  };
  /** Move a version tag back to the version that it meant before. */
  rollBackTag: {
    path: { site: string; tag: string };
    body: RollBackTag;
    answer: Package;
  };
  /** Move a host into a pool. */
  setHostPool: {
    path: { site: string; host: string };
    body: SetHostPool;
    answer: undefined;
  };
  /** Inherit the list of the level above. */
  setInherit: {
    path: { site: string; holder: 'hosts' | 'pools' | 'defaults'; name: string };
    body: SetInherit;
    answer: Assignments;
  };
  /** Set a user's password. */
  setPassword: {
    path: { user: string };
    body: SetPassword;
    answer: undefined;
  };
  /** Begin a session with a password. */
  signIn: {
    body: SignInRequest;
    answer: SignedIn;
  };
  /** End the session of the caller. */
  signOut: {
    answer: undefined;
  };
  /** Begin work that goes on while nobody waits. */
  startTask: {
    path: { site: string };
    body: StartTask;
    answer: Task;
  };
  /** How many packages on hosts stand how. */
  summarizeStatus: {
    path: { site: string };
    query: { host?: string; search?: string; kind?: string; pool?: string; family?: string; status?: string };
    answer: StatusSummary;
  };
  /** Put a version tag on a package. */
  tagPackage: {
    path: { site: string; package: string };
    body: TagPackage;
    answer: Package;
  };
  /** Take a family out of a list. */
  unassign: {
    path: { site: string; holder: 'hosts' | 'pools' | 'defaults'; name: string; family: string };
    answer: Assignments;
  };
  /** Take version tags off a package. */
  untagPackage: {
    path: { site: string; package: string; tag: string };
    answer: Package;
  };
  /** Who the caller is. */
  whoami: {
    answer: Who;
  };
}

/** Where each operation is found. */
export const routes = {
  addPackage: ['POST', '/api/v1/sites/{site}/packages'],
  addPool: ['POST', '/api/v1/sites/{site}/pools'],
  addPublication: ['POST', '/api/v1/sites/{site}/publications'],
  applyChanges: ['POST', '/api/v1/sites/{site}/changes/apply'],
  applyDocument: ['POST', '/api/v1/sites/{site}/documents'],
  askPreflight: ['POST', '/api/v1/sites/{site}/hosts/{host}/preflight'],
  assign: ['POST', '/api/v1/sites/{site}/{holder}/{name}/assignments'],
  browseImages: ['GET', '/api/v1/sites/{site}/images'],
  cancelTask: ['POST', '/api/v1/sites/{site}/tasks/{task}/cancel'],
  createClient: ['POST', '/api/v1/clients'],
  createClientSecret: ['POST', '/api/v1/clients/{client}/secrets'],
  createEnrollKey: ['POST', '/api/v1/sites/{site}/enroll-keys'],
  createSite: ['POST', '/api/v1/sites'],
  createToken: ['POST', '/api/v1/tokens'],
  createUser: ['POST', '/api/v1/users'],
  discardChanges: ['POST', '/api/v1/sites/{site}/changes/discard'],
  editClient: ['PATCH', '/api/v1/clients/{client}'],
  editPackage: ['PATCH', '/api/v1/sites/{site}/packages/{package}'],
  editPublication: ['PATCH', '/api/v1/sites/{site}/publications/{publication}'],
  editSettings: ['PATCH', '/api/v1/sites/{site}/settings'],
  editUser: ['PATCH', '/api/v1/users/{user}'],
  endSession: ['DELETE', '/api/v1/sessions/{session}'],
  exchangeToken: ['POST', '/api/v1/tokens/exchange'],
  exportDocument: ['GET', '/api/v1/sites/{site}/document'],
  getAuditEntry: ['GET', '/api/v1/sites/{site}/audit/{id}'],
  getCertificate: ['GET', '/api/v1/sites/{site}/certificates/{thumbprint}'],
  getClient: ['GET', '/api/v1/clients/{client}'],
  getError: ['GET', '/api/v1/errors/{code}'],
  getHost: ['GET', '/api/v1/sites/{site}/hosts/{host}'],
  getOverview: ['GET', '/api/v1/sites/{site}/overview'],
  getPackage: ['GET', '/api/v1/sites/{site}/packages/{package}'],
  getPackageTimings: ['GET', '/api/v1/sites/{site}/packages/{package}/timings'],
  getPool: ['GET', '/api/v1/sites/{site}/pools/{pool}'],
  getPreflight: ['GET', '/api/v1/sites/{site}/hosts/{host}/preflight/{id}'],
  getPublication: ['GET', '/api/v1/sites/{site}/publications/{publication}'],
  getServer: ['GET', '/api/v1/server'],
  getSettings: ['GET', '/api/v1/sites/{site}/settings'],
  getSite: ['GET', '/api/v1/sites/{site}'],
  getTask: ['GET', '/api/v1/sites/{site}/tasks/{task}'],
  getUser: ['GET', '/api/v1/users/{user}'],
  inspectImage: ['POST', '/api/v1/sites/{site}/images/inspect'],
  listAssignedHosts: ['GET', '/api/v1/sites/{site}/packages/{package}/hosts'],
  listAssignments: ['GET', '/api/v1/sites/{site}/{holder}/{name}/assignments'],
  listAudit: ['GET', '/api/v1/sites/{site}/audit'],
  listCertificates: ['GET', '/api/v1/sites/{site}/certificates'],
  listChanges: ['GET', '/api/v1/sites/{site}/changes'],
  listClients: ['GET', '/api/v1/clients'],
  listEnrollKeys: ['GET', '/api/v1/sites/{site}/enroll-keys'],
  listErrors: ['GET', '/api/v1/errors'],
  listFarmAudit: ['GET', '/api/v1/audit'],
  listHostTimings: ['GET', '/api/v1/sites/{site}/hosts/{host}/timings'],
  listHosts: ['GET', '/api/v1/sites/{site}/hosts'],
  listPackages: ['GET', '/api/v1/sites/{site}/packages'],
  listPools: ['GET', '/api/v1/sites/{site}/pools'],
  listPublications: ['GET', '/api/v1/sites/{site}/publications'],
  listSessions: ['GET', '/api/v1/sessions'],
  listSites: ['GET', '/api/v1/sites'],
  listStatus: ['GET', '/api/v1/sites/{site}/status'],
  listTagHistory: ['GET', '/api/v1/sites/{site}/tags/{tag}/history'],
  listTasks: ['GET', '/api/v1/sites/{site}/tasks'],
  listTokens: ['GET', '/api/v1/tokens'],
  listUsers: ['GET', '/api/v1/users'],
  listenToEvents: ['GET', '/api/v1/sites/{site}/events'],
  previewChanges: ['GET', '/api/v1/sites/{site}/changes/preview'],
  removeClient: ['DELETE', '/api/v1/clients/{client}'],
  removeClientSecret: ['DELETE', '/api/v1/clients/{client}/secrets/{secret}'],
  removeHost: ['DELETE', '/api/v1/sites/{site}/hosts/{host}'],
  removePackage: ['DELETE', '/api/v1/sites/{site}/packages/{package}'],
  removePool: ['DELETE', '/api/v1/sites/{site}/pools/{pool}'],
  removePublication: ['DELETE', '/api/v1/sites/{site}/publications/{publication}'],
  removeUser: ['DELETE', '/api/v1/users/{user}'],
  renameTag: ['PATCH', '/api/v1/sites/{site}/tags/{tag}'],
  retryHost: ['POST', '/api/v1/sites/{site}/hosts/{host}/retry'],
  revertAuditEntry: ['POST', '/api/v1/sites/{site}/audit/{id}/revert'],
  revokeCredential: ['DELETE', '/api/v1/credentials/{id}'],
  revokeHost: ['POST', '/api/v1/sites/{site}/hosts/{host}/revoke'],
  rollBackTag: ['POST', '/api/v1/sites/{site}/tags/{tag}/rollback'],
  setHostPool: ['PUT', '/api/v1/sites/{site}/hosts/{host}/pool'],
  setInherit: ['PUT', '/api/v1/sites/{site}/{holder}/{name}/inherit'],
  setPassword: ['POST', '/api/v1/users/{user}/password'],
  signIn: ['POST', '/api/v1/sign-in'],
  signOut: ['POST', '/api/v1/sign-out'],
  startTask: ['POST', '/api/v1/sites/{site}/tasks'],
  summarizeStatus: ['GET', '/api/v1/sites/{site}/status/summary'],
  tagPackage: ['POST', '/api/v1/sites/{site}/packages/{package}/tags'],
  unassign: ['DELETE', '/api/v1/sites/{site}/{holder}/{name}/assignments/{family}'],
  untagPackage: ['DELETE', '/api/v1/sites/{site}/packages/{package}/tags/{tag}'],
  whoami: ['GET', '/api/v1/whoami'],
} as const satisfies Record<keyof Operations, readonly [method: string, path: string]>;
