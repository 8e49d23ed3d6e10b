package share

import (
	"container/list"
	"io"
	"io/fs"
	"sync"
)

// Sizes of what is asked of a server. A small read asks for the whole block around it, and for several when the block before
// was just read: over a network the round trip costs more than the bytes. A large read is passed on as it is.
const (
	aheadBlock  = 128 << 10
	aheadRun    = 8  // blocks
	aheadKept   = 64 // blocks that are kept: 8 MiB of each file
	aheadDirect = 256 << 10
)

// ahead reads a file on a server in few large pieces. It is safe for concurrent use; nothing is locked while the server is
// asked.
type ahead struct {
	r    io.ReaderAt
	size int64

	mu     sync.Mutex
	blocks map[int64]*list.Element // by index
	order  *list.List              // of *aheadPiece; front is the most recent
	asked  map[int64]*question     // blocks that are on their way
	closed bool
}

// aheadPiece is a block that is kept.
type aheadPiece struct {
	index int64
	data  []byte
}

// question is one that several may wait for.
type question struct {
	done chan struct{}
	err  error
}

func newAhead(r io.ReaderAt, size int64) *ahead {
	return &ahead{r: r, size: size, blocks: map[int64]*list.Element{}, order: list.New(), asked: map[int64]*question{}}
}

// remote makes a File of one on a server.
func remote(r io.ReaderAt, path string, size int64, close func() error) *File {
	f, _ := remoteAhead(r, path, size, close)
	return f
}

func remoteAhead(r io.ReaderAt, path string, size int64, close func() error) (*File, *ahead) {
	a := newAhead(r, size)
	return &File{ReaderAt: reader{a, path}, Path: path, Size: size, close: func() error {
		a.close()
		return close()
	}}, a
}

// close lets go of what is kept; close of the file below ends what is under way.
func (a *ahead) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed, a.blocks = true, nil
	a.order.Init()
}

// ReadAt implements io.ReaderAt.
func (a *ahead) ReadAt(p []byte, off int64) (int, error) {
	left := a.size - off
	switch {
	case off < 0:
		return 0, fs.ErrInvalid
	case left <= 0:
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), left)]
	n, err := a.read(want, off)
	if err == nil && len(want) < len(p) {
		err = io.EOF
	}
	return n, err
}

func (a *ahead) read(p []byte, off int64) (int, error) {
	if len(p) >= aheadDirect {
		return a.r.ReadAt(p, off)
	}
	n := 0
	for n < len(p) {
		at := off + int64(n)
		data, err := a.block(at / aheadBlock)
		if err != nil {
			return n, err
		}
		n += copy(p[n:], data[at%aheadBlock:])
	}
	return n, nil
}

// block gives a block that is kept, or waits for it.
func (a *ahead) block(index int64) ([]byte, error) {
	for {
		a.mu.Lock()
		if a.closed {
			a.mu.Unlock()
			return nil, fs.ErrClosed
		}
		if data := a.kept(index); data != nil {
			a.mu.Unlock()
			return data, nil
		}
		if q := a.asked[index]; q != nil {
			a.mu.Unlock()
			<-q.done
			if q.err != nil {
				return nil, q.err
			}
			continue // it is there now, unless it has gone again
		}
		q := &question{done: make(chan struct{})}
		count := a.claim(index, q)
		a.mu.Unlock()
		return a.ask(index, count, q)
	}
}

func (a *ahead) kept(index int64) []byte {
	el := a.blocks[index]
	if el == nil {
		return nil
	}
	a.order.MoveToFront(el)
	return el.Value.(*aheadPiece).data //nolint:forcetypeassert // the list holds nothing else
}

// claim marks the blocks that will be asked for together: more than one when the block before is there.
func (a *ahead) claim(index int64, q *question) (count int64) {
	count = 1
	if a.blocks[index-1] != nil {
		for count < aheadRun && (index+count)*aheadBlock < a.size && a.blocks[index+count] == nil && a.asked[index+count] == nil {
			count++
		}
	}
	for i := range count {
		a.asked[index+i] = q
	}
	return count
}

// ask asks the server for blocks, keeps them, and gives the first.
func (a *ahead) ask(index, count int64, q *question) ([]byte, error) {
	off := index * aheadBlock
	data := make([]byte, min(count*aheadBlock, a.size-off))
	n, err := a.r.ReadAt(data, off)
	if n == len(data) {
		err = nil
	}
	a.mu.Lock()
	for i := range count {
		delete(a.asked, index+i)
	}
	a.mu.Unlock()
	q.err = err
	if err == nil {
		a.put(index, data)
	}
	close(q.done)
	return data[:min(aheadBlock, len(data))], err
}

// put keeps blocks from index on.
func (a *ahead) put(index int64, data []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for ; len(data) > 0 && !a.closed; index++ {
		n := min(aheadBlock, len(data))
		if a.blocks[index] == nil {
			a.blocks[index] = a.order.PushFront(&aheadPiece{index, data[:n:n]})
		}
		data = data[n:]
	}
	for a.order.Len() > aheadKept {
		last := a.order.Remove(a.order.Back())
		delete(a.blocks, last.(*aheadPiece).index) //nolint:forcetypeassert // the list holds nothing else
	}
}
