package cache

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"berth"
	"berth/agent"
)

// Cache keeps copies of images. Its methods may be called by several goroutines at once; Run copies.
type Cache struct {
	options Options
	pace    agent.Pace
	wake    chan struct{}

	mu      sync.Mutex
	on      bool              // the plan asks for copies
	told    bool              // a plan was ever told
	most    int64             // bytes that copies may take, 0: no bound
	images  map[string]*image // by nameOf their paths
	dirty   bool              // the index changed
	hanging int               // reads that the share never answered and that are still under way
}

// image is one image of the share.
type image struct {
	path     string // as the plan spelled it first, or the copy; never changed
	packages []berth.PlannedPackage
	order    int
	needed   time.Time
	copies   []*copied // the newest last

	size     int64     // of all its files, when the share was asked last; 0: never
	asked    time.Time // when
	replaced bool      // the share has other files than the newest copy is made of
	due      time.Time // when something may be tried again
	fails    int
	err      string // why the last try failed
	left     string // why there is no copy: it does not fit
	bad      *bad
	tries    int // copies that were whole and not as the plan says, one after another
}

// bad remembers files of the share that are not what the plan says, so that they are copied once and not for ever.
type bad struct {
	Files    string `json:"files"`    // sizes and stamps
	Packages string `json:"packages"` // what the plan said
	Error    string `json:"error"`
}

// copied is a copy, whole or in the making.
type copied struct {
	dir      string
	doc      document
	good     *verdict // nil: not complete, or not checked yet
	have     int64    // bytes that are there for good
	attached bool     // at the last look at the machine
	pins     int      // packages that are being attached from it
	linger   int      // looks at the machine before it counts as not attached
	suspect  bool     // something in it could not be read: it is compared with its digests
	doomed   bool     // being removed
}

// New reads the copies in the folder, which is made once there is something to keep.
func New(o Options) (*Cache, error) {
	folder, err := filepath.Abs(o.Folder)
	if err != nil {
		return nil, err
	}
	o.Folder = folder
	c := &Cache{options: o.withDefaults(), wake: make(chan struct{}, 1), images: map[string]*image{}}
	if err := c.loadCopies(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, berth.Errorf(berth.Internal, "cannot use the folder of copies %s: %w", folder, err).On("cacheFolder").
			With("name another folder, on a volume with room for the images")
	}
	c.loadIndex()
	return c, nil
}

// nameOf gives the spellings of a path their one form. File servers and Windows ignore case; other systems do not.
func nameOf(path string) string {
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") {
		return path
	}
	return berth.Fold(path)
}

// image returns the image of that path, making it.
func (c *Cache) image(path string) *image {
	key := nameOf(path)
	im := c.images[key]
	if im == nil {
		im = &image{path: path, order: len(c.images)}
		c.images[key] = im
	}
	return im
}

func (im *image) sort() {
	slices.SortStableFunc(im.copies, func(a, b *copied) int {
		return cmp.Or(a.doc.Begun.Compare(b.doc.Begun), cmp.Compare(a.dir, b.dir))
	})
}

// newest is the copy that was begun last, nil when there is none.
func (im *image) newest() *copied {
	if len(im.copies) == 0 {
		return nil
	}
	return im.copies[len(im.copies)-1]
}

