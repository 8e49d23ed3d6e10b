package msix

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

// wide encodes text as UTF-16 with a byte order mark.
func wide(s string, big bool) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + s)) {
		if big {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return out
}

const smallManifest = `<Package xmlns="http://schemas.microsoft.com/appx/2010/manifest"><Identity Name="Contoso.Tool" Publisher="CN=Zoë" Version="1.0.0.0"/>` +
	`<Prerequisites><OSMinVersion>6.2.1</OSMinVersion><OSMaxVersionTested>6.2.1</OSMaxVersionTested></Prerequisites></Package>`

func TestManifestEncodings(t *testing.T) {
	for name, data := range map[string][]byte{
		"plain":     []byte(smallManifest),
		"UTF-8 BOM": []byte("\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>" + smallManifest),
		"UTF-16 LE": wide(`<?xml version="1.0" encoding="utf-16"?>`+smallManifest, false),
		"UTF-16 BE": wide(`<?xml version="1.0" encoding="UTF-16"?>`+smallManifest, true),
	} {
		m, err := ReadManifest(bytes.NewReader(data))
		if err != nil || m.Publisher != "CN=Zoë" || m.Architecture != "neutral" || m.Targets[0].MinVersion != (Version{6, 2, 1, 0}) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

// TestForeignNamespaces has elements of others' namespaces in front of Windows' own, whose names they bear.
func TestForeignNamespaces(t *testing.T) {
	const text = `<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10" xmlns:foo="http://contoso.com/foo"
		xmlns:uap18="http://schemas.microsoft.com/appx/manifest/uap/windows10/18" xmlns:build="http://schemas.microsoft.com/developer/appx/2015/build">
	<foo:Identity Name="Other" Publisher="CN=Other" Version="9.9.9.9"/>
	<build:Metadata><build:Item Name="makepri.exe" Version="10.0"/></build:Metadata>
	<Identity foo:Name="Other" Name="Contoso.Tool" Publisher="CN=Contoso" Version="1.2.3.4"/>
	<Properties><foo:DisplayName>Other</foo:DisplayName><DisplayName>Tool</DisplayName><foo:Framework>true</foo:Framework></Properties>
	<Resources><Resource foo:Scale="400" uap18:Scale="200"/></Resources>
	<Dependencies><foo:PackageDependency Name="Other" MinVersion="1.0.0.0"/></Dependencies>
	<Capabilities><foo:Capability Name="other"/><uap18:Capability Name="new"/></Capabilities>
	<Applications><foo:Application Id="Other"/><Application Id="App" Executable="a.exe"><foo:VisualElements DisplayName="Other"/>
		<uap18:VisualElements DisplayName="Shown"/><Extensions><foo:Extension Category="windows.protocol"><foo:Protocol Name="other"/></foo:Extension>
		<uap18:Extension Category="windows.protocol"><uap18:Protocol Name="tool"/></uap18:Extension></Extensions></Application></Applications></Package>`
	m, err := ReadManifest(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "full name", m.FullName(), "Contoso.Tool_1.2.3.4_neutral__"+PublisherID("CN=Contoso"))
	same(t, "properties", m.Properties.DisplayName+fmt.Sprint(m.Properties.Framework), "Toolfalse")
	same(t, "scale", m.Resources[0].Scale, "200")
	same(t, "dependencies and capabilities", fmt.Sprint(m.Dependencies, m.Capabilities), "[] [uap18:new]")
	same(t, "applications", len(m.Applications), 1)
	same(t, "application", m.Applications[0].DisplayName+fmt.Sprint(m.Applications[0].Protocols), "Shown[tool]")
}

func TestManifestRefused(t *testing.T) {
	identity := func(attributes string) string {
		return `<Package><Identity ` + attributes + `/></Package>`
	}
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"empty":             {"", ErrCorrupt},
		"not XML":           {"hello", ErrCorrupt},
		"cut off":           {smallManifest[:100], ErrCorrupt},
		"other root":        {"<Bundle/>", ErrCorrupt},
		"two roots":         {smallManifest + smallManifest, ErrCorrupt},
		"no identity":       {"<Package/>", ErrCorrupt},
		"no publisher":      {identity(`Name="App" Version="1.0.0.0"`), ErrCorrupt},
		"name with slash":   {identity(`Name="../../x" Publisher="CN=x" Version="1.0.0.0"`), ErrCorrupt},
		"resource id":       {identity(`Name="App" ResourceId="a/b" Publisher="CN=x" Version="1.0.0.0"`), ErrCorrupt},
		"version":           {identity(`Name="App" Publisher="CN=x" Version="1.0"`), ErrCorrupt},
		"architecture":      {identity(`Name="App" Publisher="CN=x" Version="1.0.0.0" ProcessorArchitecture="vax"`), ErrCorrupt},
		"deep":              {strings.Repeat("<a>", 1000), ErrUnsupported},
		"entity":            {`<!DOCTYPE x [<!ENTITY a "b">]><Package>&a;</Package>`, ErrCorrupt},
		"encoding":          {`<?xml version="1.0" encoding="ebcdic"?><Package/>`, ErrCorrupt},
		"two identities":    {strings.Replace(smallManifest, "<Prereq", `<Identity Name="Contoso.Other" Publisher="CN=O" Version="1.0.0.0"/><Prereq`, 1), ErrCorrupt},
		"foreign identity":  {`<Package xmlns="http://schemas.microsoft.com/appx/2010/manifest"><Identity xmlns="http://contoso.com" Name="App" Publisher="CN=x" Version="1.0.0.0"/></Package>`, ErrCorrupt},
		"application no id": {`<Package><Identity Name="App" Publisher="CN=x" Version="1.0.0.0"/><Applications><Application/></Applications></Package>`, ErrCorrupt},
		"too long":          {strings.Repeat(" ", maxManifest+1), ErrUnsupported},
	} {
		m, err := ReadManifest(strings.NewReader(c.text))
		var e *Error
		if !errors.Is(err, c.want) || !errors.As(err, &e) {
			t.Errorf("%s: %+v, %v; want %v", name, m, err, c.want)
		}
	}
}

func TestCapabilityFamilies(t *testing.T) {
	const base = "http://schemas.microsoft.com/appx/manifest/"
	for space, want := range map[string]string{
		base + "foundation/windows10":                          "",
		base + "uap/windows10":                                 "uap",
		base + "uap/windows10/3":                               "uap3",
		base + "foundation/windows10/restrictedcapabilities":   "rescap",
		base + "foundation/windows10/restrictedcapabilities/3": "rescap3",
		base + "foundation/windows10/windowscapabilities":      "wincap",
		base + "iot/windows10":                                 "iot",
		"http://schemas.microsoft.com/appx/2010/manifest":      "",
	} {
		same(t, space, capabilityFamily(&node{space: space, local: "Capability"}), want)
	}
	same(t, "device", capabilityFamily(&node{local: "DeviceCapability"}), "device")
}

const hash32 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

func blockMapText(files string) string {
	return `<BlockMap xmlns="http://schemas.microsoft.com/appx/2010/blockmap" HashMethod="http://www.w3.org/2001/04/xmlenc#sha256">` + files + `</BlockMap>`
}

func TestBlockMap(t *testing.T) {
	text := `<BlockMap xmlns="http://schemas.microsoft.com/appx/2010/blockmap" xmlns:b4="http://schemas.microsoft.com/appx/2017/blockmap" xmlns:x="urn:x" b4:Id="1" HashMethod="http://www.w3.org/2001/04/xmlenc#sha256">` +
		`<File Name="a\b c.txt" Size="65537" LfhSize="40"><Block Hash="` + hash32 + `" Size="9"/><Block Hash="` + hash32 + `"/><b4:FileHash Hash="` + hash32 + `"/><x:y><File/></x:y></File>` +
		`<File Name="empty" Size="0"/></BlockMap>`
	m, err := ReadBlockMap(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	f, ok := m.File("A/B C.TXT")
	if !ok || f.Name != `a\b c.txt` || f.Path != "a/b c.txt" || f.Size != 65537 || f.LfhSize != 40 || len(f.Blocks) != 2 || f.Blocks[0].Size != 9 || f.Blocks[1].Size != -1 {
		t.Errorf("%+v, %v", f, ok)
	}
	same(t, "blocks", m.BlockCount(), 2)
}

func TestBlockMapRefused(t *testing.T) {
	file := func(name string, size int64, blocks int) string {
		return fmt.Sprintf(`<File Name="%s" Size="%d">%s</File>`, name, size, strings.Repeat(`<Block Hash="`+hash32+`"/>`, blocks))
	}
	for name, text := range map[string]string{
		"empty":            "",
		"no root":          "<!-- x -->",
		"other root":       "<Package/>",
		"other namespace":  `<BlockMap xmlns="urn:x" HashMethod="http://www.w3.org/2001/04/xmlenc#sha256"/>`,
		"twice":            blockMapText(file("a.txt", 1, 1) + file("A.TXT", 1, 1)),
		"too few blocks":   blockMapText(file("a", BlockSize+1, 1)),
		"too many blocks":  blockMapText(file("a", BlockSize, 2)),
		"huge size":        blockMapText(file("a", 1<<62, 1)),
		"negative size":    blockMapText(file("a", -1, 0)),
		"parent folder":    blockMapText(file(`..\a`, 1, 1)),
		"absolute":         blockMapText(file(`\a`, 1, 1)),
		"drive":            blockMapText(file(`C:\a`, 1, 1)),
		"stream":           blockMapText(file(`a:b`, 1, 1)),
		"no name":          blockMapText(file("", 1, 1)),
		"content types":    blockMapText(file("[Content_Types].xml", 1, 1)),
		"signature":        blockMapText(file("appxsignature.P7X", 1, 1)),
		"short hash":       blockMapText(`<File Name="a" Size="1"><Block Hash="AAAA"/></File>`),
		"block size":       blockMapText(`<File Name="a" Size="1"><Block Hash="` + hash32 + `" Size="-3"/></File>`),
		"block outside":    blockMapText(`<Block Hash="` + hash32 + `"/>`),
		"file inside file": blockMapText(`<File Name="a" Size="0"><File Name="b" Size="0"/></File>`),
		"cut off":          blockMapText(file("a", 1, 1))[:200],
		"unbound prefix":   blockMapText(`<x:File Name="a" Size="0"/>`),
	} {
		if m, err := ReadBlockMap(strings.NewReader(text)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	unknown := strings.Replace(blockMapText(""), "sha256", "md5", 1)
	if _, err := ReadBlockMap(strings.NewReader(unknown)); !errors.Is(err, ErrUnsupported) {
		t.Errorf("hash method: %v", err)
	}
}

func TestPublisherNames(t *testing.T) {
	for _, name := range []string{
		"CN=Contoso",
		"CN=Microsoft Corporation, O=Microsoft Corporation, L=Redmond, S=Washington, C=US",
		`CN="Contoso, Ltd.", O="A ""quoted"" name", C=DE`,
		"E=marcin@otorowski.com, CN=Marcin Otorowski, O=Marcin Otorowski, S=zachodniopomorskie, C=PL",
		"CN=Žluťoučký kůň, OU=日本, DC=example, DC=org",
		`CN=" leading", STREET=1 Main St., PostalCode=12345, SERIALNUMBER=7, OID.1.3.6.1.4.1.311.60.2.1.3=US`,
		"CN=A + OU=B, O=C", `CN=""`, "CN=#0AFF, O=C", `CN="#0AFF"`, "CN=in\rside", "CN=\"end\r\"", "CN=\"\ttab\"", `CN="a;b<c>d"`, "Description=d, T=t, G=g, SN=s",
	} {
		der, err := parseX500(name)
		if err != nil || x500Name(der) != name {
			t.Errorf("%q became %q, %v", name, x500Name(der), err)
		}
	}
	for _, bad := range []string{"", "Contoso", "CN=A,", "XX=a", `CN="open`, `CN="a"b`, "CN=#0AF", "CN=#xy", "OID.9.9=x", "OID.=x"} {
		if der, err := parseX500(bad); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%q became %q, %v", bad, x500Name(der), err)
		}
	}
}

// TestPublisherValues writes values of every kind as Windows does.
func TestPublisherValues(t *testing.T) {
	for want, v := range map[string]asn1.RawValue{
		"text":        {Tag: asn1.TagPrintableString, Bytes: []byte("text")},
		"12 3":        {Tag: asn1.TagNumericString, Bytes: []byte("12 3")},
		"Ω😀":          {Tag: asn1.TagBMPString, Bytes: []byte{0x03, 0xA9, 0xD8, 0x3D, 0xDE, 0x00}},
		"😀":           {Tag: tagUniversalString, Bytes: []byte{0, 1, 0xF6, 0}},
		"é":           {Tag: asn1.TagT61String, Bytes: []byte{0xE9}},
		"visible":     {Tag: tagVisibleString, Bytes: []byte("visible")},
		"#00AB":       {Tag: asn1.TagOctetString, Bytes: []byte{0, 0xAB}},
		"#":           {Tag: asn1.TagOctetString},
		"#02012A":     {Tag: asn1.TagInteger, Bytes: []byte{42}},
		"#3003020101": {Tag: asn1.TagSequence, IsCompound: true, Bytes: []byte{2, 1, 1}},
		"#800178":     {Class: asn1.ClassContextSpecific, Bytes: []byte("x")},
	} {
		der, err := asn1.Marshal([]x500RDNSET{{{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: v}}})
		if err != nil {
			t.Fatal(err)
		}
		same(t, want, x500Name(der), "CN="+want)
	}
}

// TestHostileDER has what makes recursive parsers fall over.
func TestHostileDER(t *testing.T) {
	for name, der := range map[string][]byte{
		"nested":            bytes.Repeat([]byte{0x30, 0x80}, 1<<20),
		"nested definite":   nestedDER(100),
		"longer than file":  {0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0},
		"longer than outer": {0x30, 0x03, 0x04, 0x05, 0x00, 0, 0, 0},
		"multi-byte tag":    {0x3f, 0x81, 0x01, 0x00},
		"empty":             {},
	} {
		if s, err := ReadSignature(append([]byte(p7xMagic), der...)); !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}

func nestedDER(levels int) []byte {
	der := []byte{}
	for range levels {
		n := len(der)
		der = append([]byte{0x30, 0x82, byte(n >> 8), byte(n)}, der...)
	}
	return der
}
