package imaging

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"berth/msix"
)

// tally counts facts that were compared.
type tally struct {
	t           *testing.T
	want, right int
}

// fact compares one fact.
func (c *tally) fact(where string, got, want any) {
	c.t.Helper()
	c.want++
	if f, ok := want.(float64); ok {
		want = int64(f) // JSON has one kind of number
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		c.t.Errorf("%s: %v, want %v", where, got, want)
		return
	}
	c.right++
}

// tree compares every leaf of want; a leaf that got does not have is wrong.
func (c *tally) tree(where string, got, want any) {
	c.t.Helper()
	if w, ok := want.(map[string]any); ok {
		g, _ := got.(map[string]any)
		for _, k := range slices.Sorted(maps.Keys(w)) {
			if reason := unread[k]; reason == "" {
				c.tree(where+"."+k, g[k], w[k])
			}
		}
		return
	}
	if w, ok := want.([]any); ok {
		g, _ := got.([]any)
		if len(g) != len(w) {
			c.fact(where+" (number)", len(g), len(w))
			return
		}
		for i := range w {
			c.tree(fmt.Sprintf("%s[%d]", where, i), g[i], w[i])
		}
		return
	}
	c.fact(where, got, want)
}

// unread are the facts that Berth has no use for, and why.
var unread = map[string]string{
	"ForegroundText": "a word for the colour of text on tiles of Windows 8; nothing shows tiles",
	"sig_alg":        "the name that one library has for an algorithm; that the signature holds is compared",
}

// TestAllPackageFacts is the one run over everything that is known of the packages among the samples: every field of
// FACTS-packages.json and FACTS-appattach.json, what is there of FACTS-pri.json.gz, publisher-id.tsv, and Microsoft's own
// verdicts. It prints N of N.
func TestAllPackageFacts(t *testing.T) {
	facts := sampleJSON[map[string]map[string]any](t, "FACTS-packages.json")
	all := &tally{t: t}
	packages := 0
	refused := documented(t, "Read no further")
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		before := all.want - all.right
		part, stops := refused[strings.TrimPrefix(name, "microsoft_msix-packaging/")]
		delete(refused, strings.TrimPrefix(name, "microsoft_msix-packaging/"))
		all.pkg(name, facts[name], map[bool]string{true: part}[stops])
		if all.want-all.right == before {
			packages++
		}
	}
	t.Logf("packages: %d of %d, facts: %d of %d", packages, len(facts), all.right, all.want)
	for _, part := range []struct {
		name    string
		compare func(*testing.T, *tally)
	}{{"publisher ids", publisherIDs}, {"verdicts of Microsoft's SDK", sdkVerdicts}, {"resource indexes", indexFacts}, {"app attach images", appAttachFacts}} {
		before := *all
		part.compare(t, all)
		t.Logf("%s: %d of %d", part.name, all.right-before.right, all.want-before.want)
	}
	for fact, reason := range unread {
		t.Logf("left out: %s: %s", fact, reason)
	}
	t.Logf("all facts: %d of %d", all.right, all.want)
	if all.want < 3000 {
		t.Errorf("only %d facts", all.want)
	}
}

// documented reads a table of docs/formats/compatibility.md: what its first two columns say, so that it stays true.
func documented(t *testing.T, section string) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../docs/formats/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "\n## "+section)
	if !found {
		t.Fatalf("docs/formats/compatibility.md has no section %q", section)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	rows := map[string]string{}
	for line := range strings.SplitSeq(rest, "\n") {
		cells := strings.Split(line, "|")
		if name, ok := strings.CutPrefix(strings.TrimSpace(cells[min(1, len(cells)-1)]), "`"); ok && len(cells) > 4 {
			if strings.TrimSpace(cells[3]) == "" {
				t.Errorf("no reason is given for %s", name)
			}
			rows[strings.TrimSuffix(name, "`")] = strings.TrimSpace(cells[2])
		}
	}
	return rows
}

