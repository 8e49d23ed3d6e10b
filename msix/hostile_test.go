package msix

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"time"
)

// rawFile is one entry of a container that is written by hand, with what is wrong in it.
type rawFile struct {
	name    string // in the zip
	data    string
	local   string // another name in the local header
	gap     string // bytes before the local header
	flags   uint16
	claim   uint32 // another uncompressed size in the directory
	local64 bool   // sizes of all ones in the local header
	wrong   bool   // another CRC-32 in the local header
}

// rawZip writes stored files, one after another.
type rawZip struct {
	files           []rawFile
	prefix, suffix  string
	comment         string
	tail            string // between the last file and the directory
	end64           string // an extensible data sector of a zip64 end record, or "-" for a plain one
	count, count64  int    // other numbers of entries
	offset, lengths uint32 // added to the directory's offset and length
}

func (z rawZip) bytes() []byte {
	le := binary.LittleEndian
	out, dir := []byte(z.prefix), []byte(nil)
	for _, f := range z.files {
		out = append(out, f.gap...)
		at, crc := len(out), crc32.ChecksumIEEE([]byte(f.data))
		local, size := f.name, uint32(len(f.data))
		if f.local != "" {
			local = f.local
		}
		head := make([]byte, lenLocal)
		le.PutUint32(head, sigLocal)
		le.PutUint16(head[6:], f.flags)
		le.PutUint32(head[14:], crc)
		if f.wrong {
			head[14] ^= 1
		}
		le.PutUint32(head[18:], size)
		le.PutUint32(head[22:], size)
		if f.local64 {
			copy(head[18:26], "\xff\xff\xff\xff\xff\xff\xff\xff")
		}
		le.PutUint16(head[26:], uint16(len(local)))
		out = append(append(append(out, head...), local...), f.data...)
		record := make([]byte, lenCentral)
		le.PutUint32(record, sigCentral)
		le.PutUint16(record[8:], f.flags)
		le.PutUint32(record[16:], crc)
		le.PutUint32(record[20:], size)
		le.PutUint32(record[24:], size)
		if f.claim != 0 {
			le.PutUint32(record[24:], f.claim)
		}
		le.PutUint16(record[28:], uint16(len(f.name)))
		le.PutUint32(record[42:], uint32(at))
		dir = append(append(dir, record...), f.name...)
	}
	return z.finish(append(out, z.tail...), dir)
}

// finish appends the directory and the end records.
func (z rawZip) finish(out, dir []byte) []byte {
	le := binary.LittleEndian
	offset := len(out)
	out = append(out, dir...)
	count := len(z.files)
	if z.end64 != "" {
		sector := strings.TrimPrefix(z.end64, "-")
		end := make([]byte, lenEnd64)
		le.PutUint32(end, sigEnd64)
		le.PutUint64(end[4:], uint64(lenEnd64-12+len(sector)))
		le.PutUint64(end[24:], uint64(count))
		le.PutUint64(end[32:], uint64(count+z.count64))
		le.PutUint64(end[40:], uint64(len(dir)))
		le.PutUint64(end[48:], uint64(offset))
		at := len(out)
		out = append(append(out, end...), sector...)
		locator := make([]byte, lenLocator64)
		le.PutUint32(locator, sigLocator64)
		le.PutUint64(locator[8:], uint64(at))
		out = append(out, locator...)
	}
	end := make([]byte, lenEnd)
	le.PutUint32(end, sigEnd)
	le.PutUint16(end[8:], uint16(count+z.count))
	le.PutUint16(end[10:], uint16(count+z.count))
	le.PutUint32(end[12:], uint32(len(dir))+z.lengths)
	le.PutUint32(end[16:], uint32(offset)+z.offset)
	le.PutUint16(end[20:], uint16(len(z.comment)))
	return append(append(append(out, end...), z.comment...), z.suffix...)
}

