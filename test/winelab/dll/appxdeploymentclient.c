/* appxdeploymentclient.dll: Windows.Management.Deployment.PackageManager and Windows.Foundation.Uri as an in-process server
 * of the Windows Runtime. Interfaces and slots are written from Microsoft's published IDL, independent of the agent's. */
#include "fake.h"
#define COBJMACROS
#include <roapi.h>
#include <winstring.h>
#include <activation.h>
#include <inspectable.h>
#include <wincrypt.h>

#define ID(n, a, b, c, d0, d1, d2, d3, d4, d5, d6, d7) static const GUID n = {a, b, c, {d0, d1, d2, d3, d4, d5, d6, d7}}
ID(I_Unknown, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46);
ID(I_Inspectable, 0xAF86E2E0, 0xB12D, 0x4c6a, 0x9C, 0x5A, 0xD7, 0xAA, 0x65, 0x10, 0x1E, 0x90);
ID(I_Agile, 0x94ea2b94, 0xe9cc, 0x49e0, 0xc0, 0xff, 0xee, 0x64, 0xca, 0x8f, 0x5b, 0x90);
ID(I_Factory, 0x00000035, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46);
ID(I_AsyncInfo, 0x00000036, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46);
ID(I_Manager, 0x9a7d4b65, 0x5e8f, 0x4fc7, 0xa2, 0xe5, 0x7f, 0x69, 0x25, 0xcb, 0x8b, 0x53);
ID(I_Manager2, 0xf7aad08d, 0x0840, 0x46f2, 0xb5, 0xd8, 0xca, 0xd4, 0x76, 0x93, 0xa0, 0x95);
ID(I_Operation, 0x5a97aab7, 0xb6ea, 0x55ac, 0xa5, 0xdc, 0xd5, 0xb1, 0x64, 0xd9, 0x4e, 0x94);
ID(I_Result, 0x2563b9ae, 0xb77d, 0x4c1f, 0x8a, 0x7b, 0x20, 0xe6, 0xad, 0x51, 0x5e, 0xf3);
ID(I_User, 0xf6383423, 0xfa09, 0x4cbc, 0x90, 0x55, 0x15, 0xca, 0x27, 0x5e, 0x2e, 0x7e);
ID(I_Users, 0x341348b9, 0x52c8, 0x5b57, 0x9e, 0x91, 0xf1, 0x9f, 0x2a, 0x05, 0xb1, 0x88);
ID(I_UserCursor, 0x75660566, 0xae43, 0x5858, 0xad, 0xa6, 0xd5, 0x7d, 0xda, 0xe9, 0x02, 0x77);
ID(I_Package, 0x163c792f, 0xbd75, 0x413c, 0xbf, 0x23, 0xb1, 0xfe, 0x7b, 0x95, 0xd8, 0x25);
ID(I_Package3, 0x5f738b61, 0xf86a, 0x4917, 0x93, 0xd1, 0xf1, 0xee, 0x9d, 0x3b, 0x35, 0xd9);
ID(I_PackageId, 0x1adb665e, 0x37c7, 0x4790, 0x99, 0x80, 0xdd, 0x7a, 0xe7, 0x4e, 0x8b, 0xb2);
ID(I_Status, 0x5fe74f71, 0xa365, 0x4c09, 0xa0, 0x2d, 0x04, 0x6d, 0x52, 0x5e, 0xa1, 0xda);
ID(I_UriFactory, 0x44a9796f, 0x723e, 0x4fdf, 0xa2, 0x18, 0x03, 0x3e, 0x75, 0xb0, 0xc0, 0x84);
ID(I_Uri, 0x9e365e57, 0x48b2, 0x4160, 0x95, 0x6f, 0xc7, 0x38, 0x51, 0x20, 0xbb, 0xfc);

enum kind { MANAGER, OPERATION, RESULT, URI, PACKAGE, PACKAGE_ID, STATUS, USERS, CURSOR, USER };

