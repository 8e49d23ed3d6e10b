// The shapes of the native API that the console reads. Their source is Go: wire/native.go and the root package.

export type Role = 'owner' | 'contributor' | 'reader';

export interface Who {
  name: string;
  kind: string;
  site?: string;
  role: Role;
}

export interface Site {
  name: string;
  generation: number;
}

export interface Settings {
  enabled: boolean;
  provisionCertificates: boolean;
  tags: { id: string; name: string }[];
}

export interface Status {
  name: string;
  since?: string;
  cause: string;
  code?: string;
  remedy?: string;
}

export interface HostPackage {
  host: string;
  hostKind: string;
  family: string;
  fullName?: string;
  displayName: string;
  version?: string;
  selector: string;
  sessions: number;
  status: Status;
}

export interface Certificate {
  subject: string;
  commonName: string;
  issuer: string;
  thumbprint: string;
  notAfter: string;
  keySize: number;
  selfSigned: boolean;
  timestamped: boolean;
}

export interface Package {
  fullName: string;
  familyName: string;
  publisher: string;
  publisherDisplayName?: string;
  version: string;
  architecture: string;
  displayName: string;
  imagePath: string;
  relativePath: string;
  enabled: boolean;
  retiring?: boolean;
  tags?: string[];
  applications: { id: string; displayName: string; appUserModelId: string; executable?: string }[];
  dependencies: { name: string; publisher: string; minVersion: string }[];
  certificate?: Certificate;
  findings?: string[];
  observed?: { format: string; fileSystem: string; imageSize: number; files: number; bytes: number; signature: string };
  addedAt: string;
  addedBy: string;
}

export interface Host {
  id: string;
  name: string;
  kind: string;
  pool?: string;
  inherit: boolean;
  enrolledAt: string;
  lastSeen: string;
  facts: {
    os?: string;
    architecture?: string;
    agentVersion?: string;
    attachMode?: string;
    sessions: { id: string; user: string }[] | null;
    problems?: string[];
  };
}

export interface Change {
  site: string;
  kind: string;
  key: string;
  name: string;
  action: 'create' | 'update' | 'delete';
  before?: unknown;
  after?: unknown;
  at: string;
  by: string;
}

export interface AppliedChanges {
  generation: number;
  applied: Change[];
}

export interface AuditEntry {
  id: number;
  at: string;
  actor: string;
  face: string;
  action: string;
  kind?: string;
  key?: string;
  refused?: string;
}

export interface List<T> {
  items: T[];
}
