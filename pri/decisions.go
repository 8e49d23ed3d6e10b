package pri

// Names of qualifiers, in the order of the resource system's own list
// (CoreEnvironment.cpp): the number in the file is the place here.
var qualifierNames = []string{"Language", "Contrast", "Scale", "HomeRegion", "TargetSize", "LayoutDirection",
	"Theme", "AlternateForm", "DXFeatureLevel", "Configuration", "DeviceFamily", "Custom"}

// Qualifier is one condition under which a candidate is meant.
type Qualifier struct {
	Name     string // "Language", "Scale", "TargetSize", "AlternateForm", ...
	Value    string // "EN-US", "200", "UNPLATED", ...
	Priority int    // 0-1000: conditions of higher priority count first
	Fallback int    // 0-1000: how good the candidate is where its condition does not hold; 0: not at all
}

// Bounds on one resource: its candidates, and the conditions of one of them.
const (
	maxCandidates = 4096
	maxConditions = 64
)

// decisions is the section that says which sets of conditions there are
// (MRMFILE_DECISION_INFO_HEADER).
type decisions struct {
	decisions, sets, qualifiers, bases, refs table
	literals                                 []byte
	at                                       int64
}

func (f *File) readDecisions(i int) (*decisions, error) {
	c, s, err := f.payload(i, typeDecisions)
	if err != nil {
		return nil, err
	}
	bases, qualifiers, sets, all, refs, literals := c.u16(), c.u16(), c.u16(), c.u16(), c.u16(), c.u16()
	d := &decisions{at: s.at}
	d.decisions = c.array(all, 4)         // MRMFILE_DECISION
	d.sets = c.array(sets, 4)             // MRMFILE_QUALIFIER_SET
	d.qualifiers = c.array(qualifiers, 8) // MRMFILE_QUALIFIER
	d.bases = c.array(bases, 12)          // MRMFILE_BASE_QUALIFIER
	d.refs = c.array(refs, 2)
	d.literals = c.array(literals, 2).data
	return d, c.err
}

// span gives the references of a decision or set: first and number.
func (d *decisions) span(t table, i, most int, what string) ([]int, error) {
	r, ok := t.row(i)
	if !ok {
		return nil, corrupt(what, d.at, "there is no %s %d, only %d", what, i, t.len())
	}
	first, count := r.u16(0), r.u16(2)
	if count > most {
		return nil, unsupported(what, d.at, "%s %d has more than %d parts", what, i, most)
	}
	out := make([]int, count)
	for j := range out {
		ref, ok := d.refs.row(first + j)
		if !ok {
			return nil, corrupt(what, d.at, "%s %d refers to part %d of %d", what, i, first+j, d.refs.len())
		}
		out[j] = ref.u16(0)
	}
	return out, nil
}

// conditions gives the sets of conditions of a decision, one for each candidate.
func (d *decisions) conditions(decision int) ([][]Qualifier, error) {
	sets, err := d.span(d.decisions, decision, maxCandidates, "decision")
	if err != nil {
		return nil, err
	}
	out := make([][]Qualifier, len(sets))
	for i, set := range sets {
		refs, err := d.span(d.sets, set, maxConditions, "qualifier set")
		if err != nil {
			return nil, err
		}
		for _, ref := range refs {
			q, err := d.qualifier(ref)
			if err != nil {
				return nil, err
			}
			out[i] = append(out[i], q)
		}
	}
	return out, nil
}

func (d *decisions) qualifier(i int) (Qualifier, error) {
	r, ok := d.qualifiers.row(i)
	if !ok {
		return Qualifier{}, corrupt("qualifier", d.at, "there is no qualifier %d, only %d", i, d.qualifiers.len())
	}
	base, ok := d.bases.row(r.u16(0))
	if !ok {
		return Qualifier{}, corrupt("qualifier", d.at, "qualifier %d refers to condition %d of %d", i, r.u16(0), d.bases.len())
	}
	q := Qualifier{Priority: r.u16(2), Fallback: r.u16(4)}
	if number := base.u16(2); number < len(qualifierNames) { // attribute.index; attribute.poolIndex stands before it
		q.Name = qualifierNames[number]
	}
	offset := int64(base.u32(8)) * 2 // valueOffset, in characters
	if offset < int64(len(d.literals)) {
		q.Value = wideText(d.literals[offset:])
	}
	return q, nil
}