// Want tells what the plan asks for now, and what copies must stay besides: files that packages are attached from, and
// images that sessions need although the plan has them no more. It never waits.
func (c *Cache) Want(plan berth.Plan, attached []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	begun := !c.told
	c.told, c.on, c.most = true, plan.Cache != nil, c.options.Most
	if plan.Cache != nil {
		c.pace.Set(plan.Cache.BytesPerSecond)
		if m := plan.Cache.MaxBytes; m > 0 && (c.most <= 0 || m < c.most) {
			c.most = m
		}
	}
	now := c.options.Now()
	before := map[*image]string{}
	for _, im := range c.images {
		before[im] = im.wantedAs()
		im.packages = nil
	}
	if c.on {
		for i, p := range plan.Packages {
			c.name(i, p, now)
		}
	}
	for key, im := range c.images {
		if im.bad != nil && before[im] != im.wantedAs() {
			im.asked = time.Time{} // what was bad may be what is wanted now
		}
		if begun && len(im.packages) > 0 {
			im.due = c.spread(now)
		}
		for _, k := range im.copies {
			k.look(attached)
		}
		if len(im.packages) == 0 && len(im.copies) == 0 {
			delete(c.images, key)
			c.dirty = true
		}
	}
	c.poke()
}

// name takes up one package of the plan.
func (c *Cache) name(order int, p berth.PlannedPackage, now time.Time) {
	im := c.image(p.ImagePath)
	if len(im.packages) == 0 {
		im.order = order
	}
	if im.needed.IsZero() {
		im.needed, c.dirty = now, true
		im.due = c.spread(now)
	}
	im.packages = append(im.packages, p)
}

// spread is when a host begins with something that all hosts of its site could begin with now.
func (c *Cache) spread(now time.Time) time.Time {
	return now.Add(time.Duration(c.options.Random() * float64(c.options.Spread)))
}

// look notes whether a package is attached from the copy. Who attached one a moment ago may not have been seen yet.
func (k *copied) look(attached []string) {
	there := slices.ContainsFunc(attached, func(p string) bool { return k.holds(p) || nameOf(p) == nameOf(k.doc.Image) })
	if !there && k.linger > 0 {
		k.linger--
		return
	}
	k.attached = there
}

// holds tells whether a file lies in the copy.
func (k *copied) holds(path string) bool {
	return strings.HasPrefix(filepath.Clean(path), filepath.Join(k.dir, dataFolder)+string(filepath.Separator))
}

func (k *copied) held() bool { return k.attached || k.pins > 0 || k.linger > 0 }

// lookout is for how many looks at the machine a copy counts as attached after somebody was given it.
const lookout = 3

// Use returns the file to attach a package from, when there is a good copy of its image; else an empty path. The copy
// stays until done is called and the package had time to be seen.
func (c *Cache) Use(p berth.PlannedPackage) (path string, done func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	im := c.images[nameOf(p.ImagePath)]
	if im == nil {
		return "", func() {}
	}
	for _, k := range slices.Backward(im.copies) {
		if !k.usable(p) || p.BlockMapSHA256 == "" && (k != im.newest() || im.replaced) {
			continue // without a digest in the plan, only what is on the share now is meant
		}
		k.pins++
		im.needed, c.dirty = c.options.Now(), true
		return k.path(k.doc.Files[0]), sync.OnceFunc(func() { c.unpin(k) })
	}
	return "", func() {}
}

func (c *Cache) unpin(k *copied) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k.pins--
	k.linger = lookout
}

// usable tells whether a package may be attached from the copy.
func (k *copied) usable(p berth.PlannedPackage) bool {
	return k.good != nil && !k.suspect && !k.doomed && slices.Contains(k.good.Packages, checkedOf(p)) && k.whole()
}

// Suspect tells that a package could not be attached from a file that Use gave, or that something in it is not as it was
// checked. The copy is compared with its digests, and what is damaged is fetched again, before it is given again.
func (c *Cache) Suspect(path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, im := range c.images {
		for _, k := range im.copies {
			if k.holds(path) && !k.suspect {
				k.suspect, im.due = true, time.Time{}
				c.poke()
			}
		}
	}
}

// Retry lets what failed be tried again at once; the share is asked anew for every image that has an error.
func (c *Cache) Retry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, im := range c.images {
		if im.err != "" {
			im.due, im.asked = time.Time{}, time.Time{}
		}
	}
	c.poke()
}

// poke asks Run to look again; it never waits.
func (c *Cache) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}
