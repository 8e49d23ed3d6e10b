package imaging

import (
	"bytes"
	"context"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	raster "image"

	"berth"
	"berth/msix"
	"berth/pri"
)

// package from the samples, as a file.
func samplePackage(t *testing.T, name string) string {
	t.Helper()
	file := filepath.Join(samples, filepath.FromSlash(name))
	if _, err := os.Stat(file); err != nil {
		t.Skipf("skipped: the conformance data %s is missing", file)
	}
	return file
}

// TestLocalisedNames reads names that stand in the resource index, in every language that the package has.
func TestLocalisedNames(t *testing.T) {
	for languages, want := range map[string]string{
		"": "Microsoft Corporation Localized", "fr": "Oui Oui", "FR-FR": "Oui Oui", "en-GB": "Microsoft Corporation Localized",
		"ja": "Microsoft Corporation Localized", "ja,fr-CA": "Oui Oui",
	} {
		l := library(t).In(strings.Split(languages, ",")...)
		for _, file := range []string{samplePackage(t, "microsoft_msix-packaging/unpack/CentennialCoffee.appx"), image(t, "coffee-mbr-fat32.vhd"), image(t, "coffee-gpt-dyn.vhdx")} {
			var ps []Package
			if strings.HasSuffix(file, ".appx") {
				var err error
				if ps, err = l.InspectPackage(context.Background(), file); err != nil {
					t.Fatal(err)
				}
			} else {
				img, err := l.Inspect(context.Background(), file)
				if err != nil {
					t.Fatal(err)
				}
				ps = img.Packages
			}
			if len(ps) != 1 || ps[0].Publisher != want || len(ps[0].Findings) > 0 {
				t.Errorf("%s in %q: %q, %q; want %q", filepath.Base(file), languages, ps[0].Publisher, ps[0].Findings, want)
			}
			coffee := ps[0].Applications[1]
			if coffee.IconPath != "Assets/AppList.targetsize-48.png" || len(coffee.Icon) != 644 {
				t.Errorf("%s: icon %q, %d bytes", filepath.Base(file), coffee.IconPath, len(coffee.Icon))
			}
			if !slices.Equal(coffee.FileTypes, []string{".centcoffee"}) || !slices.Equal(coffee.Protocols, []string{"centcoffee"}) {
				t.Errorf("it opens %q and %q", coffee.FileTypes, coffee.Protocols)
			}
		}
	}
}

// TestManifestFacts looks for what an inspection tells of the manifest beside the applications.
func TestManifestFacts(t *testing.T) {
	ps, err := library(t).InspectPackage(context.Background(), samplePackage(t, "microsoft_msix-packaging/unpack/CentennialCoffee.appx"))
	if err != nil {
		t.Fatal(err)
	}
	p := ps[0]
	if want := []string{"uap:musicLibrary", "internetClient", "rescap:runFullTrust"}; !slices.Equal(p.Capabilities, want) {
		t.Errorf("capabilities %q, want %q", p.Capabilities, want)
	}
	if want := []Target{{"Windows.Desktop", "10.0.14969.0", "10.0.16197.0"}}; !slices.Equal(p.Targets, want) {
		t.Errorf("targets %v", p.Targets)
	}
	if p.Description != "A fulltrust package" || !slices.Equal(p.Languages, []string{"en-us"}) {
		t.Errorf("%q, %q", p.Description, p.Languages)
	}
}

