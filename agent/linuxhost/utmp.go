//go:build linux

package linuxhost

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A record of utmp(5) as it is on x86-64, where times have 32 bits for the sake of older programs.
const (
	utmpRecord   = 384
	utmpType     = 0  // ut_type, 16 bits
	utmpPID      = 4  // ut_pid, 32 bits
	utmpLine     = 8  // ut_line, 32 bytes
	utmpUser     = 44 // ut_user, 32 bytes
	utmpName     = 32 // length of both, filled up with NULs
	utmpSeconds  = 340
	utmpMicros   = 344 // ut_tv, 32 bits each
	utmpUserProc = 7   // USER_PROCESS of ut_type
)

// readUtmp returns the logins of a utmp file whose processes live. It takes no part of a record that is being written.
func readUtmp(path string) ([]login, error) {
	if runtime.GOARCH != "amd64" {
		return nil, fmt.Errorf("%s: records of %s have another shape than those of amd64, which are read", path, runtime.GOARCH)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) // a pipe would never open
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", path)
	}
	b, err := io.ReadAll(io.LimitReader(f, mostLogins*utmpRecord+1))
	if err != nil {
		return nil, err
	}
	if len(b) > mostLogins*utmpRecord {
		return nil, fmt.Errorf("%s has more than %d records, at byte offset %d; a sound one has a few for each terminal", path, mostLogins, mostLogins*utmpRecord)
	}
	list, err := parseUtmp(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// parseUtmp finds the logins in records whose processes live, the last of each line.
func parseUtmp(b []byte) ([]login, error) {
	var list []login
	at := map[string]int{} // line -> place in the list
	for ; len(b) >= utmpRecord; b = b[utmpRecord:] {
		pid := int(int32(binary.LittleEndian.Uint32(b[utmpPID:])))
		if binary.LittleEndian.Uint16(b[utmpType:]) != utmpUserProc || pid <= 0 {
			continue
		}
		start, err := startOf(pid)
		if err != nil {
			return nil, fmt.Errorf("process %d: %w", pid, err)
		}
		line, user := utmpText(b[utmpLine:]), utmpText(b[utmpUser:])
		if start == 0 || line == "" || user == "" {
			continue
		}
		one := login{id: utmpID(line, pid), user: user, uid: -1, pid: pid, since: utmpTime(b)}
		if i, again := at[line]; again {
			list[i] = one
			continue
		}
		at[line] = len(list)
		list = append(list, one)
	}
	return list, nil
}

func utmpTime(b []byte) time.Time {
	seconds, micros := int32(binary.LittleEndian.Uint32(b[utmpSeconds:])), int32(binary.LittleEndian.Uint32(b[utmpMicros:]))
	if seconds <= 0 || micros < 0 || micros >= 1e6 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), int64(micros)*1000)
}

// utmpText is a name of utmp: up to the first NUL, or as long as the field is.
func utmpText(field []byte) string {
	name, _, _ := bytes.Cut(field[:utmpName], []byte{0})
	return string(name)
}

// utmpID makes an id of a session, which can name a file, of the name of a terminal, which may be anything.
func utmpID(line string, pid int) string {
	safe := strings.Map(func(r rune) rune {
		if r == '.' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, line)
	return "utmp-" + safe + "-" + strconv.Itoa(pid)
}

// hasUtmp tells whether there is a utmp file.
func hasUtmp(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}
