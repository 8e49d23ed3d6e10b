package pri

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
)

func open(t testing.TB, data []byte) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// layouts are the variants of the format, most of which no sample has.
var layouts = map[string]layout{
	"Windows 8":      {magic: "mrm_pri0", plainSchema: true, environment: true, internal: true, noDescriptor: true},
	"Windows 8.1":    {magic: "mrm_pri1", environment: true},
	"Windows Phone":  {magic: "mrm_prif", environment: true},
	"Windows 10":     {magic: "mrm_pri2"},
	"Windows 1803":   {magic: "mrm_pri3"},
	"many names":     {magic: "mrm_pri3", largeNames: true},
	"many resources": {magic: "mrm_pri3", extendedTables: true},
	"many values":    {magic: "mrm_vnxt", largeValues: true, largeNames: true, extendedTables: true},
	"no descriptor":  {magic: "mrm_pri2", noDescriptor: true},
}

func TestLayouts(t *testing.T) {
	for name, l := range layouts {
		t.Run(name, func(t *testing.T) {
			f := open(t, build(l))
			if f.Name != "Test" || !slices.Equal(f.Names(), []string{"Resources/Name", "Files/Logo.png", "Resources/Unused"}) {
				t.Fatalf("%s with %q", f, f.Names())
			}
			for languages, want := range map[string]string{"": "Hello", "de": "Hallo", "DE-AT": "Hallo", "fr": "Hello", "en-GB": "Hello"} {
				ctx := Context{Languages: []string{languages}}
				if text, ok, err := f.Text("ms-resource:Name", ctx); text != want || !ok || err != nil {
					t.Errorf("in %q: %q, %v, %v; want %q", languages, text, ok, err, want)
				}
			}
			list, ok, err := f.Resource(`files\logo.PNG`)
			if err != nil || !ok || len(list) != 1 || list[0].Text != "Logo.png" || !list[0].Kind.IsPath() || len(list[0].Qualifiers) > 0 {
				t.Errorf("%+v, %v, %v", list, ok, err)
			}
			if list, ok, err := f.Resource("Resources/Unused"); len(list) > 0 || !ok || err != nil {
				t.Errorf("an item without candidates: %+v, %v, %v", list, ok, err)
			}
			if _, ok, err := f.Resource("Resources"); ok || err != nil {
				t.Errorf("a scope was taken for a resource: %v, %v", ok, err)
			}
		})
	}
}

func TestResourcePackage(t *testing.T) {
	data := build(layout{magic: "mrm_pri2", emptySchema: true})
	if _, err := Open(bytes.NewReader(data), int64(len(data))); !errors.Is(err, ErrNoNames) {
		t.Errorf("%v, want ErrNoNames", err)
	}
}

// TestDamaged cuts an index off at every byte, and alters each of its bytes.
func TestDamaged(t *testing.T) {
	whole := build(layouts["Windows 8"])
	for n := range whole {
		_, err := Open(bytes.NewReader(whole[:n]), int64(n))
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnsupported) {
			t.Fatalf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
	for _, l := range layouts {
		whole := build(l)
		for n := range whole {
			for _, bits := range []byte{1, 0x80, 0xff} {
				data := bytes.Clone(whole)
				data[n] ^= bits
				exercise(t, data)
			}
		}
	}
}

// exercise reads all that an index has, and fails for an error of no known kind.
func exercise(t *testing.T, data []byte) {
	t.Helper()
	known := func(err error) {
		if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrNoNames) {
			t.Fatalf("an error of no known kind: %v", err)
		}
	}
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	known(err)
	if err != nil {
		return
	}
	for _, name := range f.Names()[:min(len(f.Names()), 100)] {
		list, _, err := f.Resource(name)
		known(err)
		_, _ = Choose(list, Context{Languages: []string{"en-US"}, Scale: 200})
		for _, c := range list[:min(len(list), 10)] {
			if c.Kind == EmbeddedData && !c.Elsewhere {
				_, err := f.Data(c)
				known(err)
			}
		}
	}
}

func FuzzIndex(f *testing.F) {
	for _, l := range layouts {
		f.Add(build(l))
	}
	for _, data := range indexes(f) {
		if len(data) < 6000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) { exercise(t, data) })
}

func FuzzFileName(f *testing.F) {
	f.Add("Assets/contrast-white/Logo.scale-200_theme-dark.png")
	f.Fuzz(func(t *testing.T, file string) {
		name, _ := FileName(file)
		if again, q := FileName(name); len(q) == 0 && again != name {
			t.Errorf("%q became %q, then %q", file, name, again)
		}
		_ = ReferenceNames(file)
	})
}

