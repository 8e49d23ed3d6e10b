package imaging

import (
	"errors"
	"io"
	"io/fs"

	"berth"
	"berth/msix"
	"berth/pri"
)

// indexName is the package resource index: texts by language, files by scale.
const indexName = "resources.pri"

// lookup resolves what a manifest only refers to. It reads the package's files through their blocks' hashes, since what it
// finds is shown to people as the package's name.
type lookup struct {
	fsys  fs.FS
	files map[string]string          // the package's files: folded path -> path
	named map[string][]pri.Candidate // files by the logical name, once siblings was asked
	index *pri.File                  // nil: the package has none
	ctx   pri.Context
	close func() error
	err   error // the first thing that could not be looked up
}

// lookups opens the package's resources for the languages that are wanted. Close it.
func (e *expanded) lookups(languages []string) *lookup {
	l := &lookup{files: map[string]string{}, ctx: pri.Context{Languages: languages}, close: func() error { return nil }}
	for _, f := range e.blockMap.Files {
		l.files[berth.Fold(f.Path)] = f.Path
	}
	if l.fsys, l.err = e.verifiedFiles(); l.err != nil {
		return l
	}
	f, ok := e.blockMap.File(indexName)
	if !ok {
		return l
	}
	file, err := l.fsys.Open(f.Path)
	if err != nil {
		l.failed(err)
		return l
	}
	l.close = file.Close
	at, ok := file.(io.ReaderAt)
	if !ok {
		l.failed(errors.ErrUnsupported)
		return l
	}
	index, err := pri.Open(at, f.Size)
	if err != nil && !errors.Is(err, pri.ErrNoNames) { // the index of a resource package is of use to its main package only
		l.failed(err)
	}
	l.index = index
	return l
}

// verifiedFiles serves the files of the package, each block checked when it is read.
func (e *expanded) verifiedFiles() (fs.FS, error) {
	if e.volume == nil { // a package in its container checks them by itself
		return e.fsys, nil
	}
	return msix.NewVerifiedFS(e.fsys, e.dir, e.blockMap)
}

func (l *lookup) failed(err error) {
	if l.err == nil {
		l.err = err
	}
}

// text gives what a text of the manifest says to people: itself, or the text that it refers to; otherwise when there is none.
func (l *lookup) text(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	if !pri.IsReference(s) {
		return s
	}
	if l.index == nil {
		return otherwise
	}
	text, ok, err := l.index.Text(s, l.ctx)
	if err != nil {
		l.failed(err)
	}
	if !ok || text == "" {
		return otherwise
	}
	return text
}
