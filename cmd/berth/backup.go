package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/store"
)

const (
	databaseFile   = "berth.db"
	backupIndex    = "backup.json" // the first file of a backup
	backupFormat   = 1
	mostBackupFile = 1 << 40 // bytes of one file; a damaged header asks for no more
)

// backupHead says what a backup holds.
type backupHead struct {
	Format  int               `json:"format"`
	Version string            `json:"version"` // of the program that made it
	At      time.Time         `json:"at"`
	SHA256  map[string]string `json:"sha256"` // of each file, hex, by its name
}

func backupCommand() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use: "backup FILE", Short: "Write a backup of a server's data folder, also while it runs",
		Long: `Write database, authority, keys and certificates of a server into one file, as they are at one moment; the server may go on
working. The images on the share are not in it. The file holds private keys: only its owner can read it; keep it so.`,
		Example: "  berth backup --data /var/lib/berth /backups/berth-monday.tar.gz",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			head, err := writeBackup(cmd.Context(), data, args[0])
			if err == nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "wrote %s with %d files; `berth restore` makes a data folder of it\n", args[0], len(head.SHA256))
			}
			return err
		},
	}
	c.Flags().StringVar(&data, "data", "berth-data", "data `FOLDER` of the server")
	return c
}

// writeBackup writes the file beside its place first: a backup that was not finished does not look like one.
func writeBackup(ctx context.Context, data, file string) (head backupHead, err error) {
	if _, err := os.Lstat(file); err == nil {
		return head, berth.Errorf(berth.Conflict, "%s is there already", file).With("name a new file: a backup replaces none")
	}
	work, err := os.MkdirTemp(filepath.Dir(file), ".berth-backup-*") // mode 0700
	if err != nil {
		return head, berth.Errorf(berth.Invalid, "no backup can be written to %s: %w", filepath.Dir(file), err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	if err := store.CopySQLite(ctx, filepath.Join(data, databaseFile), filepath.Join(work, databaseFile)); err != nil {
		return head, err
	}
	paths, err := backupPaths(data, work)
	if err != nil {
		return head, err
	}
	head = backupHead{Format: backupFormat, Version: version, At: time.Now().UTC(), SHA256: map[string]string{}}
	for name, path := range paths {
		if head.SHA256[name], err = digestOf(path); err != nil {
			return head, err
		}
	}
	part := filepath.Join(work, "part")
	if err := pack(part, head, paths); err != nil {
		return head, berth.Errorf(berth.Unavailable, "backup to %s: %w", file, err)
	}
	return head, os.Rename(part, file)
}

// backupPaths are the files to keep, by name: the copy of the database, and the keys and certificates beside the original.
func backupPaths(data, work string) (map[string]string, error) {
	paths := map[string]string{databaseFile: filepath.Join(work, databaseFile)}
	entries, err := os.ReadDir(data)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.Type().IsRegular() && (strings.HasSuffix(e.Name(), ".key") || strings.HasSuffix(e.Name(), ".crt")) {
			paths[e.Name()] = filepath.Join(data, e.Name())
		}
	}
	return paths, nil
}

func digestOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func pack(file string, head backupHead, paths map[string]string) (err error) {
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	zipped := gzip.NewWriter(out)
	archive := tar.NewWriter(zipped)
	index, err := json.MarshalIndent(head, "", "  ")
	if err != nil {
		return err
	}
	if err := archive.WriteHeader(&tar.Header{Name: backupIndex, Mode: 0o600, Size: int64(len(index)), ModTime: head.At}); err != nil {
		return err
	}
	if _, err := archive.Write(index); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		if err := packFile(archive, name, paths[name]); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), zipped.Close(), out.Sync())
}

func packFile(archive *tar.Writer, name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime()}); err != nil {
		return err
	}
	_, err = io.Copy(archive, f)
	return err
}