/* object is any of them; its interfaces are its first two fields. */
typedef struct object {
  void **first, **second;
  LONG references;
  enum kind kind;
  wchar_t text[700];      /* address, full name or SID */
  HRESULT code;           /* how an operation ends */
  DWORD due;              /* when, in ticks */
  int at, count;          /* of a cursor */
  int packages;           /* the list is one of packages, not of users */
  wchar_t users[20][128]; /* SIDs, or full names */
} object;
#define SECOND(p) ((object *)((char *)(p) - sizeof(void *)))
#define CALL STDMETHODCALLTYPE

static HRESULT CALL query(object *o, REFIID id, void **out) {
  static const struct { enum kind kind; const GUID *id; int second; } table[] = {
      {MANAGER, &I_Manager, 0}, {MANAGER, &I_Manager2, 1}, {OPERATION, &I_Operation, 0}, {OPERATION, &I_AsyncInfo, 1},
      {RESULT, &I_Result, 0}, {URI, &I_Uri, 0}, {PACKAGE, &I_Package, 0}, {PACKAGE, &I_Package3, 1},
      {PACKAGE_ID, &I_PackageId, 0}, {STATUS, &I_Status, 0}, {USERS, &I_Users, 0}, {CURSOR, &I_UserCursor, 0}, {USER, &I_User, 0}};
  *out = 0;
  if (IsEqualGUID(id, &I_Unknown) || IsEqualGUID(id, &I_Inspectable) || IsEqualGUID(id, &I_Agile)) *out = &o->first;
  for (int i = 0; !*out && i < (int)(sizeof table / sizeof table[0]); i++)
    if (table[i].kind == o->kind && IsEqualGUID(id, table[i].id)) *out = table[i].second ? (void *)&o->second : (void *)&o->first;
  if (!*out) return E_NOINTERFACE;
  InterlockedIncrement(&o->references);
  return S_OK;
}
static ULONG CALL keep(object *o) { return InterlockedIncrement(&o->references); }
static ULONG CALL drop(object *o) {
  LONG left = InterlockedDecrement(&o->references);
  if (!left) HeapFree(GetProcessHeap(), 0, o);
  return left;
}
static HRESULT CALL query2(void *p, REFIID id, void **out) { return query(SECOND(p), id, out); }
static ULONG CALL keep2(void *p) { return keep(SECOND(p)); }
static ULONG CALL drop2(void *p) { return drop(SECOND(p)); }
static HRESULT CALL interfaces(void *p, ULONG *n, IID **ids) { *n = 0; *ids = 0; return S_OK; }
static HRESULT CALL class_name(void *p, HSTRING *s) { return WindowsCreateString(L"Fake", 4, s); }
static HRESULT CALL trust_level(void *p, int *level) { *level = 0; return S_OK; }
static HRESULT CALL missing(void *p) { note("BROKEN a method that the bench does not have was called"); return E_NOTIMPL; }
#define HEAD (void *)query, (void *)keep, (void *)drop, (void *)interfaces, (void *)class_name, (void *)trust_level
#define HEAD2 (void *)query2, (void *)keep2, (void *)drop2, (void *)interfaces, (void *)class_name, (void *)trust_level
#define NO missing

static object *make(enum kind kind, void **first, void **second) {
  object *o = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *o);
  o->first = first;
  o->second = second;
  o->kind = kind;
  o->references = 1;
  return o;
}
static HRESULT string(const wchar_t *w, HSTRING *s) { return WindowsCreateString(w, (UINT32)wcslen(w), s); }

/* ---- operations and their results ---- */
static HRESULT CALL result_text(object *o, HSTRING *s) {
  wchar_t text[100];
  swprintf(text, 100, L"the bench says 0x%08lX", o->code);
  return string(o->code ? text : L"", s);
}
static HRESULT CALL result_activity(object *o, GUID *g) { memset(g, 7, sizeof *g); return S_OK; }
static HRESULT CALL result_code(object *o, HRESULT *h) { *h = o->code; return S_OK; }
static void *result_table[] = {HEAD, result_text, result_activity, result_code};

