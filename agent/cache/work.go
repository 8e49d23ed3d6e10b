package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"berth"
	"berth/imaging"
)

// job is the next thing to do: exactly one of its fields besides image is set.
type job struct {
	image  *image
	remove *copied // and why
	why    string
	mend   *copied // compare with its digests, fetch what is damaged
	fill   *copied // copy what is missing, then check
	check  *copied // check packages that were not checked in it yet
	ask    bool    // ask the share what it has
	begin  bool    // begin a copy
}

// idle is how long Run waits when nothing says that there is something to do.
const idle = 30 * time.Second

// Run copies, checks and removes until the context ends: one thing at a time.
func (c *Cache) Run(ctx context.Context) {
	for ctx.Err() == nil {
		c.saveIndex()
		j, wait := c.next()
		if j == nil {
			timer := time.NewTimer(wait)
			select {
			case <-ctx.Done():
			case <-c.wake:
			case <-timer.C:
			}
			timer.Stop()
			continue
		}
		c.ended(ctx, j, c.try(ctx, j))
	}
	c.saveIndex()
}

// try does a job. A panic in reading an image, which anybody may have made, is that job's failure.
func (c *Cache) try(ctx context.Context, j *job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.options.Log.Error("copying panicked", "image", j.image.path, "panic", p, "stack", string(debug.Stack()))
			err = berth.Errorf(berth.Internal, "fault in the agent: %v", p)
		}
	}()
	switch {
	case j.remove != nil:
		return c.remove(j)
	case j.ask:
		return c.ask(ctx, j.image)
	case j.begin:
		return c.begin(ctx, j.image)
	case j.mend != nil:
		return c.mend(ctx, j.image, j.mend)
	case j.check != nil:
		return c.examine(ctx, j.image, j.check)
	}
	return c.fill(ctx, j.image, j.fill)
}

// ended takes note of how a job ended.
func (c *Cache) ended(ctx context.Context, j *job, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	im := j.image
	if err == nil {
		im.due = time.Time{}
		k := im.newest()
		switch { // beginning anew again and again is no success
		case j.fill != nil || j.mend != nil || j.check != nil:
			im.fails, im.tries = 0, 0
		case j.ask && k != nil && k.good != nil && !im.replaced:
			im.fails = 0
		}
		if im.bad == nil && im.fails == 0 { // what is bad stays said
			im.err = ""
		}
		return
	}
	if ctx.Err() != nil || errors.Is(err, errUnwanted) {
		return
	}
	im.fails++
	wait := c.options.Retry << min(im.fails-1, 5)
	wait = wait/2 + time.Duration(c.options.Random()*float64(wait/2))
	im.due, im.err = c.options.Now().Add(wait), words(err)
	c.options.Log.Warn("copying an image ahead failed", "image", im.path, "error", err, "again", wait)
}

// words of an error for people: a *berth.Error gives its message alone.
func words(err error) string {
	if e, ok := errors.AsType[*berth.Error](err); ok && e.Message != "" && e.Error() == err.Error() {
		return e.Message
	}
	return err.Error()
}

// errUnwanted ends a job that nobody wants done any more.
var errUnwanted = errors.New("the plan has changed")

// next finds the next job, or how long nothing is due.
func (c *Cache) next() (*job, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.told {
		return nil, idle
	}
	now := c.options.Now()
	chosen := c.choose()
	var list []*image
	for _, im := range c.images {
		list = append(list, im)
	}
	slices.SortFunc(list, func(a, b *image) int { return cmp.Or(cmp.Compare(a.order, b.order), strings.Compare(a.path, b.path)) })
	for _, im := range list {
		if j := c.removal(im, chosen); j != nil && !now.Before(im.due) {
			return j, 0
		}
	}
	wait := idle
	for _, step := range []func(*image, map[string]bool) *job{c.asking, c.copying} {
		for _, im := range list {
			j := step(im, chosen)
			if j == nil {
				continue
			}
			if c.hanging >= mostHanging { // wakes when one of them ends
				continue
			}
			if now.Before(im.due) {
				wait = min(wait, im.due.Sub(now))
				continue
			}
			return j, 0
		}
	}
	return nil, wait
}

// newID stands for the copy of an image that is to be made.
const newID = "new:"

// choose says which copies are to be there; it also notes what does not fit.
func (c *Cache) choose() map[string]bool {
	var all []candidate
	for key, im := range c.images {
		im.left = ""
		for _, k := range im.copies {
			if len(im.packages) > 0 || k.held() {
				all = append(all, candidate{id: k.dir, size: k.doc.size(), there: true, complete: k.good != nil, attached: k.held(), needed: im.needed, order: im.order})
			}
		}
		if im.lacks() {
			all = append(all, candidate{id: newID + key, size: im.size, needed: im.needed, order: im.order})
		}
	}
	made := choose(all, c.most)
	chosen := map[string]bool{}
	for _, id := range made.keep {
		chosen[id] = true
	}
	for key, im := range c.images {
		out := slices.Contains(made.leftOut, newID+key)
		for _, k := range im.copies {
			out = out || k == im.newest() && slices.Contains(made.leftOut, k.dir)
		}
		if out {
			size := im.size
			if k := im.newest(); k != nil && size == 0 {
				size = k.doc.size()
			}
			im.left = fmt.Sprintf("it has %d bytes and does not fit into the %d that copies may take on this host; it is read from the share", size, c.most)
		}
	}
	return chosen
}

// lacks tells whether a copy is to be begun, as far as is known: the share has files that no copy is made of.
func (im *image) lacks() bool {
	return len(im.packages) > 0 && im.size > 0 && (im.newest() == nil || im.replaced)
}