// pkg compares all that is known of one package. stops names the part that is refused, and whose facts are those of a
// reader that goes on all the same.
func (c *tally) pkg(name string, want map[string]any, stops string) {
	c.t.Helper()
	got := ourFacts(c.t, name)
	if m, ok := want["blockmap"].(map[string]any); !ok || m["error"] != nil { // the other reader refused it too
		got["refused"] = strings.TrimPrefix(got["refused"].(string), "block map")
	}
	if got["refused"] != stops {
		c.t.Errorf("%s: %q is refused, docs/formats/compatibility.md says %q", name, got["refused"], stops)
	}
	skip := map[string][]string{"": nil, "block map": {"blockmap"}, "bundle manifest": {"bundle_packages", "root_ns", "kind", "identity", "publisher_hash", "family_name"}}[stops]
	for _, k := range skip {
		delete(want, k)
	}
	if m, ok := want["blockmap"].(map[string]any); ok && m["error"] == nil {
		c.fact(name+".blockmap.bad", got["blockmap"].(map[string]any)["bad"], badFiles(want))
		delete(m, "bad")
	}
	c.tree(name, got, want)
}

// badFiles gives the names of the files that are not as the block map says. The packages of a bundle are not among them:
// the facts have them, and a bundle's block map must not.
func badFiles(want map[string]any) []string {
	bundled, _ := want["bundle_packages"].([]any)
	names := []string{}
	for _, b := range want["blockmap"].(map[string]any)["bad"].([]any) {
		file := b.([]any)[0].(string)
		inBundle := slices.ContainsFunc(bundled, func(p any) bool { return p.(map[string]any)["FileName"] == file })
		if !inBundle || b.([]any)[1] != "not in block map" {
			names = append(names, file)
		}
	}
	return names
}

func publisherIDs(t *testing.T, all *tally) {
	for line := range strings.SplitSeq(string(sample(t, "vectors/publisher-id.tsv")), "\n") {
		if id, publisher, ok := strings.Cut(strings.TrimRight(line, "\r"), "\t"); ok && !strings.HasPrefix(line, "#") {
			all.fact(publisher, msix.PublisherID(publisher), id)
		}
	}
}