static HRESULT CALL operation_results(object *o, object **out) {
  *out = 0;
  if ((LONG)(GetTickCount() - o->due) < 0) return 0x8000000E; /* E_ILLEGAL_METHOD_CALL */
  *out = make(RESULT, result_table, 0);
  (*out)->code = o->code;
  return S_OK;
}
static void *operation_table[] = {HEAD, NO, NO, NO, NO, operation_results};
static HRESULT CALL info_id(void *p, UINT32 *id) { *id = 1; return S_OK; }
static HRESULT CALL info_status(void *p, int *s) {
  object *o = SECOND(p);
  *s = (LONG)(GetTickCount() - o->due) < 0 ? 0 : o->code ? 3 : 1;
  return S_OK;
}
static HRESULT CALL info_error(void *p, HRESULT *h) { *h = SECOND(p)->code; return S_OK; }
static HRESULT CALL info_done(void *p) { return S_OK; }
static void *info_table[] = {HEAD2, info_id, info_status, info_error, info_done, info_done};

static HRESULT operation(HRESULT code, object **out) {
  *out = make(OPERATION, operation_table, info_table);
  (*out)->code = code;
  (*out)->due = GetTickCount() + 60;
  return S_OK;
}

/* ---- addresses ---- */
static HRESULT CALL uri_absolute(object *o, HSTRING *s) { return string(o->text, s); }
static void *uri_table[] = {HEAD, uri_absolute, NO, NO, NO, NO, NO, NO, NO, NO, NO, uri_absolute, NO, NO, NO, NO, NO, NO};

static int hex(wchar_t c) { return c >= L'0' && c <= L'9' ? c - L'0' : (c | 32) >= L'a' && (c | 32) <= L'f' ? (c | 32) - L'a' + 10 : -1; }

/* place takes an address apart: the volume, and the path on it. Braces come escaped, as .NET gives them; with
 * inject/unescaped only an address with plain braces is taken, with inject/junction none but a junction. */
static int place(const wchar_t *address, wchar_t *guid, wchar_t *path) {
  wchar_t plain[700];
  int n = 0;
  for (const wchar_t *p = address; *p && n < 699; p++) {
    if (*p == L'%' && hex(p[1]) >= 0 && hex(p[2]) >= 0) { plain[n++] = (wchar_t)(hex(p[1]) * 16 + hex(p[2])); p += 2; }
    else plain[n++] = *p;
  }
  plain[n] = 0;
  if (!_wcsnicmp(plain, L"file:///C:/", 11)) { /* a junction */
    wchar_t file[900], target[600];
    char text[2400];
    swprintf(file, 900, ROOT L"junctions\\%ls", wcsrchr(plain, L'/') + 1);
    if (!slurp(file, text, sizeof text)) return 0;
    line_of(text, 0, target, 600);
    if (wcslen(target) < 11 + 36 + 2) return 0;
    lstrcpynW(guid, target + 11, 37);
    lstrcpynW(path, target + 49, 600);
    for (wchar_t *p = path; *p; p++)
      if (*p == L'\\') *p = L'/';
    return 1;
  }
  if (there(ROOT L"inject\\junction") || (!wcschr(address, L'{') && there(ROOT L"inject\\unescaped"))) return 0;
  if (_wcsnicmp(plain, L"file:///Volume{", 15) || wcslen(plain) < 15 + 36 + 3 || plain[51] != L'}') return 0;
  lstrcpynW(guid, plain + 15, 37);
  lstrcpynW(path, plain + 53, 600);
  return 1;
}

/* ---- the manager ---- */
static const wchar_t *value(HSTRING s) { return WindowsGetStringRawBuffer(s, 0); }

/* caller finds the session in which this process works for a user; 0: it is the service. */
static int caller(struct session *s) {
  const wchar_t *at = wcsstr(GetCommandLineW(), L"--session ");
  return at && read_session(wcstoul(at + 10, 0, 10), s);
}

static int trusted(const wchar_t *package) {
  wchar_t path[700], want[64];
  char text[128];
  BYTE hash[20];
  swprintf(path, 700, ROOT L"signers\\%ls", package);
  if (!slurp(path, text, sizeof text)) return 1;
  line_of(text, 0, want, 64);
  for (int i = 0; i < 20; i++) hash[i] = (BYTE)(hex(want[2 * i]) * 16 + hex(want[2 * i + 1]));
  HCERTSTORE store = CertOpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, CERT_SYSTEM_STORE_LOCAL_MACHINE | CERT_STORE_READONLY_FLAG, L"TrustedPeople");
  CRYPT_HASH_BLOB blob = {20, hash};
  PCCERT_CONTEXT c = store ? CertFindCertificateInStore(store, X509_ASN_ENCODING, 0, CERT_FIND_HASH, &blob, 0) : 0;
  if (c) CertFreeCertificateContext(c);
  if (store) CertCloseStore(store, 0);
  return c != 0;
}