// removal finds a copy that must go: the plan does not name its image any more, it must make room, or a newer one is good.
func (c *Cache) removal(im *image, chosen map[string]bool) *job {
	newer := false
	for _, k := range slices.Backward(im.copies) {
		switch {
		case k.held():
		case len(im.packages) == 0:
			return &job{image: im, remove: k, why: "no package of the plan is in it"}
		case im.replaced && k.good == nil:
			return &job{image: im, remove: k, why: "the share has another file now"}
		case !chosen[k.dir]:
			return &job{image: im, remove: k, why: "it makes room"}
		case newer:
			return &job{image: im, remove: k, why: "there is a newer copy"}
		}
		newer = newer || k.good != nil && k.checkedAll(im.packages)
	}
	return nil
}

// checkedAll tells whether all these packages were checked in the copy.
func (k *copied) checkedAll(ps []berth.PlannedPackage) bool {
	return k.good != nil && !slices.ContainsFunc(ps, func(p berth.PlannedPackage) bool { return !slices.Contains(k.good.Packages, checkedOf(p)) })
}

// copying finds what is to be done to the copies of an image, or that one is to be begun.
func (c *Cache) copying(im *image, chosen map[string]bool) *job {
	if len(im.packages) == 0 {
		return nil
	}
	k := im.newest()
	switch {
	case im.lacks() && chosen[newID+nameOf(im.path)]:
		return &job{image: im, begin: true}
	case k == nil || k.doomed || im.replaced || im.isBad(k.stamps()):
		return nil
	case k.suspect:
		return &job{image: im, mend: k}
	case k.good == nil:
		return &job{image: im, fill: k}
	case !k.checkedAll(im.packages):
		return &job{image: im, check: k}
	}
	return nil
}

// asking finds an image of which it is not known, or not known any more, what the share has.
func (c *Cache) asking(im *image, _ map[string]bool) *job {
	if len(im.packages) == 0 || !im.asked.IsZero() && c.options.Now().Sub(im.asked) < c.recheck(im) {
		return nil
	}
	return &job{image: im, ask: true}
}

// recheck is when an image is asked for again: with jitter, so that hosts do not stay in step. One that is known to be bad
// is looked at more often: somebody will put it right.
func (c *Cache) recheck(im *image) time.Duration {
	d := c.options.Recheck
	if im.bad != nil {
		d /= 4
	}
	return d - time.Duration(c.options.Random()*float64(d/4))
}

// ask asks the share what an image is made of, and compares that with the newest copy. While that is still of the same
// files, they are only looked at and not read: a thousand hosts ask.
func (c *Cache) ask(ctx context.Context, im *image) error {
	if same, err := c.same(ctx, im); same || err != nil {
		return err
	}
	parts, err := c.parts(ctx, im)
	if err != nil {
		return err
	}
	var size int64
	for _, p := range parts {
		size += p.Size
	}
	files := stamps(parts)
	c.mu.Lock()
	defer c.mu.Unlock()
	im.asked, im.size = c.options.Now(), size
	if im.isBad(files) {
		im.err, im.replaced = im.bad.Error, false
		im.size = 0 // nothing is to be copied
		return nil
	}
	if im.bad != nil {
		im.bad, im.err, c.dirty = nil, "", true
	}
	if k := im.newest(); k != nil {
		im.replaced = files != k.stamps()
	}
	return nil
}

// same tells whether the share still has the files that the newest copy is made of.
func (c *Cache) same(ctx context.Context, im *image) (bool, error) {
	c.mu.Lock()
	k, known := im.newest(), im.bad == nil
	c.mu.Unlock()
	if k == nil || !known {
		return false, nil
	}
	for _, f := range k.doc.Files {
		s, err := c.openSource(ctx, f)
		switch {
		case errors.Is(err, errChanged) || berth.ErrorKind(err) == berth.NotFound:
			return false, nil
		case err != nil:
			return false, err
		}
		s.close()
	}
	c.set(func() { im.asked, im.size, im.replaced = c.options.Now(), k.doc.size(), false })
	return true, nil
}

// parts asks for the files of an image, in bounded time.
func (c *Cache) parts(ctx context.Context, im *image) ([]imaging.Part, error) {
	c.mu.Lock()
	path := im.path
	c.mu.Unlock()
	var parts []imaging.Part // read only when the question was answered
	err := c.within(ctx, 2*c.options.Patience, func(ctx context.Context) (err error) {
		parts, err = c.options.Images.Parts(ctx, path)
		return err
	}, nil)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, berth.Errorf(berth.Internal, "%s has no files", path)
	}
	return parts, nil
}

// stamps puts what tells files from others of the same names into one text.
func stamps(parts []imaging.Part) string {
	var s strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&s, "%s|%d|%s\n", p.Path, p.Size, p.Stamp)
	}
	return s.String()
}

func (k *copied) stamps() string {
	var s strings.Builder
	for _, f := range k.doc.Files {
		fmt.Fprintf(&s, "%s|%d|%s\n", f.Path, f.Size, f.Stamp)
	}
	return s.String()
}

// remove removes a copy, unless somebody began to use it.
func (c *Cache) remove(j *job) error {
	c.mu.Lock()
	if j.remove.held() {
		c.mu.Unlock()
		return nil
	}
	j.remove.doomed = true
	c.mu.Unlock()
	c.options.Log.Info("removing the copy of an image", "image", j.image.path, "folder", j.remove.dir, "because", j.why)
	if err := removeCopy(j.remove.dir); err != nil {
		return berth.Errorf(berth.Internal, "cannot remove the copy %s: %w", j.remove.dir, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	j.image.copies = slices.DeleteFunc(j.image.copies, func(k *copied) bool { return k == j.remove })
	if j.image.newest() == nil {
		j.image.replaced = false
	}
	return nil
}
