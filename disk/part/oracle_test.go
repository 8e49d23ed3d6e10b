package part_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"berth/disk/part"
)

// tool finds an independent tool, or skips the test.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/sbin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	t.Skipf("skipped: %s is not installed", name)
	return ""
}

// sparse makes a file of zeroes.
func sparse(t *testing.T, size int64) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "disk"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	return f
}

func run(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return string(out)
}

// listed writes partitions as "index start size", in bytes.
func listed(t *part.Table) (out []string) {
	for _, p := range t.Partitions {
		out = append(out, fmt.Sprint(p.Index, p.Start, p.Size))
	}
	return out
}

// TestReadsSgdisk reads entries that are in another order than the partitions, with unused ones between them, then
// without the primary table.
func TestReadsSgdisk(t *testing.T) {
	f := sparse(t, 64<<20)
	run(t, exec.Command(tool(t, "sgdisk"), "-o", "-n", "7:40960:+4M", "-n", "2:2048:+8M", "-n", "128:81920:+1M", "-c", "7:Größe", "-t", "7:0700", f.Name()))
	want := []string{"2 1048576 8388608", "7 20971520 4194304", "128 41943040 1048576"}
	for _, damaged := range []bool{false, true} {
		if damaged {
			if _, err := f.WriteAt([]byte{0xFF}, 512+60); err != nil {
				t.Fatal(err)
			}
		}
		got, err := part.Read(f, 64<<20, 512)
		if err != nil || got.Scheme != part.GPT || got.FromBackup != damaged || !slices.Equal(listed(got), want) {
			t.Fatalf("damaged %v: %+v, %v", damaged, got, err)
		}
		if p := got.Partitions[1]; p.Name != "Größe" || p.Type != part.TypeBasicData {
			t.Errorf("%+v", p)
		}
	}
}

// TestReadsSfdisk holds tables of both kinds, with logical partitions, against its own listing.
func TestReadsSfdisk(t *testing.T) {
	sfdisk := tool(t, "sfdisk")
	for name, script := range map[string]string{
		"logical":       "label: dos\n2048,8192,7\n,,5\n,4096,7\n,6000,c\n,2048,83\n",
		"four primary":  "label: dos\n2048,2048,7,*\n,2048,c\n,2048,e\n,2048,83\n",
		"GPT unordered": "label: gpt\nstart=40960,size=2048\nstart=2048,size=4096\n",
	} {
		t.Run(name, func(t *testing.T) {
			f := sparse(t, 64<<20)
			cmd := exec.Command(sfdisk, "-q", f.Name())
			cmd.Stdin = strings.NewReader(script)
			run(t, cmd)
			var want []string
			for line := range strings.Lines(run(t, exec.Command(sfdisk, "-d", f.Name()))) {
				var index, start, size int64
				line = strings.NewReplacer(f.Name(), "", ",", " ", "=", " ").Replace(line)
				if n, _ := fmt.Sscanf(line, "%d : start %d size %d", &index, &start, &size); n == 3 && !strings.Contains(line, "type 5") {
					want = append(want, fmt.Sprint(index, start*512, size*512))
				}
			}
			got, err := part.Read(f, 64<<20, 512)
			if err != nil || len(want) < 2 || !slices.Equal(listed(got), want) {
				t.Errorf("%v, %v; want %v", got, err, want)
			}
		})
	}
}

// TestReadsLargeSectors reads what sgdisk writes to a device with sectors of 4096 bytes.
func TestReadsLargeSectors(t *testing.T) {
	sgdisk, losetup := tool(t, "sgdisk"), tool(t, "losetup")
	f := sparse(t, 64<<20)
	out, err := exec.Command(losetup, "-b", "4096", "-f", "--show", f.Name()).Output()
	if err != nil {
		t.Skipf("skipped: there is no loop device here: %v", err)
	}
	device := strings.TrimSpace(string(out))
	_, err = exec.Command(sgdisk, "-o", "-n", "1:512:+4M", "-n", "3:4096:+8M", device).CombinedOutput()
	_ = exec.Command(losetup, "-d", device).Run()
	if err != nil {
		t.Skipf("skipped: sgdisk cannot write to %s: %v", device, err)
	}
	want := []string{"1 2097152 4194304", "3 16777216 8388608"}
	if got, err := part.Read(f, 64<<20, 4096); err != nil || got.FromBackup || !slices.Equal(listed(got), want) {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestReadsBareGPT takes the protective boot record from a table of sgdisk's, then all of its primary copy: both are read, and
// said to be so. What starts a file system has no table, whatever an older one has left behind it.
func TestReadsBareGPT(t *testing.T) {
	sgdisk := tool(t, "sgdisk")
	for name, c := range map[string]struct {
		front  []byte // over the start of the disk
		scheme string
		backup bool
	}{
		"no boot record":      {make([]byte, 512), part.GPT, false},
		"backup alone":        {make([]byte, 34*512), part.GPT, true},
		"NTFS":                {append([]byte("\xEB\x52\x90NTFS    "), make([]byte, 501)...), part.None, false},
		"another boot sector": {append(make([]byte, 510), 0x55, 0xAA), part.MBR, false},
	} {
		f := sparse(t, 8<<20)
		run(t, exec.Command(sgdisk, "-n", "2:2048:+1M", "-n", "1:8192:+1M", f.Name()))
		if _, err := f.WriteAt(c.front, 0); err != nil {
			t.Fatal(err)
		}
		table, err := part.Read(f, 8<<20, 512)
		if err != nil || table.Scheme != c.scheme || table.Bare != (c.scheme == part.GPT) || table.FromBackup != c.backup {
			t.Errorf("%s: %+v, %v", name, table, err)
		} else if got := listed(table); c.scheme == part.GPT && !slices.Equal(got, []string{"1 4194304 1048576", "2 1048576 1048576"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