func TestReferenceNames(t *testing.T) {
	for text, want := range map[string][]string{
		"ms-resource:AppName":                    {"Resources/AppName", "AppName"},
		"ms-resource:Resources/AppName":          {"Resources/Resources/AppName", "Resources/AppName"},
		"MS-RESOURCE:/Files/Name":                {"Files/Name"},
		"ms-resource://Contoso.App/Strings/Name": {"Strings/Name"},
		"ms-resource:///Strings/Name":            {"Strings/Name"},
		"ms-resource:///Strings/App%20Name":      {"Strings/App Name"},
		"ms-resource:Title.Text":                 {"Resources/Title.Text", "Resources/Title/Text", "Title.Text", "Title/Text"},
		"ms-resource://nothing":                  nil,
		"ms-resource:":                           nil,
		"ms-resource:/":                          nil,
		"Plain name":                             nil,
		"ms-resource":                            nil,
		"ms-resource:a%zz":                       {"Resources/a%zz", "a%zz"},
	} {
		if got := ReferenceNames(text); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestFileName(t *testing.T) {
	for file, want := range map[string]string{
		"Assets/Logo.png":                                "Assets/Logo.png []",
		"Assets/Logo.scale-200.png":                      "Assets/Logo.png [Scale=200]",
		"Assets/Logo.targetsize-32_altform-unplated.png": "Assets/Logo.png [TargetSize=32 AlternateForm=unplated]",
		"Assets/contrast-white/Logo.Scale-400.png":       "Assets/Logo.png [Contrast=white Scale=400]",
		"Assets/scale-200/theme-dark/Logo.png":           "Assets/Logo.png [Scale=200 Theme=dark]",
		"Images/lang-de-DE/Logo.png":                     "Images/Logo.png [Language=de-DE]",
		"Logo.v2.png":                                    "Logo.v2.png []",
		"Logo.scale-200.v2.png":                          "Logo.v2.png [Scale=200]",
		"my-folder/Logo.some-thing.png":                  "my-folder/Logo.some-thing.png []",
		"scale-200":                                      "scale-200 []",
		"Logo.scale-200":                                 "Logo.scale-200 []",
	} {
		name, qualifiers := FileName(file)
		var q []string
		for _, one := range qualifiers {
			q = append(q, one.Name+"="+one.Value)
		}
		if got := fmt.Sprint(name, " ", q); got != want {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
}

// TestChoose holds the choice to what Microsoft documents of it: what matches is better than what is neutral, that is
// better than a default, and conditions count by priority.
func TestChoose(t *testing.T) {
	language := func(v string, fallback int) Qualifier { return Qualifier{"Language", v, 700, fallback} }
	scale := func(v string, fallback int) Qualifier { return Qualifier{"Scale", v, 200, fallback} }
	contrast := Qualifier{"Contrast", "WHITE", 400, 0}
	list := func(sets ...[]Qualifier) (out []Candidate) {
		for i, set := range sets {
			out = append(out, Candidate{Qualifiers: set, Text: fmt.Sprint(i)})
		}
		return out
	}
	languages := list([]Qualifier{language("FR-FR", 0)}, []Qualifier{language("EN-US", 1000)}, []Qualifier{language("EN-GB", 0)}, []Qualifier{language("ZH-HANT", 0)})
	scales := list([]Qualifier{scale("100", 1000)}, []Qualifier{scale("200", 500)}, []Qualifier{scale("400", 250)}, []Qualifier{contrast, scale("400", 250)})
	neutral := list([]Qualifier{language("DE", 1000)}, nil)
	regions := list([]Qualifier{language("EN-US", 1000)}, []Qualifier{language("EN", 0)}, []Qualifier{language("ZH-CN", 0)}, []Qualifier{language("ZH-HANT-HK", 0)},
		[]Qualifier{language("SR-LATN-RS", 0)}, []Qualifier{language("SR-CYRL-RS", 0)})
	for _, c := range []struct {
		what string
		list []Candidate
		ctx  Context
		want string
	}{
		{"author's default", languages, Context{}, "1"},
		{"exact", languages, Context{Languages: []string{"fr-FR"}}, "0"},
		{"exact before the same language", languages, Context{Languages: []string{"en-gb"}}, "2"},
		{"second wish", languages, Context{Languages: []string{"xx", "fr-CA"}}, "0"},
		{"first wish wins", languages, Context{Languages: []string{"fr", "en-US"}}, "0"},
		{"none fits", languages, Context{Languages: []string{"ja"}}, "1"},
		{"neutral before default", neutral, Context{}, "1"},
		{"match before neutral", neutral, Context{Languages: []string{"de-CH"}}, "0"},
		{"the language before another region", regions, Context{Languages: []string{"en-AU"}}, "1"},
		{"the script that the region has", regions, Context{Languages: []string{"zh-TW"}}, "3"},
		{"the script that is written", regions, Context{Languages: []string{"zh-Hans"}}, "2"},
		{"another script of the region", regions, Context{Languages: []string{"sr-Cyrl-BA"}}, "5"},
		{"no text in that script", regions[:3], Context{Languages: []string{"zh-Hant"}}, "0"},
		{"no wish of scale", scales, Context{}, "0"},
		{"scale 200", scales, Context{Scale: 200}, "1"},
		{"next larger scale", scales, Context{Scale: 250}, "2"},
		{"contrast", scales, Context{Scale: 100, Contrast: "white"}, "3"},
	} {
		got, ok := Choose(c.list, c.ctx)
		if !ok || got.Text != c.want {
			t.Errorf("%s: %s, %v; want %s", c.what, got.Text, ok, c.want)
		}
	}
	if _, ok := Choose([]Candidate{{Elsewhere: true}}, Context{}); ok {
		t.Error("a value that is not here was chosen")
	}
}
