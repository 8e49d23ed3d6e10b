package msix

import (
	"bytes"
	"errors"
	"hash"
	"io/fs"
)

// signatureMissing turns the reason why there is no signature into a result:
// a package without one is unsigned, one that cannot be read is bad.
func signatureMissing(err error) (Result, string) {
	if errors.Is(err, ErrUnsigned) || errors.Is(err, fs.ErrNotExist) {
		return Absent, ErrUnsigned.Error()
	}
	return Fail, err.Error()
}

// addDigest compares one digest of the signature with the one found. found is
// nil when the file it covers is not there.
func (r *Report) addDigest(tag string, found []byte) {
	var want []byte
	if r.Signature != nil {
		want = r.Signature.Digests[tag]
	}
	switch {
	case r.Signature == nil:
		r.add(tag, Absent, "")
	case want == nil && found == nil:
		r.add(tag, Absent, "")
	case want == nil:
		r.add(tag, Fail, "the file is there and the signature does not cover it")
	case found == nil:
		r.add(tag, Fail, "the signature covers a file that is missing")
	case !bytes.Equal(want, found):
		r.add(tag, Fail, "the content is not what was signed")
	default:
		r.add(tag, Pass, "")
	}
}

// newHash gives the signature's hash function; nil without a signature.
func (r *Report) newHash() hash.Hash {
	if r.Signature == nil {
		return nil
	}
	return r.Signature.Hash.New()
}

// digest hashes bytes with the signature's hash function; nil without a signature.
func (r *Report) digest(data []byte) []byte {
	if r.Signature == nil {
		return nil
	}
	h := r.Signature.Hash.New()
	h.Write(data)
	return h.Sum(nil)
}