/* begins tells whether a folder has a file whose name begins so. */
static int begins(const wchar_t *folder, const wchar_t *with) {
  wchar_t pattern[1400];
  WIN32_FIND_DATAW f;
  swprintf(pattern, 1400, L"%ls\\%ls*", folder, with);
  HANDLE find = FindFirstFileW(pattern, &f);
  if (find == INVALID_HANDLE_VALUE) return 0;
  FindClose(find);
  return 1;
}

/* lacks tells whether a package needs another one that the folder does not have. */
static int lacks(const wchar_t *name, const wchar_t *folder) {
  wchar_t path[1400], one[300];
  char text[1400];
  swprintf(path, 1400, ROOT L"needs\\%ls", name);
  if (!slurp(path, text, sizeof text)) return 0;
  for (int i = 0; i < 10; i++) {
    line_of(text, i, one, 300);
    if (one[0] && !begins(folder, one)) return 1;
  }
  return 0;
}

/* needed tells whether a package that is staged needs this one. */
static int needed(const wchar_t *name) {
  WIN32_FIND_DATAW f;
  int yes = 0;
  HANDLE find = FindFirstFileW(ROOT L"needs\\*_*", &f);
  if (find == INVALID_HANDLE_VALUE) return 0;
  do {
    wchar_t path[1400], one[300];
    char text[1400];
    swprintf(path, 1400, ROOT L"staged\\%ls", f.cFileName);
    if (!there(path)) continue;
    swprintf(path, 1400, ROOT L"needs\\%ls", f.cFileName);
    slurp(path, text, sizeof text);
    for (int i = 0; i < 10; i++) {
      line_of(text, i, one, 300);
      if (one[0] && !_wcsnicmp(one, name, wcslen(one))) yes = 1;
    }
  } while (FindNextFileW(find, &f));
  FindClose(find);
  return yes;
}

/* stage_file stages a package from its container, which the agent names by its full name; its files are copied. */
static HRESULT stage_file(const wchar_t *address) {
  wchar_t path[700], file[1400];
  int n = 0;
  for (const wchar_t *p = address + 8; *p && n < 699; p++) {
    if (*p == L'%' && hex(p[1]) >= 0 && hex(p[2]) >= 0) { path[n++] = (wchar_t)(hex(p[1]) * 16 + hex(p[2])); p += 2; }
    else path[n++] = *p == L'/' ? L'\\' : *p;
  }
  path[n] = 0;
  if (_wcsnicmp(address, L"file:///", 8) || !there(path)) return 0x80073CF0;
  wchar_t *name = wcsrchr(path, L'\\') + 1, *dot = wcsrchr(path, L'.');
  if (!dot || dot < name) return 0x80073CF0;
  *dot = 0;
  if (!trusted(name)) return 0x800B0109;
  if (lacks(name, ROOT L"staged")) return 0x80073CF3;
  swprintf(file, 1400, ROOT L"staged\\%ls", name);
  spit(file, "-\n");
  note("staged %ls", name);
  return S_OK;
}

static HRESULT stage(const wchar_t *address, UINT32 options) {
  wchar_t guid[64], path[600], file[1400];
  char text[1400];
  struct session s;
  note("StagePackageWithOptionsAsync %ls options=%x", address, options);
  DWORD code = injected(L"stage");
  if (code) return (HRESULT)code;
  if (caller(&s)) return HRESULT_FROM_WIN32(ERROR_ACCESS_DENIED);
  if (!options) {
    HRESULT r = stage_file(address);
    if (!r) passed(L"stage");
    return r;
  }
  if (options != 0x400000 || !place(address, guid, path)) return E_INVALIDARG;
  swprintf(file, 1400, ROOT L"mounted\\{%ls}\\%ls\\AppxManifest.xml", guid, path);
  if (!there(file)) return 0x80073CF0; /* ERROR_INSTALL_OPEN_PACKAGE_FAILED */
  const wchar_t *name = wcsrchr(path, L'/');
  name = name ? name + 1 : path;
  if (!trusted(name)) return 0x800B0109; /* CERT_E_UNTRUSTEDROOT */
  if (lacks(name, ROOT L"staged")) return 0x80073CF3; /* ERROR_INSTALL_RESOLVE_DEPENDENCY_FAILED */
  swprintf(file, 1400, ROOT L"staged\\%ls", name);
  snprintf(text, sizeof text, "%ls\n%ls\n", guid, path);
  spit(file, text);
  note("staged %ls", name);
  passed(L"stage");
  return S_OK;
}

