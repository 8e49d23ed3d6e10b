package msix

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Result is the outcome of one check.
type Result string

// The results. A check that cannot be made in this shape of package (the
// container's digests of an expanded one) is not applicable, never failed.
const (
	Pass          Result = "pass"
	Fail          Result = "fail"
	Absent        Result = "absent"
	NotApplicable Result = "notApplicable"
)

// Names of checks beside the digest tags (DigestPayload and so on).
const (
	CheckBlockMap  = "blockMap"
	CheckSignature = "signature"
	CheckPublisher = "publisher"
	CheckChain     = "chain"
)

// Check is one line of a Report.
type Check struct {
	Name   string // a digest tag, or one of the Check constants
	Result Result
	Detail string // why, in words; may be empty
}

// BadFile is a file that is not what the package promises.
type BadFile struct {
	File   string // path in the package, with slashes
	Reason string
}

// maxBadFiles bounds what a hostile image can make a report hold.
const maxBadFiles = 1000

// Report says what verification found. Manifest, Bundle, BlockMap and
// Signature are what was read on the way, so that nobody needs to read them
// again; each is nil when it is missing or unreadable.
type Report struct {
	FullName string // of the package; empty when the manifest is unreadable
	Files    int    // files of the block map that were checked
	Blocks   int    // blocks of those files, all hashed unless the file has another size
	Checks   []Check
	Bad      []BadFile // at most 1000; sorted by file

	Manifest  *Manifest
	Bundle    *BundleManifest
	BlockMap  *BlockMap
	Signature *Signature

	allowUnsigned bool
}

// VerifyOptions says what to verify against.
type VerifyOptions struct {
	Roots         *x509.CertPool      // whom to trust; nil leaves the chain unchecked
	Intermediates []*x509.Certificate // beside those in the signature
	Now           time.Time           // for certificates without a trusted time stamp
	AllowUnsigned bool                // OK does not ask for a signature
	Workers       int                 // goroutines that hash; 0 takes one per processor

	// Only chooses the files whose blocks are read, by path in the package; nil: all. That every file is there is checked
	// in any case. Expanded packages only.
	Only func(path string) bool
	Sink Sink // takes the content of a package in its container as it is verified; may be nil
}

// Result gives the result of the check with that name; Absent when it was not made.
func (r *Report) Result(name string) Result {
	for _, c := range r.Checks {
		if c.Name == name {
			return c.Result
		}
	}
	return Absent
}

// OK tells that the package is whole: nothing failed, and it is signed (unless
// the options allow otherwise). It does not ask who signed: see Trusted.
func (r *Report) OK() bool {
	if len(r.Bad) > 0 || r.Result(CheckBlockMap) != Pass || r.FullName == "" {
		return false
	}
	for _, c := range r.Checks {
		if c.Result == Fail && c.Name != CheckChain {
			return false
		}
	}
	return r.allowUnsigned || r.Result(CheckSignature) == Pass
}

// Trusted tells that the package is whole and signed by someone in Roots.
func (r *Report) Trusted() bool {
	return r.OK() && r.Result(CheckSignature) == Pass && r.Result(CheckPublisher) == Pass && r.Result(CheckChain) == Pass
}

func (r *Report) add(name string, result Result, detail string) {
	r.Checks = append(r.Checks, Check{Name: name, Result: result, Detail: detail})
}

// addError records Pass for a nil error, else Fail with its text.
func (r *Report) addError(name string, err error) {
	if err != nil {
		r.add(name, Fail, err.Error())
		return
	}
	r.add(name, Pass, "")
}

// setIdentity fills FullName from the manifest that was read.
func (r *Report) setIdentity() {
	switch {
	case r.Manifest != nil:
		r.FullName = r.Manifest.FullName()
	case r.Bundle != nil:
		r.FullName = r.Bundle.FullName()
	}
}

func (r *Report) publisher() string {
	if r.Bundle != nil {
		return r.Bundle.Publisher
	}
	if r.Manifest != nil {
		return r.Manifest.Publisher
	}
	return ""
}

// addSignature makes the checks that need only the signature and the manifest.
// readErr is why there is no signature.
func (r *Report) addSignature(readErr error, opt VerifyOptions) {
	s := r.Signature
	if s == nil {
		result, detail := signatureMissing(readErr)
		r.add(CheckSignature, result, detail)
		r.add(CheckPublisher, Absent, "")
		r.add(CheckChain, Absent, "")
		return
	}
	r.addError(CheckSignature, s.Verify())
	if r.Manifest == nil && r.Bundle == nil {
		r.add(CheckPublisher, Fail, "the manifest, which names the publisher, cannot be read")
	} else {
		r.addError(CheckPublisher, s.VerifyPublisher(r.publisher()))
	}
	if opt.Roots == nil {
		r.add(CheckChain, NotApplicable, "no trusted certificates were given")
		return
	}
	r.addError(CheckChain, s.VerifyChain(opt.Roots, opt.Now, opt.Intermediates...))
}

// badFiles collects bad files from several goroutines.
type badFiles struct {
	mu    sync.Mutex
	list  []BadFile
	total int
}

func (b *badFiles) add(file, reason string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total++
	if len(b.list) < maxBadFiles {
		b.list = append(b.list, BadFile{File: file, Reason: fmt.Sprintf(reason, args...)})
	}
}

// finish moves the list into the report and makes the blockMap check of it.
// mapErr is why the block map could not be read.
func (b *badFiles) finish(r *Report, mapErr error) {
	slices.SortStableFunc(b.list, func(x, y BadFile) int { return strings.Compare(x.File, y.File) })
	b.list = slices.Compact(b.list) // the same was found on two ways
	r.Bad = b.list
	switch {
	case mapErr != nil:
		r.add(CheckBlockMap, Fail, mapErr.Error())
	case b.total > 0:
		r.add(CheckBlockMap, Fail, fmt.Sprintf("%d findings, the first: %s: %s", b.total, b.list[0].File, b.list[0].Reason))
	default:
		r.add(CheckBlockMap, Pass, "")
	}
}
