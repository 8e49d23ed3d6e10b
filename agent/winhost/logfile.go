package winhost

import (
	"errors"
	"os"
	"sync"
)

// mostLogBytes is how large a log file gets before the next one is begun; one older file is kept.
const mostLogBytes = 10 << 20

// LogFile is a log that does not grow without end. A disk that is full loses lines, and nothing else.
type LogFile struct {
	path string
	mu   sync.Mutex
	f    *os.File
	size int64
}

// NewLogFile makes a log of the file, which is opened when something is written.
func NewLogFile(path string) *LogFile { return &LogFile{path: path} }

// Write implements io.Writer.
func (l *LogFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size+int64(len(p)) > mostLogBytes {
		if err := l.turn(); err != nil {
			return 0, err
		}
	}
	if l.f == nil {
		if err := l.open(); err != nil {
			return 0, err
		}
	}
	n, err := l.f.Write(p)
	l.size += int64(n)
	return n, err
}

func (l *LogFile) open() error {
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	l.f, l.size = f, info.Size()
	return nil
}

// turn puts the full file aside.
func (l *LogFile) turn() error {
	if l.f != nil {
		if err := l.f.Close(); err != nil {
			return err
		}
		l.f = nil
	}
	l.size = 0
	if err := os.Rename(l.path, l.path+".1"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Close ends the log.
func (l *LogFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return nil
	}
	err := l.f.Close()
	l.f = nil
	return err
}