static HRESULT enroll(const wchar_t *name) {
  wchar_t file[1400];
  char text[128];
  struct session s;
  note("RegisterPackageByFullNameAsync %ls", name);
  DWORD code = injected(L"register");
  if (code) return (HRESULT)code;
  if (!caller(&s)) return HRESULT_FROM_WIN32(ERROR_ACCESS_DENIED); /* LocalSystem would get the package itself */
  swprintf(file, 1400, ROOT L"staged\\%ls", name);
  if (!there(file)) return 0x80073CF1;
  swprintf(file, 1400, ROOT L"registered\\%ls", s.sid);
  CreateDirectoryW(file, 0);
  /* A strict Windows wants what the package needs registered for the user too. */
  if (lacks(name, there(ROOT L"inject\\strict") ? file : ROOT L"staged")) return 0x80073CF3;
  swprintf(file, 1400, ROOT L"registered\\%ls\\%ls", s.sid, name);
  snprintf(text, sizeof text, "%lu %lld\n", s.number, s.logon);
  spit(file, text);
  note("registered %ls for %ls", name, s.user);
  passed(L"register");
  return S_OK;
}

/* each_user walks through those who have a package, and takes it from them where it is asked to. */
static int each_user(const wchar_t *name, int take, wchar_t users[20][128]) {
  WIN32_FIND_DATAW f;
  int n = 0;
  HANDLE find = FindFirstFileW(ROOT L"registered\\S-*", &f);
  if (find == INVALID_HANDLE_VALUE) return 0;
  do {
    wchar_t file[1400];
    swprintf(file, 1400, ROOT L"registered\\%ls\\%ls", f.cFileName, name);
    if (!there(file)) continue;
    if (users && n < 20) lstrcpynW(users[n], f.cFileName, 128);
    n++;
    if (take) DeleteFileW(file);
  } while (FindNextFileW(find, &f));
  FindClose(find);
  return n;
}

static HRESULT take(const wchar_t *name, UINT32 options) {
  wchar_t file[1400], by[64];
  struct session s;
  note("RemovePackageWithOptionsAsync %ls options=%x", name, options);
  if (options == 0x80000) {
    DWORD code = injected(L"destage");
    if (code) return (HRESULT)code;
    if (caller(&s)) return HRESULT_FROM_WIN32(ERROR_ACCESS_DENIED);
    if (held(name, by)) note("VIOLATION %ls was taken from the session of %ls", name, by);
    if (needed(name)) return 0x80073CF3;
    each_user(name, 1, 0);
    swprintf(file, 1400, ROOT L"staged\\%ls", name);
    if (!DeleteFileW(file)) return 0x80073CF1;
    note("destaged %ls", name);
    passed(L"destage");
    return S_OK;
  }
  DWORD code = injected(L"deregister");
  if (code) return (HRESULT)code;
  if (options != 0x80) return E_INVALIDARG;
  if (!caller(&s)) return 0x80073CF1;
  if (held(name, by) && !wcscmp(by, s.user)) note("%ls is taken from its own session of %ls", name, by);
  swprintf(file, 1400, ROOT L"registered\\%ls\\%ls", s.sid, name);
  if (!DeleteFileW(file)) return 0x80073CF1;
  note("deregistered %ls for %ls", name, s.user);
  passed(L"deregister");
  return S_OK;
}

