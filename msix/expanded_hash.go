package msix

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
)

// chunkBlocks is how many blocks one unit of work holds: large files are
// shared between the workers, small ones go as a whole.
const chunkBlocks = 256

// hashJob is a run of blocks of one file.
type hashJob struct {
	file         *BlockMapFile
	first, count int
}

// hashFiles reads and hashes every block of every file that is there.
func (v *expandedCheck) hashFiles(ctx context.Context) error {
	jobs := make(chan hashJob)
	var counts sync.Mutex
	var workers sync.WaitGroup
	for range workerCount(v.opt.Workers) {
		workers.Go(func() {
			buf := make([]byte, BlockSize)
			blocks := 0
			for job := range jobs {
				blocks += v.hash(ctx, job, buf)
			}
			counts.Lock()
			v.report.Blocks += blocks
			counts.Unlock()
		})
	}
	v.dispatch(ctx, jobs)
	close(jobs)
	workers.Wait()
	return ctx.Err()
}

func workerCount(wanted int) int {
	if wanted > 0 {
		return wanted
	}
	return runtime.GOMAXPROCS(0)
}

func (v *expandedCheck) dispatch(ctx context.Context, jobs chan<- hashJob) {
	chunk := chunkBlocks
	if !v.seeks() {
		chunk = int(^uint(0) >> 1) // whole files: to skip is to read
	}
	for i := range v.report.BlockMap.Files {
		f := &v.report.BlockMap.Files[i]
		if _, ok := v.files[foldName(f.Path)]; !ok {
			continue
		}
		if v.opt.Only != nil && !v.opt.Only(f.Path) {
			continue
		}
		v.report.Files++
		for first := 0; first == 0 || first < len(f.Blocks); first += chunk {
			select {
			case jobs <- hashJob{f, first, min(chunk, len(f.Blocks)-first)}:
			case <-ctx.Done():
				return
			}
			if chunk > len(f.Blocks)-first {
				break
			}
		}
	}
}

// seeks tells whether files of this file system can be read at an offset. The
// block map is there and closed by now: opening it reads nothing.
func (v *expandedCheck) seeks() bool {
	f, err := v.fsys.Open(v.files[foldName(BlockMapName)])
	if err != nil {
		return false
	}
	defer f.Close()
	_, ok := f.(io.ReaderAt)
	return ok
}

// hash checks the blocks of one job and gives how many it read.
func (v *expandedCheck) hash(ctx context.Context, job hashJob, buf []byte) int {
	r, c, err := v.section(job.file, job.first, job.count)
	if c != nil {
		defer c.Close()
	}
	if err != nil {
		if job.first == 0 { // said once for a file, not once for each of its jobs
			v.bad.add(job.file.Path, "%v", err)
		}
		if errors.Is(err, errOtherSize) {
			return job.count // judged without being read
		}
		return 0
	}
	for i := range job.count {
		if ctx.Err() != nil {
			return i
		}
		block := job.first + i
		content := buf[:job.file.blockLen(block)]
		if _, err := io.ReadFull(r, content); err != nil {
			v.bad.add(job.file.Path, "block at byte %d: %v", int64(block)*BlockSize, noEOF(err))
			return i
		}
		if job.file.checkBlock(v.report.BlockMap.Hash, block, content) != nil {
			v.bad.add(job.file.Path, "block at byte %d differs from the block map", int64(block)*BlockSize)
		}
	}
	return job.count
}
