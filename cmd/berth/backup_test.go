package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"berth"
	"berth/store"
	"berth/wire"
)

// TestBackup: a backup that is made while the server works and writes brings back what was there, keys and sign-ins
// included, and nothing of what came later.
func TestBackup(t *testing.T) {
	b := newBench(t)
	add := func(name string) {
		_, err := b.client.AddPool(b.ctx, wire.AddPool{Name: name, Kind: berth.KindRDSH, Now: true})
		b.must(err)
	}
	add("before")
	data, file := filepath.Join(b.dir, "server"), filepath.Join(b.dir, "backup.tar.gz")
	head, err := writeBackup(b.ctx, data, file)
	b.must(err)
	for _, name := range []string{databaseFile, "ca.key", "ca.crt"} {
		if len(head.SHA256[name]) != 64 {
			t.Errorf("%s is not in the backup: %v", name, head.SHA256)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("backup: %v, %v", info.Mode(), err)
	}
	if _, err := writeBackup(b.ctx, data, file); berth.ErrorKind(err) != berth.Conflict {
		t.Errorf("over another backup: %v", err)
	}
	add("after")
	if _, err := readBackup(b.ctx, file, data); berth.ErrorKind(err) != berth.Conflict {
		t.Errorf("into a folder that is in use: %v", err)
	}

	b.must(b.server.Process.Kill())
	_ = b.server.Wait() // it was killed
	b.must(os.Rename(data, data+".old"))
	_, err = readBackup(b.ctx, file, data)
	b.must(err)
	b.must(b.startServer(b.ctx)) // the token of before signs in, under the authority of before
	pools, err := b.client.Pools(b.ctx)
	b.must(err)
	if len(pools) != 1 || pools[0].Name != "before" {
		t.Errorf("pools: %+v", pools)
	}
	left, err := filepath.Glob(filepath.Join(b.dir, ".berth-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestDamagedBackup: what is damaged, or no backup, makes no data folder.
func TestDamagedBackup(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	st := openEmpty(t, data)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(dir, "good")
	if _, err := writeBackup(t.Context(), data, good); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	index := func(change func(*backupHead)) []byte { return repacked(t, whole, change) }
	tests := map[string]struct {
		content []byte
		says    string
	}{
		"not gzip":       {[]byte("PK\x03\x04 something else"), "gzip"},
		"cut off":        {whole[:len(whole)/2], "unexpected EOF"},
		"empty":          {nil, "EOF"},
		"another digest": {index(func(h *backupHead) { h.SHA256[databaseFile] = strings.Repeat("0", 64) }), "not as it was written"},
		"a file more":    {index(func(h *backupHead) { h.SHA256["server.key"] = "x" }), "missing"},
		"another format": {index(func(h *backupHead) { h.Format = 2 }), "format is 2"},
		"no database":    {index(func(h *backupHead) { delete(h.SHA256, databaseFile) }), "no database"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file, to := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "restored")
			if err := os.WriteFile(file, tt.content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := readBackup(t.Context(), file, to)
			if berth.ErrorKind(err) != berth.Invalid || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error: %v", err)
			}
			if _, err := os.Stat(to); !os.IsNotExist(err) {
				t.Errorf("a folder was made: %v", err)
			}
		})
	}
	if _, err := readBackup(t.Context(), filepath.Join(dir, "none"), filepath.Join(dir, "x")); berth.ErrorKind(err) != berth.NotFound {
		t.Errorf("a backup that is not there: %v", err)
	}
	if _, err := writeBackup(t.Context(), filepath.Join(dir, "no-folder"), filepath.Join(dir, "y")); berth.ErrorKind(err) != berth.NotFound {
		t.Errorf("of a folder that is not there: %v", err)
	}
}

// repacked is a backup with another index; its files stay as they are.
func repacked(t *testing.T, whole []byte, change func(*backupHead)) []byte {
	t.Helper()
	zipped, err := gzip.NewReader(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	in := tar.NewReader(zipped)
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == backupIndex {
			var head backupHead
			if err := json.Unmarshal(content, &head); err != nil {
				t.Fatal(err)
			}
			change(&head)
			if content, err = json.Marshal(head); err != nil {
				t.Fatal(err)
			}
			h.Size = int64(len(content))
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func openEmpty(t *testing.T, data string) *store.Store {
	t.Helper()
	st, err := store.OpenSQLite(t.Context(), filepath.Join(data, databaseFile), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return st
}