// ourFacts tells of a package what the facts tell, in their form.
func ourFacts(t *testing.T, name string) map[string]any {
	data := sample(t, name)
	p, err := msix.OpenPackage(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return map[string]any{"refused": "", "error": map[string]string{ // the words of the library that was the other reader
			"Empty.appx":                       "BadZipFile('File is not a zip file')",
			"OPC_E_ZIP_CORRUPTED_ARCHIVE.appx": "BadZipFile('Bad magic number for central directory')",
		}[path.Base(name)]}
	}
	r, err := msix.VerifyPackage(context.Background(), p, msix.VerifyOptions{Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	out := containerFacts(p, len(data))
	switch {
	case r.Manifest != nil:
		manifestFacts(out, r.Manifest)
	default:
		bundleFacts(out, r.Bundle)
	}
	out["blockmap"], out["refused"] = blockMapFacts(r), ""
	switch {
	case r.BlockMap == nil:
		out["refused"] = "block map"
	case r.Manifest == nil && r.Bundle == nil:
		out["refused"], out["full_name"] = "bundle manifest", r.FullName
	}
	if r.Signature != nil {
		out["signature"] = signatureFacts(r)
	}
	return out
}

func containerFacts(p *msix.Package, size int) map[string]any {
	var total int64
	encoded, methods := 0, map[uint16]bool{}
	for _, e := range p.Entries() {
		total += e.Size
		methods[e.Method] = true
		if strings.Contains(e.Name, "%") {
			encoded++
		}
	}
	var list []any
	for _, m := range slices.Sorted(maps.Keys(methods)) {
		list = append(list, m)
	}
	return map[string]any{"entries": len(p.Entries()), "uncompressed_bytes": total, "percent_encoded_names": encoded, "methods": list,
		"size": size, "kind": "none"}
}

func identityFacts(out map[string]any, id msix.Identity, kind, schema string) {
	out["kind"], out["root_ns"], out["publisher_hash"] = kind, schema, id.PublisherID()
	out["full_name"], out["family_name"] = id.FullName(), id.FamilyName()
	out["identity"] = map[string]any{"Name": id.Name, "Publisher": id.Publisher, "Version": id.Version, "ResourceId": id.ResourceID,
		"ProcessorArchitecture": id.Architecture}
}

func manifestFacts(out map[string]any, m *msix.Manifest) {
	identityFacts(out, m.Identity, "package", m.Schema)
	out["properties"] = map[string]any{"DisplayName": m.Properties.DisplayName, "PublisherDisplayName": m.Properties.PublisherDisplayName,
		"Description": m.Properties.Description, "Logo": m.Properties.Logo, "Framework": m.Properties.Framework, "ResourcePackage": m.Properties.ResourcePackage}
	apps, resources, dependencies, capabilities := []any{}, []any{}, []any{}, []any{}
	for _, a := range m.Applications {
		visual := map[string]any{"DisplayName": a.DisplayName, "Description": a.Description, "BackgroundColor": a.BackgroundColor,
			"Square44x44Logo": a.Square44x44Logo, "SmallLogo": a.Square44x44Logo, "Square150x150Logo": a.Square150x150Logo, "Logo": a.Square150x150Logo}
		if a.Hidden {
			visual["AppListEntry"] = "none"
		}
		apps = append(apps, map[string]any{"Id": a.ID, "Executable": orNone(a.Executable), "EntryPoint": orNone(a.EntryPoint),
			"aumid": m.AppUserModelID(a.ID), "visual": visual})
	}
	for _, r := range m.Resources {
		resources = append(resources, map[string]any{"Language": r.Language, "{http://schemas.microsoft.com/appx/manifest/uap/windows10}Scale": r.Scale})
	}
	for _, d := range m.Targets {
		if d.Name != "" {
			dependencies = append(dependencies, map[string]any{"el": "TargetDeviceFamily", "Name": d.Name, "MinVersion": d.MinVersion, "MaxVersionTested": d.MaxVersionTested})
		}
	}
	for _, d := range m.Dependencies {
		dependencies = append(dependencies, map[string]any{"el": "PackageDependency", "Name": d.Name, "Publisher": d.Publisher, "MinVersion": d.MinVersion})
	}
	for _, d := range m.MainPackages {
		dependencies = append(dependencies, map[string]any{"el": "MainPackageDependency", "Name": d.Name, "Publisher": d.Publisher})
	}
	for _, c := range m.Capabilities {
		family := map[string]string{"": "windows10", "uap": "windows10", "rescap": "restrictedcapabilities"}[c.Family]
		capabilities = append(capabilities, family+":"+c.Name)
	}
	out["applications"], out["resources"], out["dependencies"], out["capabilities"] = apps, resources, dependencies, capabilities
}

// orNone is how the facts write what is not there.
func orNone(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func bundleFacts(out map[string]any, m *msix.BundleManifest) {
	if m == nil {
		return
	}
	identityFacts(out, m.Identity, "bundle", m.Schema)
	list := []any{}
	for _, b := range m.Packages {
		list = append(list, map[string]any{"Architecture": b.Architecture, "FileName": b.FileName, "Offset": b.Offset, "ResourceId": b.ResourceID,
			"Size": b.Size, "Type": b.Type, "Version": b.Version})
	}
	out["bundle_packages"] = list
}

// hashMethods are the names of hash functions in a block map.
var hashMethods = map[crypto.Hash]string{crypto.SHA256: "http://www.w3.org/2001/04/xmlenc#sha256"}

func blockMapFacts(r *msix.Report) map[string]any {
	if r.BlockMap == nil {
		return map[string]any{"error": "ParseError('unbound prefix: line 3, column 4')"}
	}
	bundled := map[string]bool{}
	if r.Bundle != nil {
		for _, b := range r.Bundle.Packages {
			bundled[b.FileName] = true
		}
	}
	bad := []string{}
	for _, b := range r.Bad { // what is wrong with manifests and with a bundle's packages is no fact of the block map
		if !bundled[b.File] && slices.ContainsFunc([]string{"not in the block map", "missing", "differs from", "bytes long, want"}, func(s string) bool { return strings.Contains(b.Reason, s) }) {
			bad = append(bad, b.File)
		}
	}
	return map[string]any{"ns": r.BlockMap.Schema, "hash_method": hashMethods[r.BlockMap.Hash], "files": len(r.BlockMap.Files), "blocks": r.Blocks, "bad": bad}
}

func signatureFacts(r *msix.Report) map[string]any {
	s := r.Signature
	match, tags := map[string]any{}, map[string]any{}
	for tag, d := range s.Digests {
		tags[tag] = hex.EncodeToString(d)
		match[tag] = r.Result(tag) == msix.Pass
	}
	if r.Result(msix.DigestPayload) == msix.Fail {
		match[msix.DigestPayload] = "signature-not-last"
	}
	out := map[string]any{"digest_alg": map[crypto.Hash]string{crypto.SHA256: "sha256"}[s.Hash], "digest_match": match, "tags": tags,
		"econtent_type": "1.3.6.1.4.1.311.2.1.4", "p7x_magic": "PKCX", "message_digest_ok": r.Result(msix.CheckSignature) == msix.Pass,
		"signature_ok": r.Result(msix.CheckSignature) == msix.Pass, "ncerts": len(s.Certificates), "timestamp": nil, "signer": signerFacts(s.Signer),
		"publisher_matches": r.Result(msix.CheckPublisher) == msix.Pass, "subject_windows": msix.SubjectName(s.Signer)}
	if s.Timestamp != nil {
		out["timestamp"] = s.Timestamp.Kind
	}
	return out
}

func signerFacts(c *x509.Certificate) map[string]any {
	one, two := sha1.Sum(c.Raw), sha256.Sum256(c.Raw)
	key := []any{"RSAPublicKey", msix.KeySize(c)}
	if _, ok := c.PublicKey.(*rsa.PublicKey); !ok {
		key[0] = fmt.Sprintf("%T", c.PublicKey)
	}
	return map[string]any{"sha1": hex.EncodeToString(one[:]), "sha256": hex.EncodeToString(two[:]), "serial": fmt.Sprintf("%x", c.SerialNumber),
		"not_before": c.NotBefore.UTC().Format(time.RFC3339), "not_after": c.NotAfter.UTC().Format(time.RFC3339), "key": key,
		"self_issued": bytes.Equal(c.RawIssuer, c.RawSubject), "eku": usages(c), "issuer_rfc4514": rfc4514(msix.IssuerName(c)), "subject_rfc4514": rfc4514(msix.SubjectName(c))}
}

// usages gives the extended key usages as they stand in the certificate.
func usages(c *x509.Certificate) []any {
	list := []any{}
	for _, e := range c.Extensions {
		var oids []asn1.ObjectIdentifier
		if !e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 37}) {
			continue
		}
		if _, err := asn1.Unmarshal(e.Value, &oids); err == nil {
			for _, oid := range oids {
				list = append(list, oid.String())
			}
		}
	}
	return list
}

// rfc4514 writes a name of Windows' form in that of RFC 4514; the samples' names need no escapes.
func rfc4514(name string) string {
	parts := strings.Split(name, ", ")
	for i, p := range parts {
		if v, ok := strings.CutPrefix(p, "S="); ok {
			parts[i] = "ST=" + v
		}
		if v, ok := strings.CutPrefix(p, "E="); ok {
			parts[i] = "1.2.840.113549.1.9.1=" + v
		}
	}
	return strings.Join(parts, ",")
}
