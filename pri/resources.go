package pri

import "strings"

// Kind says what a candidate holds. The numbers are those of the format.
type Kind int

// The kinds of candidates.
const (
	String Kind = iota
	Path
	EmbeddedData
	ASCIIString
	UTF8String
	ASCIIPath
	UTF8Path
)

// IsPath tells that a candidate names a file of the package.
func (k Kind) IsPath() bool { return k == Path || k == ASCIIPath || k == UTF8Path }

// IsText tells that a candidate is a text.
func (k Kind) IsText() bool { return k == String || k == ASCIIString || k == UTF8String }

// Candidate is one value of a resource.
type Candidate struct {
	Qualifiers []Qualifier
	Kind       Kind
	Text       string // a text, or the path of a file with backslashes
	Size       int    // bytes of embedded data
	Elsewhere  bool   // the value is in another index: of a resource package that was merged here

	section, item int // where embedded data is
	internal      []byte
}

// Value gives the candidate's value for a qualifier, "" when it has none.
func (c Candidate) Value(name string) string {
	for _, q := range c.Qualifiers {
		if q.Name == name {
			return q.Value
		}
	}
	return ""
}

// Names gives the full names of all resources, with slashes.
func (f *File) Names() []string { return f.names.list }

// Resource gives the candidates of a name; false when the index does not have
// it. Case does not matter. A resource may have no candidates.
func (f *File) Resource(name string) ([]Candidate, bool, error) {
	item, ok := f.names.index[fold(strings.Trim(name, `/\`))]
	if !ok {
		return nil, false, nil
	}
	decision, first, found, err := f.m.find(item)
	if err != nil || !found {
		return nil, err == nil, err
	}
	sets, err := f.dec.conditions(decision)
	if err != nil {
		return nil, false, err
	}
	out := make([]Candidate, 0, len(sets))
	for i, set := range sets {
		c, err := f.candidate(first + i)
		if err != nil {
			return nil, false, err
		}
		c.Qualifiers = set
		out = append(out, c)
	}
	return out, true, nil
}

// Where a value is (MRMFILE_MAP_VALUE.valueLocatorType).
const (
	locatedHere   = 0 // in the map's own data
	locatedInItem = 1 // in a section of data items
)

// candidate reads value i of the map.
func (f *File) candidate(i int) (Candidate, error) {
	v, ok := f.m.values.row(i)
	if !ok {
		return Candidate{}, corrupt("resource map", f.m.at, "there is no value %d, only %d", i, f.m.values.len())
	}
	kind, ok := f.m.types.row(int(v[1]))
	if !ok {
		return Candidate{}, corrupt("resource map", f.m.at, "value %d is of type %d, which is not there", i, v[1])
	}
	c := Candidate{Kind: Kind(kind.u32(4))}
	if c.Kind < String || c.Kind > UTF8Path {
		return c, unsupported("resource map", f.m.at, "value %d is of unknown type %d", i, c.Kind)
	}
	detail := v.u16(2)
	switch int(v[0]) {
	case locatedHere: // detail is the length
		from := v.u32(4)
		if from > len(f.m.internal) || detail > len(f.m.internal)-from {
			return c, corrupt("resource map", f.m.at, "value %d lies outside of the map's data", i)
		}
		c.internal = f.m.internal[from : from+detail]
		c.set(c.internal)
		return c, nil
	case locatedInItem: // detail is the file: 0 is this one
		c.item, c.section = v.u16(4), v.u16(6)
		if f.m.large {
			c.item |= v.u16(8) << 16
		}
		if detail != 0 {
			c.Elsewhere = true
			return c, nil
		}
		return c, f.load(&c)
	}
	return c, unsupported("resource map", f.m.at, "value %d is kept in an unknown way, %d", i, v[0])
}

// set fills the candidate from its bytes.
func (c *Candidate) set(b []byte) {
	switch c.Kind {
	case String, Path:
		c.Text = wideText(b)
	case EmbeddedData:
		c.Size = len(b)
	default:
		c.Text = narrowText(b)
	}
}