// TestIconChoice holds the choice among a logo's files to the order that Windows documents.
func TestIconChoice(t *testing.T) {
	const base, unplated = "Assets/Logo.png", "_altform-unplated"
	size := func(n, form string) string { return "Assets/Logo.targetsize-" + n + form + ".png" }
	for name, c := range map[string]struct {
		files []string
		want  string // the order
	}{
		"unplated first":           {[]string{base, size("48", ""), size("48", unplated)}, "2 1 0"},
		"smallest that is enough":  {[]string{size("256", unplated), size("64", unplated), size("32", unplated)}, "1 0 2"},
		"size before scale":        {[]string{"Assets/Logo.scale-400.png", size("256", "")}, "1 0"},
		"highest scale":            {[]string{base, "Assets/Logo.scale-100.png", "Assets/Logo.scale-200.png"}, "2 1 0"},
		"plain before too small":   {[]string{size("16", ""), base}, "1 0"},
		"largest of the too small": {[]string{size("16", ""), size("32", "")}, "1 0"},
		"no contrast":              {[]string{"Assets/contrast-black/Logo.targetsize-48.png", base}, "1"},
		"contrast when alone":      {[]string{"Assets/contrast-black/Logo.targetsize-48.png"}, "0"},
		"case":                     {[]string{"assets/LOGO.Scale-200.PNG"}, "0"},
		"other names":              {[]string{"Assets/Logo2.png", "Logo.png", "Assets/Logo.old.png"}, ""},
	} {
		l := &lookup{fsys: os.DirFS("."), files: map[string]string{}}
		for _, f := range c.files {
			l.files[berth.Fold(f)] = f
		}
		var got []string
		for _, p := range l.ranked(`Assets\Logo.png`) {
			got = append(got, string(rune('0'+slices.Index(c.files, p.path))))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: order %v, want %s", name, got, c.want)
		}
	}
	l := &lookup{fsys: os.DirFS("."), files: map[string]string{berth.Fold("x.png"): "x.png"}, ctx: pri.Context{}}
	for _, hostile := range []string{"", `..\..\etc\passwd`, `C:\x.png`, "/x.png", strings.Repeat("a/", 5000)} {
		if got := l.ranked(hostile); len(got) > 0 {
			t.Errorf("%q led to %v", hostile, got)
		}
	}
	if file, icon := l.icon(msix.Application{Square44x44Logo: "x.png"}, msix.Properties{}); file != "" || icon != nil || l.err == nil {
		t.Errorf("a logo that cannot be read: %q, %d bytes, %v", file, len(icon), l.err)
	}
}

// TestSmallPNG makes icons of pictures of every kind.
func TestSmallPNG(t *testing.T) {
	picture := raster.NewNRGBA(raster.Rect(0, 0, 600, 300))
	for i := range picture.Pix {
		picture.Pix[i] = byte(i * i >> 7)
	}
	for i := 0; i < len(picture.Pix); i += 4 {
		picture.Pix[i+3] = 255
	}
	var big, photo, small bytes.Buffer
	dot := raster.NewNRGBA(raster.Rect(0, 0, 1, 1))
	dot.Set(0, 0, color.NRGBA{1, 2, 3, 255})
	for _, err := range []error{png.Encode(&big, picture), jpeg.Encode(&photo, picture, nil), png.Encode(&small, dot)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range map[string][]byte{"large": big.Bytes(), "JPEG": photo.Bytes()} {
		out, ok := smallPNG(data)
		config, format, err := raster.DecodeConfig(bytes.NewReader(out))
		if !ok || err != nil || format != "png" || config.Width != 48 || config.Height != 24 || len(out) > mostIcon {
			t.Errorf("%s: %v, %s, %+v, %v, %d bytes", name, ok, format, config, err, len(out))
		}
	}
	if out, ok := smallPNG(small.Bytes()); !ok || !bytes.Equal(out, small.Bytes()) {
		t.Error("a small picture was changed")
	}
	bomb := bytes.Clone(small.Bytes())
	copy(bomb[16:], "\x00\x00\xff\xff\x00\x00\xff\xff") // 65535 points wide and high
	for name, data := range map[string][]byte{"empty": nil, "text": []byte("hello"), "bomb": bomb, "cut off": big.Bytes()[:200]} {
		if _, ok := smallPNG(data); ok {
			t.Errorf("%s: taken for a picture", name)
		}
	}
}