static HRESULT CALL manager2_remove(void *p, HSTRING name, UINT32 options, object **out) { return operation(take(value(name), options), out); }
static HRESULT CALL manager2_stage(void *p, object *uri, void *dependencies, UINT32 options, object **out) {
  HSTRING s;
  ((HRESULT(CALL *)(object *, HSTRING *))uri->first[6])(uri, &s);
  HRESULT code = stage(value(s), options);
  WindowsDeleteString(s);
  return operation(code, out);
}
static HRESULT CALL manager2_register(void *p, HSTRING name, void *dependencies, UINT32 options, object **out) {
  return operation(options ? E_INVALIDARG : enroll(value(name)), out);
}
static void *manager2_table[] = {HEAD2, manager2_remove, manager2_stage, manager2_register, NO, NO, NO, NO, NO, NO, NO};

static void *package_table[10], *package3_table[9];
static HRESULT CALL user_sid(object *o, HSTRING *s) { return string(o->text, s); }
static HRESULT CALL user_state(object *o, int *s) { *s = 2; return S_OK; }
static void *user_table[] = {HEAD, user_sid, user_state};
static HRESULT CALL cursor_current(object *o, object **out) {
  if (o->at >= o->count) return 0x8000000B; /* E_BOUNDS */
  *out = o->packages ? make(PACKAGE, package_table, package3_table) : make(USER, user_table, 0);
  lstrcpynW((*out)->text, o->users[o->at], 128);
  return S_OK;
}
static HRESULT CALL cursor_has(object *o, BYTE *b) { *b = o->at < o->count; return S_OK; }
static HRESULT CALL cursor_next(object *o, BYTE *b) { o->at++; return cursor_has(o, b); }
static void *cursor_table[] = {HEAD, cursor_current, cursor_has, cursor_next, NO};
static HRESULT CALL users_first(object *o, object **out) {
  *out = make(CURSOR, cursor_table, 0);
  (*out)->count = o->count;
  (*out)->packages = o->packages;
  memcpy((*out)->users, o->users, sizeof o->users);
  return S_OK;
}
static void *users_table[] = {HEAD, users_first};

static HRESULT CALL manager_users(object *o, HSTRING name, object **out) {
  DWORD code = injected(L"users");
  if (code) return (HRESULT)code;
  *out = make(USERS, users_table, 0);
  (*out)->count = each_user(value(name), 0, (*out)->users);
  return S_OK;
}

/* A package is not available while its volume is away. */
static int offline(const wchar_t *name) {
  wchar_t file[1400], guid[64];
  char text[1400];
  swprintf(file, 1400, ROOT L"staged\\%ls", name);
  if (!slurp(file, text, sizeof text)) return 1;
  line_of(text, 0, guid, 64);
  return guid[0] != L'-' && !is_mounted(guid);
}
static HRESULT CALL status_ok(object *o, BYTE *b) { *b = !offline(o->text); return S_OK; }
static HRESULT CALL status_away(object *o, BYTE *b) { *b = offline(o->text) != 0; return S_OK; }
static HRESULT CALL status_no(object *o, BYTE *b) { *b = 0; return S_OK; }
static void *status_table[] = {HEAD, status_ok, status_away, status_away, status_no, status_no, status_no, status_no, status_no,
                               status_no, status_no, status_no, status_no, status_no};
static HRESULT CALL id_full(object *o, HSTRING *s) { return string(o->text, s); }
static void *id_table[] = {HEAD, NO, NO, NO, NO, NO, NO, id_full, NO};
static HRESULT CALL package_id(object *o, object **out) { *out = make(PACKAGE_ID, id_table, 0); lstrcpyW((*out)->text, o->text); return S_OK; }
static void *package_table[10] = {HEAD, package_id, NO, NO, NO};
static HRESULT CALL package_status(void *p, object **out) { *out = make(STATUS, status_table, 0); lstrcpyW((*out)->text, SECOND(p)->text); return S_OK; }
static void *package3_table[9] = {HEAD2, package_status, NO, NO};

