package share

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// webFile reads parts of a file over https (RFC 9110, section 14). Every answer is held against the first: a file that was
// replaced meanwhile is an error, never a mixture of two.
type webFile struct {
	opener *Opener
	name   string
	url    *url.URL // as it was asked for
	ctx    context.Context
	cancel context.CancelFunc

	size     int64
	etag     string // strong, or empty
	modified string // Last-Modified

	mu sync.Mutex
	at *url.URL // where the server sent on to; asked directly from then on
}

// mostSize is the largest disk that any image format knows: 64 TiB (MS-VHDX), with room for what is around it.
const mostSize = 65 << 40

// Why a server's answer cannot be used.
var (
	errNoRanges    = errors.New("the server does not give parts of files (range requests)")
	errNoValidator = errors.New("the server tells neither ETag nor Last-Modified: that the file was replaced while it is read could not be noticed")
	errEncoded     = errors.New("the server compresses the file on the way, so that its bytes cannot be found")
	errAnswer      = errors.New("the server answers with another part of the file than was asked for")
)

// statusError is an answer that is an error.
type statusError struct{ code int }

func (e *statusError) Error() string {
	return fmt.Sprintf("the server answers %d %s", e.code, http.StatusText(e.code))
}

// Is makes the errors of files of some statuses.
func (e *statusError) Is(target error) bool {
	switch e.code {
	case http.StatusNotFound, http.StatusGone:
		return target == fs.ErrNotExist
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return target == fs.ErrPermission
	}
	return false
}

// temporary tells whether asking again may help.
func (e *statusError) temporary() bool {
	return e.code >= 500 || e.code == http.StatusTooManyRequests || e.code == http.StatusRequestTimeout
}

// begin asks for the start of the file and learns what it is.
func (f *webFile) begin(p []byte) (int, error) {
	resp, done, err := f.ask(f.url, 0, int64(len(p))) //nolint:bodyclose // done does
	if err != nil {
		return 0, err
	}
	defer done()
	if resp.StatusCode == http.StatusOK {
		return 0, errNoRanges
	}
	from, to, size, err := contentRange(resp)
	switch {
	case err != nil:
		return 0, err
	case from != 0 || size <= 0 || size > mostSize || to != min(int64(len(p)), size)-1:
		return 0, fmt.Errorf("%w (%s)", errAnswer, resp.Header.Get("Content-Range"))
	}
	f.size, f.modified = size, resp.Header.Get("Last-Modified")
	if tag := resp.Header.Get("ETag"); !strings.HasPrefix(tag, "W/") {
		f.etag = tag
	}
	if f.etag == "" && f.modified == "" {
		return 0, errNoValidator
	}
	f.at = resp.Request.URL
	return io.ReadFull(resp.Body, p[:to+1])
}

// ask requests bytes. done ends the request; reading the body ends with an error when the server stays silent.
func (f *webFile) ask(at *url.URL, off, n int64) (resp *http.Response, done func(), err error) {
	ctx, cancel := context.WithCancel(f.ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, off+n-1))
	req.Header.Set("Accept-Encoding", "identity")
	if v := cmp.Or(f.etag, f.modified); v != "" {
		req.Header.Set("If-Range", v)
	}
	if resp, err = f.opener.client().Do(req); err != nil {
		cancel()
		return nil, nil, plainWebError(err)
	}
	body := &watched{ReadCloser: resp.Body, patience: f.opener.patience}
	body.timer = time.AfterFunc(f.opener.patience, func() {
		body.silent.Store(true)
		cancel()
	})
	resp.Body = body
	done = func() {
		body.timer.Stop()
		cancel()
		_ = resp.Body.Close() // what was not read is of no use
	}
	if err := usable(resp); err != nil {
		done()
		return nil, nil, err
	}
	return resp, done, nil
}

// plainWebError takes the method and the URL out of an error: the path is told with it anyway.
func plainWebError(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// usable looks at the status and the form of an answer.
func usable(resp *http.Response) error {
	switch {
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		return errAnswer
	case resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent:
		return &statusError{resp.StatusCode}
	case resp.Header.Get("Content-Encoding") != "" && resp.Header.Get("Content-Encoding") != "identity":
		return errEncoded
	}
	return nil
}

// contentRange reads "bytes FROM-TO/SIZE" (RFC 9110, 14.4).
func contentRange(resp *http.Response) (from, to, size int64, err error) {
	v := resp.Header.Get("Content-Range")
	part, total, ok := strings.Cut(strings.TrimPrefix(v, "bytes "), "/")
	first, last, ok2 := strings.Cut(part, "-")
	if !strings.HasPrefix(v, "bytes ") || !ok || !ok2 {
		return 0, 0, 0, fmt.Errorf("%w (%q)", errAnswer, v)
	}
	for _, n := range []struct {
		s    string
		into *int64
	}{{first, &from}, {last, &to}, {total, &size}} {
		if *n.into, err = strconv.ParseInt(n.s, 10, 64); err != nil || *n.into < 0 {
			return 0, 0, 0, fmt.Errorf("%w (%q)", errAnswer, v)
		}
	}
	return from, to, size, nil
}

// watched is a body that pushes its deadline on with every read.
type watched struct {
	io.ReadCloser
	timer    *time.Timer
	patience time.Duration
	silent   atomic.Bool // the deadline has come
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(w.patience)
	n, err := w.ReadCloser.Read(p)
	if w.silent.Load() { // whatever the end of the connection is called
		err = context.DeadlineExceeded
	}
	return n, err
}

// ReadAt implements io.ReaderAt, for parts inside the file. What was lost on the way is asked for once more.
func (f *webFile) ReadAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	at := f.at
	f.mu.Unlock()
	n, err := f.read(at, p, off)
	if err == nil || f.ctx.Err() != nil || !again(err) && at.String() == f.url.String() {
		return n, f.closedError(err)
	}
	// Where it was sent on to may have been for a while only.
	m, err := f.read(f.url, p[n:], off+int64(n))
	return n + m, f.closedError(err)
}

// closedError tells an error that came because the file was closed.
func (f *webFile) closedError(err error) error {
	if err != nil && f.ctx.Err() != nil {
		return fs.ErrClosed
	}
	return err
}

// again tells whether another attempt may succeed at once.
func again(err error) bool {
	if s, ok := errors.AsType[*statusError](err); ok {
		return s.temporary()
	}
	for _, final := range []error{errReplaced, errNoRanges, errEncoded, errAnswer} {
		if errors.Is(err, final) {
			return false
		}
	}
	return true
}

// read asks for one part and makes sure that it is of the same file.
func (f *webFile) read(at *url.URL, p []byte, off int64) (int, error) {
	resp, done, err := f.ask(at, off, int64(len(p))) //nolint:bodyclose // done does
	if err != nil {
		return 0, err
	}
	defer done()
	if resp.StatusCode == http.StatusOK { // RFC 9110, 13.1.5: the validator is not the file's any more
		return 0, errReplaced
	}
	from, to, size, err := contentRange(resp)
	switch {
	case err != nil:
		return 0, err
	case size != f.size, f.etag != "" && resp.Header.Get("ETag") != f.etag, f.etag == "" && resp.Header.Get("Last-Modified") != f.modified:
		return 0, errReplaced
	case from != off || to != off+int64(len(p))-1:
		return 0, fmt.Errorf("%w (%s)", errAnswer, resp.Header.Get("Content-Range"))
	}
	f.mu.Lock()
	f.at = resp.Request.URL
	f.mu.Unlock()
	return io.ReadFull(resp.Body, p)
}

func (f *webFile) close() error {
	f.cancel()
	return nil
}