func restoreCommand() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use: "restore FILE", Short: "Make a server's data folder of a backup",
		Long: `Make a data folder of a backup: one that is not there yet, or is empty. Every file is checked first, and the database read as a
whole; a damaged backup makes nothing. Then start the server with that folder: hosts and sign-ins are as they were when
the backup was made.`,
		Example: "  berth restore --data /var/lib/berth /backups/berth-monday.tar.gz",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			head, err := readBackup(cmd.Context(), args[0], data)
			if err == nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "made %s as it was at %s; start it with: berth server --data %s\n", data, head.At.Format(time.RFC3339), data)
			}
			return err
		},
	}
	c.Flags().StringVar(&data, "data", "berth-data", "data `FOLDER` to make")
	return c
}

// readBackup unpacks and checks beside the folder, and puts it in its place when all is well.
func readBackup(ctx context.Context, file, data string) (head backupHead, err error) {
	if entries, err := os.ReadDir(data); err == nil && len(entries) > 0 {
		return head, berth.Errorf(berth.Conflict, "the folder %s is not empty", data).On("data").
			With("name a new folder, or stop the server and move this one away first")
	}
	data = filepath.Clean(data)
	if err := os.MkdirAll(filepath.Dir(data), 0o755); err != nil {
		return head, berth.Errorf(berth.Invalid, "data folder: %w", err).On("data")
	}
	work, err := os.MkdirTemp(filepath.Dir(data), ".berth-restore-*") // mode 0700
	if err != nil {
		return head, berth.Errorf(berth.Invalid, "data folder: %w", err).On("data")
	}
	defer func() { _ = os.RemoveAll(work) }()
	if head, err = unpack(file, work); err != nil {
		return head, err
	}
	if err := store.CheckSQLite(ctx, filepath.Join(work, databaseFile)); err != nil {
		return head, err
	}
	if err := os.Remove(data); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return head, berth.Errorf(berth.Invalid, "data folder: %w", err).On("data")
	}
	return head, os.Rename(work, data)
}

// unpack writes the files of a backup into a folder, and holds each to its digest. Only names of the index are written, and
// no name leads out of the folder.
func unpack(file, folder string) (head backupHead, err error) {
	in, err := os.Open(file)
	if err != nil {
		return head, berth.Errorf(berth.NotFound, "backup %w", err).On("file")
	}
	defer func() { _ = in.Close() }()
	damaged := func(format string, args ...any) error {
		return berth.Errorf(berth.Invalid, "%s is no sound backup: %w", file, fmt.Errorf(format, args...)).On("file").With("use another backup")
	}
	zipped, err := gzip.NewReader(in)
	if err != nil {
		return head, damaged("%w", err)
	}
	archive := tar.NewReader(zipped)
	if head, err = readIndex(archive); err != nil {
		return head, damaged("%w", err)
	}
	left := len(head.SHA256)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return head, damaged("%w", err)
		}
		want, known := head.SHA256[h.Name]
		if !known || h.Typeflag != tar.TypeReg || filepath.Base(h.Name) != h.Name || h.Size < 0 || h.Size > mostBackupFile {
			return head, damaged("%q does not belong into it", h.Name)
		}
		got, err := unpackFile(archive, filepath.Join(folder, h.Name))
		if err != nil {
			return head, damaged("%s: %w", h.Name, err)
		}
		if got != want {
			return head, damaged("%s is not as it was written: SHA-256 %s, not %s", h.Name, got, want)
		}
		left--
	}
	if left != 0 {
		return head, damaged("%d of its files are missing", left)
	}
	return head, nil
}

func readIndex(archive *tar.Reader) (head backupHead, err error) {
	const most = 1 << 20
	h, err := archive.Next()
	if err != nil {
		return head, err
	}
	if h.Name != backupIndex || h.Size > most {
		return head, fmt.Errorf("it does not begin with %s", backupIndex)
	}
	if err := json.NewDecoder(io.LimitReader(archive, most)).Decode(&head); err != nil {
		return head, err
	}
	if head.Format != backupFormat {
		return head, fmt.Errorf("its format is %d, and this program reads %d", head.Format, backupFormat)
	}
	if head.SHA256[databaseFile] == "" {
		return head, errors.New("it has no database")
	}
	return head, nil
}

// unpackFile writes a new file, readable by its owner alone, and returns its digest.
func unpackFile(from io.Reader, path string) (string, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, sum), from)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
