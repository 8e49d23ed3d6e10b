package msix

import (
	"context"
	"errors"
	"io"
	"sync"
)

// blockJob is one block on its way to a worker: raw bytes, or the deflate
// segment that holds them.
type blockJob struct {
	file     *BlockMapFile
	index    int
	data     []byte
	deflated bool
	out      *sinkFile // nil: nobody wants the content
}

// jobsPerWorker is how many blocks may wait for each worker.
const jobsPerWorker = 4

// startWorkers starts the goroutines that inflate and hash, and gives the
// function that waits for them to finish.
func (v *packageCheck) startWorkers() func() {
	n := workerCount(v.opt.Workers)
	v.jobs = make(chan blockJob)
	v.free = make(chan []byte, n*jobsPerWorker)
	for range cap(v.free) {
		v.free <- nil // buffers are made when they are first used
	}
	var workers sync.WaitGroup
	for range n {
		workers.Go(v.work)
	}
	return func() {
		close(v.jobs)
		workers.Wait()
	}
}

func (v *packageCheck) work() {
	var inf inflater
	buf := make([]byte, BlockSize)
	for job := range v.jobs {
		content := job.data
		var err error
		if job.deflated {
			content = buf[:job.file.blockLen(job.index)]
			err = inf.block(job.data, content, job.index == len(job.file.Blocks)-1)
		}
		if err == nil {
			err = job.file.checkBlock(v.report.BlockMap.Hash, job.index, content)
		}
		if err != nil {
			v.badBlock(job.file, job.index)
		} else {
			job.out.write(content, int64(job.index)*BlockSize)
		}
		job.out.release()
		v.free <- job.data[:0]
	}
}

func (v *packageCheck) badBlock(f *BlockMapFile, i int) {
	v.bad.add(f.Path, "block at byte %d differs from the block map", int64(i)*BlockSize)
}

// readBlocks takes an entry's blocks out of its data and gives them to the
// workers. Where the block map has no sizes of segments, the stream is
// inflated here: nothing tells where a block begins.
func (v *packageCheck) readBlocks(ctx context.Context, e *zipEntry, f *BlockMapFile, data io.Reader) error {
	_, segmented := segmentEnds(f, 0, e.csize)
	segmented = segmented && e.method == methodDeflate
	if e.method == methodDeflate && !segmented {
		s := e.stream(data)
		defer s.Close()
		data = s
	} else if e.method == methodStore && e.csize != e.usize {
		return corrupt(zipFormat, e.path, e.header, "stored, and yet two sizes: %d and %d", e.csize, e.usize)
	}
	out, err := v.beginSink(e)
	if err != nil {
		return err
	}
	defer out.release()
	for i := range f.Blocks {
		if err := errors.Join(ctx.Err(), v.sinkErr.first()); err != nil {
			return err
		}
		size := f.blockLen(i)
		if segmented {
			size = int(f.Blocks[i].Size)
		}
		buf := <-v.free
		if cap(buf) < size {
			buf = make([]byte, maxSegment)
		}
		buf = buf[:size]
		if _, err := io.ReadFull(data, buf); err != nil {
			v.free <- buf
			return e.readError(noEOFZip(err))
		}
		v.report.Blocks++
		out.hold()
		v.jobs <- blockJob{file: f, index: i, data: buf, deflated: segmented, out: out}
	}
	return endOfStream(e, data, segmented)
}

// endOfStream makes sure that an entry has nothing behind its last block. For
// a segmented entry that is the two bytes that end a deflate stream, or nothing.
func endOfStream(e *zipEntry, data io.Reader, segmented bool) error {
	rest, err := io.ReadAll(io.LimitReader(data, streamEndSize+1))
	if err != nil {
		return e.readError(err)
	}
	if len(rest) == 0 || segmented && string(rest) == streamEnd {
		return nil
	}
	return corrupt(zipFormat, e.path, e.header, "%d bytes or more follow the last block", len(rest))
}

// streamEnd is an empty last deflate block.
const streamEnd = "\x03\x00"