// soundFiles gives the files of a small package, with more payload where that is given as name, content, name, content.
func soundFiles(more ...string) []rawFile {
	block := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return fmt.Sprintf(`<Block Hash="%s"/>`, base64.StdEncoding.EncodeToString(sum[:]))
	}
	payload := append([]string{"AppxManifest.xml", smallManifest}, more...)
	var list []rawFile
	var mapped strings.Builder
	for i := 0; i < len(payload); i += 2 {
		name, data := payload[i], payload[i+1]
		list = append(list, rawFile{name: encodeName(name), data: data})
		blocks := ""
		if data != "" {
			blocks = block(data)
		}
		fmt.Fprintf(&mapped, `<File Name="%s" Size="%d">%s</File>`, escapeXML(strings.ReplaceAll(name, "/", `\`)), len(data), blocks)
	}
	return append(list, rawFile{name: "AppxBlockMap.xml", data: blockMapText(mapped.String())},
		rawFile{name: "[Content_Types].xml", data: `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`})
}

// judged verifies a container without asking for a signature.
func judged(t *testing.T, data []byte) (*Report, error) {
	t.Helper()
	p, err := OpenPackage(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	return VerifyPackage(t.Context(), p, VerifyOptions{AllowUnsigned: true, Now: testNow})
}

func with(files []rawFile, change func(f []rawFile)) []rawFile {
	change(files)
	return files
}

// TestUnusualContainers are legal, if rare: all must pass.
func TestUnusualContainers(t *testing.T) {
	for name, z := range map[string]rawZip{
		"plain":                  {files: soundFiles("a.txt", "hello", "empty.txt", "")},
		"comment":                {files: soundFiles(), comment: "made by hand"},
		"comment with a record":  {files: soundFiles(), comment: "PK\x05\x06" + strings.Repeat("x", 30)},
		"zip64 end":              {files: soundFiles(), end64: "-"},
		"zip64 end of version 2": {files: soundFiles(), end64: "12345678"},
		"zip64 local sizes":      {files: with(soundFiles(), func(f []rawFile) { f[0].local64 = true })},
		"descriptor": {files: with(soundFiles("a.txt", "x"), func(f []rawFile) {
			f[0].flags, f[1].gap = flagDescriptor, "PK\x07\x08"+strings.Repeat("x", 12)
		})},
		"UTF-8 names":     {files: with(soundFiles("Übung/日本.txt", "x"), func(f []rawFile) { f[1].name, f[1].flags = "Übung/日本.txt", flagUTF8 })},
		"encoded names":   {files: soundFiles("Übung/日本 & 100%+.txt", "x")},
		"folders":         {files: append(soundFiles("a/b.txt", "x"), rawFile{name: "a/"})},
		"dots and braces": {files: soundFiles("a.b.c/..d/[e] {f}.txt", "x", "COMMON/NULL.txt", "y", "com10.txt", "z")},
	} {
		r, err := judged(t, z.bytes())
		if err != nil || !r.OK() {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// TestHostileContainers must not pass, and say why in words that name the place.
func TestHostileContainers(t *testing.T) {
	last := func(f []rawFile) *rawFile { return &f[len(f)-1] }
	for name, c := range map[string]struct {
		zip  rawZip
		want string // part of the error or of a finding
	}{
		"garbage before":         {rawZip{files: soundFiles(), prefix: "#!/bin/sh\n"}, "10 bytes before it, at byte 0, belong to no file"},
		"garbage between":        {rawZip{files: with(soundFiles("a", "x"), func(f []rawFile) { f[1].gap = "garbage" })}, "belong to no file"},
		"garbage before the end": {rawZip{files: soundFiles(), tail: "garbage"}, "7 bytes behind it"},
		"garbage behind":         {rawZip{files: soundFiles(), suffix: "garbage"}, "not found"},
		"shifted":                {rawZip{files: soundFiles(), offset: 1}, "do not end at byte"},
		"long directory":         {rawZip{files: soundFiles(), lengths: 1}, "do not end at byte"},
		"count":                  {rawZip{files: soundFiles(), count: 1}, "entry count"},
		"two counts":             {rawZip{files: soundFiles(), end64: "-", count: 1}, "zip64 record"},
		"zip64 count":            {rawZip{files: soundFiles(), end64: "-", count: math.MaxUint16 - 3, count64: 1 << 40}, "do not fit"},
		"huge claim":             {rawZip{files: with(soundFiles(), func(f []rawFile) { f[0].claim = math.MaxUint32 - 1 })}, "another CRC-32 or size"},
		"missing zip64 field":    {rawZip{files: with(soundFiles(), func(f []rawFile) { f[0].claim = math.MaxUint32 })}, "zip64 sizes"},
		"twice":                  {rawZip{files: append(soundFiles(), rawFile{name: "AppxManifest.xml", data: "x"})}, "there twice"},
		"case":                   {rawZip{files: append(soundFiles("a.txt", "x"), rawFile{name: "A.TXT", data: "y"})}, "there twice"},
		"encoded twice":          {rawZip{files: append(soundFiles("a.txt", "x"), rawFile{name: "%61.txt", data: "y"})}, "there twice"},
		"file and folder":        {rawZip{files: append(soundFiles("a", "x"), rawFile{name: "a/b", data: "y"})}, "is a file too"},
		"folder with content":    {rawZip{files: append(soundFiles(), rawFile{name: "a/", data: "y"})}, "a folder with 1 bytes"},
		"not in the map":         {rawZip{files: append(soundFiles(), rawFile{name: "extra.dll", data: "y"})}, "not in the block map"},
		"missing":                {rawZip{files: soundFiles("a", "x")[1:]}, "AppxManifest.xml"},
		"missing payload":        {rawZip{files: append(soundFiles("a", "x")[:1:1], soundFiles("a", "x")[2:]...)}, "missing"},
		"no content types":       {rawZip{files: soundFiles()[:2]}, "[Content_Types].xml"},
		"other size":             {rawZip{files: with(soundFiles("a", "x"), func(f []rawFile) { f[1].data = "xy" })}, "2 bytes long, want 1"},
		"other content":          {rawZip{files: with(soundFiles("a", "x"), func(f []rawFile) { f[1].data = "y" })}, "differs from the block map"},
		"other local name":       {rawZip{files: with(soundFiles("a", "x"), func(f []rawFile) { f[1].local = "b" })}, "another file"},
		"other local CRC":        {rawZip{files: with(soundFiles("a", "x"), func(f []rawFile) { f[1].wrong = true })}, "another CRC-32"},
		"encrypted entry":        {rawZip{files: with(soundFiles("a", "x"), func(f []rawFile) { f[1].flags = flagEncrypted })}, "flags 0x1"},
		"parent":                 {rawZip{files: append(soundFiles(), rawFile{name: "../a", data: "y"})}, "not a path"},
		"encoded parent":         {rawZip{files: append(soundFiles(), rawFile{name: "%2e%2e/a", data: "y"})}, "not a path"},
		"encoded slash":          {rawZip{files: append(soundFiles(), rawFile{name: "a%2f..%2fb", data: "y"})}, "not a path"},
		"backslash":              {rawZip{files: append(soundFiles(), rawFile{name: `a\b`, data: "y"})}, "not a path"},
		"absolute":               {rawZip{files: append(soundFiles(), rawFile{name: "/a", data: "y"})}, "not a path"},
		"drive":                  {rawZip{files: append(soundFiles(), rawFile{name: "C:/a", data: "y"})}, "not a path"},
		"stream":                 {rawZip{files: append(soundFiles(), rawFile{name: "a:b", data: "y"})}, "not a path"},
		"device":                 {rawZip{files: append(soundFiles(), rawFile{name: "x/NUL.txt", data: "y"})}, "not a path"},
		"port":                   {rawZip{files: append(soundFiles(), rawFile{name: "lpt1", data: "y"})}, "not a path"},
		"dot at the end":         {rawZip{files: append(soundFiles(), rawFile{name: "a./b", data: "y"})}, "not a path"},
		"blank at the end":       {rawZip{files: append(soundFiles(), rawFile{name: "a%20", data: "y"})}, "not a path"},
		"zero":                   {rawZip{files: append(soundFiles(), rawFile{name: "a%00", data: "y"})}, "not a path"},
		"wildcard":               {rawZip{files: append(soundFiles(), rawFile{name: "a%3f", data: "y"})}, "not a path"},
		"bad encoding":           {rawZip{files: append(soundFiles(), rawFile{name: "a%zz", data: "y"})}, "invalid URL escape"},
		"empty name":             {rawZip{files: append(soundFiles(), rawFile{name: "", data: "y"})}, "not a path"},
		"encrypted package":      {rawZip{files: soundFiles(), prefix: "EXPH"}, "encrypted package"},
		"no files":               {rawZip{}, "AppxManifest.xml"},
		"map lists the map": {rawZip{files: with(soundFiles(), func(f []rawFile) {
			f[1].data = blockMapText(`<File Name="AppxBlockMap.xml" Size="0"/>`)
		})}, "must not be in the block map"},
		"bad content types": {rawZip{files: with(soundFiles(), func(f []rawFile) { last(f).name = "[content_types].xm" })}, "[Content_Types].xml: missing"},
	} {
		r, err := judged(t, c.zip.bytes())
		said := fmt.Sprint(err)
		if err == nil {
			said = fmt.Sprint(r.Bad, r.Checks)
			for _, b := range r.Bad {
				said += "\n" + b.File + ": " + b.Reason
			}
			if r.OK() {
				t.Errorf("%s: passed", name)
			}
		} else if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: an error of no known kind: %v", name, err)
		}
		if !strings.Contains(said, c.want) {
			t.Errorf("%s: %s; want %q", name, said, c.want)
		}
	}
}

// TestHiddenBehindSignature puts bytes where no digest looks: behind the signature's own data.
func TestHiddenBehindSignature(t *testing.T) {
	files := append(soundFiles(), rawFile{name: SignatureName, data: "PKCX"})
	r, err := judged(t, rawZip{files: files, tail: "hidden"}.bytes())
	if err != nil || !names(r, SignatureName) {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestBlockMapBomb is a container whose block map inflates to far more than the container can need.
func TestBlockMapBomb(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	data := deflatedBomb(t, BlockMapName, 300<<20)
	r, err := judged(t, data)
	runtime.ReadMemStats(&after)
	if err != nil || r.OK() || r.Result(CheckBlockMap) != Fail {
		t.Errorf("%+v, %v", r, err)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
		t.Errorf("%d bytes were allocated for a container of %d", grown, len(data))
	}
	t.Logf("%d bytes, %v", len(data), time.Since(start))
}

// blanks is a file of 500 MB that is made of one byte.
type blanks struct{ fs.FS }

type blankFile struct {
	fs.File
	left int
	c    byte
}

func (b blanks) Open(name string) (fs.File, error) {
	f, err := b.FS.Open(name)
	if err == nil && name == BlockMapName {
		return &blankFile{f, 500 << 20, ' '}, nil
	}
	return f, err
}

func (f *blankFile) Read(p []byte) (int, error) {
	n := min(len(p), f.left)
	for i := range n {
		p[i] = f.c
	}
	if f.left -= n; n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// TestEndlessBlockMapOnDisk has a block map that a sparse file makes out of nothing.
func TestEndlessBlockMapOnDisk(t *testing.T) {
	tree := blanks{fstest.MapFS{ManifestName: {Data: []byte(smallManifest)}, BlockMapName: {Data: []byte("x")}}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := VerifyExpanded(t.Context(), tree, ".", VerifyOptions{AllowUnsigned: true})
	runtime.ReadMemStats(&after)
	if err != nil || r.OK() || !strings.Contains(fmt.Sprint(r.Checks), "more than 256 KiB") {
		t.Errorf("%+v, %v", r, err)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 16<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
}

// TestUnreadableBlockMap tells a device that fails from a block map that is damaged.
func TestUnreadableBlockMap(t *testing.T) {
	broken := errors.New("the cable is out")
	_, err := ReadBlockMap(io.MultiReader(strings.NewReader(blockMapText("")[:100]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || errors.Is(err, ErrCorrupt) {
		t.Errorf("%v", err)
	}
}

// deflatedBomb is a package of one deflated file of blanks.
func deflatedBomb(t *testing.T, name string, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	z := &zipWriter{w: &out}
	e, _, err := z.begin(name, methodDeflate, testNow)
	if err != nil {
		t.Fatal(err)
	}
	blanks := bytes.Repeat([]byte{' '}, BlockSize)
	var d deflateBlock
	segment, err := d.compress(blanks, 9)
	if err != nil {
		t.Fatal(err)
	}
	crc, length := crc32.NewIEEE(), int64(0)
	for range size / BlockSize {
		crc.Write(blanks)
		if _, err := z.Write(segment); err != nil {
			t.Fatal(err)
		}
		length += int64(len(segment))
	}
	if _, err := z.Write([]byte(streamEnd)); err != nil {
		t.Fatal(err)
	}
	if err := z.finish(e, crc.Sum32(), length+streamEndSize, int64(size/BlockSize*BlockSize)); err != nil {
		t.Fatal(err)
	}
	if err := z.close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestRefusedXML is what encoding/xml reads and Windows does not.
func TestRefusedXML(t *testing.T) {
	root := func(inside string) string {
		return strings.Replace(smallManifest, "<Prerequisites>", inside+"<Prerequisites>", 1)
	}
	for name, text := range map[string]string{
		"document type":   "<!DOCTYPE Package>" + smallManifest,
		"entities":        `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>` + root("<x>&b;</x>"),
		"attribute twice": root(`<x a="1" a="2"/>`),
		"many attributes": root("<x" + strings.Repeat(` a=""`, 100_000) + "/>"),
		"endless tag":     "<Package " + strings.Repeat("a", 1<<20),
		"endless comment": "<!-- " + strings.Repeat("a", 1<<20),
		"external entity": `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>` + root("<x>&a;</x>"),
		"unknown entity":  root("<x>&nbsp;</x>"),
		"control":         root("<x>\x01</x>"),
	} {
		if m, err := ReadManifest(strings.NewReader(text)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	for name, data := range map[string][]byte{"little": wide(smallManifest, false)[2:], "big": wide(smallManifest, true)[2:]} {
		if m, err := ReadManifest(bytes.NewReader(data)); err != nil || m.Publisher != "CN=Zoë" {
			t.Errorf("UTF-16 without a mark, %s endian: %+v, %v", name, m, err)
		}
	}
	if _, err := ReadBlockMap(strings.NewReader("<!DOCTYPE x>" + blockMapText(""))); !errors.Is(err, ErrCorrupt) {
		t.Errorf("document type of a block map: %v", err)
	}
	if m, err := ReadManifest(strings.NewReader(root("<!-- a > comment --><x a='1' b='2'>&#x41;&amp;</x>"))); err != nil {
		t.Errorf("%+v, %v", m, err)
	}
}
