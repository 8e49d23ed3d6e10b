//go:build linux

package main

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A tree has the shape of a large desktop suite: three applications, many small files and a few of tens of MB (log-normal
// sizes), some in deep folders, half of them text that compresses and half of them noise that does not.
const (
	treePublisher = "CN=Contoso"
	largestFile   = 40 << 20
)

var suiteApps = []string{"Contoso.Editor", "Contoso.Viewer", "Contoso.Tool"}

// forester makes a tree. Equal seeds make equal trees.
type forester struct {
	dir   string
	rand  *rand.Rand
	words []string
	files int
	bytes int64
}

// plantTree writes a tree of so many files and bytes into a folder that is not there yet.
func plantTree(dir string, files int, size int64, seed uint64) error {
	f := &forester{dir: dir, rand: rand.New(rand.NewPCG(seed, seed))}
	for range 3000 {
		f.words = append(f.words, f.word())
	}
	if err := f.suite(); err != nil {
		return err
	}
	return f.fill(files-f.files, size-f.bytes)
}

func (f *forester) word() string {
	b := make([]byte, 2+f.rand.IntN(9))
	for i := range b {
		b[i] = byte('a' + f.rand.IntN(26))
	}
	return string(b)
}

// text is words with spaces between them.
func (f *forester) text(n int) []byte {
	b := make([]byte, 0, n+16)
	for len(b) < n {
		b = append(append(b, f.words[f.rand.IntN(len(f.words))]...), ' ')
	}
	return b[:n]
}

// noise cannot be compressed.
func (f *forester) noise(n int) []byte {
	b := make([]byte, n+8)
	for i := 0; i < n; i += 8 {
		v := f.rand.Uint64()
		for j := range 8 {
			b[i+j] = byte(v >> (8 * j))
		}
	}
	return b[:n]
}

func (f *forester) put(name string, content []byte) error {
	file := filepath.Join(f.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f.files++
	f.bytes += int64(len(content))
	return os.WriteFile(file, content, 0o644)
}

// icon is a picture of noise.
func (f *forester) icon(width int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, width, width))
	copy(img.Pix, f.noise(len(img.Pix)))
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&b, img); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

// suite writes the manifest, the icons and the programs.
func (f *forester) suite() error {
	if err := f.put("AppxManifest.xml", []byte(suiteManifest())); err != nil {
		return err
	}
	if err := f.put("Assets/StoreLogo.png", f.icon(50)); err != nil {
		return err
	}
	for _, app := range suiteApps {
		if err := f.icons(app); err != nil {
			return err
		}
		exe := slices.Concat([]byte("MZ"), f.noise(1<<20), f.text(2<<20))
		if err := f.put(fmt.Sprintf("VFS/ProgramFilesX64/%s/%[1]s.exe", app), exe); err != nil {
			return err
		}
	}
	return nil
}

func (f *forester) icons(app string) error {
	for _, width := range []int{150, 44} {
		if err := f.put(fmt.Sprintf("Assets/%s-%d.png", app, width), f.icon(width)); err != nil {
			return err
		}
		for _, scale := range []int{125, 150, 200, 400} {
			if err := f.put(fmt.Sprintf("Assets/%s-%d.scale-%d.png", app, width, scale), f.icon(width*scale/100)); err != nil {
				return err
			}
		}
	}
	for _, size := range []int{16, 24, 32, 48, 256} {
		for _, form := range []string{"", "_altform-unplated"} {
			if err := f.put(fmt.Sprintf("Assets/%s-44.targetsize-%d%s.png", app, size, form), f.icon(size)); err != nil {
				return err
			}
		}
	}
	return nil
}

// fill writes files of log-normal sizes into many folders.
func (f *forester) fill(files int, size int64) error {
	weights, sum := make([]float64, files), 0.0
	for i := range weights {
		weights[i] = math.Exp(1.8 * f.rand.NormFloat64())
		sum += weights[i]
	}
	dirs := make([]string, max(4, files/15))
	for i := range dirs {
		parts := []string{"VFS/ProgramFilesX64", suiteApps[f.rand.IntN(len(suiteApps))]}
		for range 1 + f.rand.IntN(4) {
			parts = append(parts, f.words[f.rand.IntN(len(f.words))])
		}
		dirs[i] = strings.Join(parts, "/")
	}
	kinds := []string{".dll", ".txt", ".xml", ".js", ".json", ".html", ".png", ".dat", ".resources.dll", ".config"}
	for i, w := range weights {
		n := max(min(int(w/sum*float64(size)), largestFile), f.rand.IntN(3000))
		kind := kinds[f.rand.IntN(len(kinds))]
		name := fmt.Sprintf("%s/%s%d%s", dirs[f.rand.IntN(len(dirs))], f.words[f.rand.IntN(len(f.words))], i, kind)
		if err := f.put(name, f.content(kind, n)); err != nil {
			return err
		}
	}
	return nil
}

func (f *forester) content(kind string, n int) []byte {
	switch kind {
	case ".dll", ".dat", ".resources.dll":
		return append(f.noise(n/2), f.text(n-n/2)...)
	case ".png":
		return f.noise(n)
	}
	return f.text(n)
}

func suiteManifest() string {
	var apps strings.Builder
	for _, app := range suiteApps {
		_, id, _ := strings.Cut(app, ".")
		fmt.Fprintf(&apps, `    <Application Id="%s" Executable="VFS\ProgramFilesX64\%s\%[2]s.exe" EntryPoint="Windows.FullTrustApplication">
      <uap:VisualElements DisplayName="%[2]s" Description="%[2]s" BackgroundColor="transparent" Square150x150Logo="Assets\%[2]s-150.png" Square44x44Logo="Assets\%[2]s-44.png"/>
    </Application>
`, id, app)
	}
	return `<?xml version="1.0" encoding="utf-8"?>
<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10" xmlns:uap="http://schemas.microsoft.com/appx/manifest/uap/windows10">
  <Identity Name="Contoso.Suite" Publisher="` + treePublisher + `" Version="3.2.1.0" ProcessorArchitecture="x64"/>
  <Properties><DisplayName>Contoso Suite</DisplayName><PublisherDisplayName>Contoso</PublisherDisplayName><Logo>Assets\StoreLogo.png</Logo></Properties>
  <Dependencies><TargetDeviceFamily Name="Windows.Desktop" MinVersion="10.0.17763.0" MaxVersionTested="10.0.22621.0"/></Dependencies>
  <Resources><Resource Language="en-us"/></Resources>
  <Applications>
` + apps.String() + `  </Applications>
</Package>
`
}

// treeSum is a number that differs for trees that differ.
func treeSum(dir string) (files int, size int64, sum uint32, err error) {
	err = filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		files++
		size += int64(len(b))
		rel, _ := filepath.Rel(dir, name)
		sum = crc32.Update(crc32.Update(sum, crc32.IEEETable, []byte(filepath.ToSlash(rel))), crc32.IEEETable, b)
		return err
	})
	return files, size, sum, err
}