static HRESULT CALL manager_find(object *o, HSTRING name, object **out) {
  wchar_t file[1400];
  *out = 0;
  DWORD code = injected(L"find");
  if (code) return (HRESULT)code;
  swprintf(file, 1400, ROOT L"staged\\%ls", value(name));
  if (!there(file)) return S_OK;
  *out = make(PACKAGE, package_table, package3_table);
  lstrcpynW((*out)->text, value(name), 700);
  return S_OK;
}
static HRESULT CALL manager_family(object *o, HSTRING family, object **out) {
  WIN32_FIND_DATAW f;
  DWORD code = injected(L"family");
  if (code) return (HRESULT)code;
  const wchar_t *name = value(family), *hash = wcsrchr(name, L'_');
  *out = make(USERS, users_table, 0);
  (*out)->packages = 1;
  HANDLE find = FindFirstFileW(ROOT L"staged\\*_*", &f);
  if (find == INVALID_HANDLE_VALUE) return S_OK;
  do {
    const wchar_t *end = wcsrchr(f.cFileName, L'_');
    if ((*out)->count < 20 && hash && !_wcsnicmp(f.cFileName, name, hash - name + 1) && end && !_wcsicmp(end, hash))
      lstrcpynW((*out)->users[(*out)->count++], f.cFileName, 128);
  } while (FindNextFileW(find, &f));
  FindClose(find);
  return S_OK;
}
static HRESULT CALL manager_cleanup(object *o, HSTRING name, HSTRING sid, object **out) {
  wchar_t file[1400];
  note("CleanupPackageForUserAsync %ls %ls", value(name), value(sid));
  DWORD code = injected(L"cleanup");
  swprintf(file, 1400, ROOT L"registered\\%ls\\%ls", value(sid), value(name));
  if (!code && !DeleteFileW(file)) code = 0x80073CF1;
  return operation((HRESULT)code, out);
}
static void *manager_table[] = {HEAD, NO, NO, NO, NO, NO, NO, NO, NO, NO, manager_users, NO, manager_find, manager_cleanup, manager_family, NO, NO};

/* ---- activation ---- */
typedef struct { void **first, **second; enum kind kind; } factory;
static HRESULT CALL factory_query(factory *f, REFIID id, void **out) {
  *out = 0;
  if (IsEqualGUID(id, &I_Unknown) || IsEqualGUID(id, &I_Inspectable) || IsEqualGUID(id, &I_Agile) || IsEqualGUID(id, &I_Factory)) *out = &f->first;
  if (f->kind == URI && IsEqualGUID(id, &I_UriFactory)) *out = &f->second;
  return *out ? S_OK : E_NOINTERFACE;
}
static HRESULT CALL factory_query2(void *p, REFIID id, void **out) { return factory_query((factory *)((char *)p - sizeof(void *)), id, out); }
static ULONG CALL forever(void *p) { return 2; }
static HRESULT CALL factory_make(factory *f, object **out) {
  DWORD code = injected(L"activate");
  if (code) return (HRESULT)code;
  if (f->kind != MANAGER) return E_NOTIMPL;
  *out = make(MANAGER, manager_table, manager2_table);
  return S_OK;
}
static HRESULT CALL factory_uri(void *p, HSTRING s, object **out) {
  *out = make(URI, uri_table, 0);
  lstrcpynW((*out)->text, value(s), 700);
  return S_OK;
}
static void *factory_table[] = {(void *)factory_query, (void *)forever, (void *)forever, (void *)interfaces, (void *)class_name, (void *)trust_level, (void *)factory_make};
static void *uri_factory_table[] = {(void *)factory_query2, (void *)forever, (void *)forever, (void *)interfaces, (void *)class_name, (void *)trust_level, (void *)factory_uri, (void *)missing};
static factory managers = {factory_table, 0, MANAGER}, uris = {factory_table, uri_factory_table, URI};

EXPORT HRESULT WINAPI DllGetActivationFactory(HSTRING class, IActivationFactory **out) {
  const wchar_t *name = value(class);
  *out = 0;
  if (!wcscmp(name, L"Windows.Management.Deployment.PackageManager")) *out = (void *)&managers;
  if (!wcscmp(name, L"Windows.Foundation.Uri")) *out = (void *)&uris;
  return *out ? S_OK : 0x80040154; /* REGDB_E_CLASSNOTREG */
}
EXPORT HRESULT WINAPI DllCanUnloadNow(void) { return S_FALSE; }
