package pri

import (
	"fmt"
	"strings"
)

// Bounds on the names of an index. Real ones have some ten thousand, a dozen
// levels deep.
const (
	maxNameDepth = 64
	maxNamesSize = 16 << 20 // characters of all names together
	maxNameCount = 1 << 20
)

// Flags of DEFFILE_HNAMES_NODE.flagsAndNameOffsetHigh, and of the header.
const (
	nodeIsScope  = 0x10
	nodeIsASCII  = 0x20
	namesAreMany = 0x0001 // DEFFILE_HNAMES_FLAGS_LARGE
)

// names are the names of a schema's items, by their numbers.
type names struct {
	simple string   // of the resource map
	list   []string // full names with slashes
	index  map[string]int
}

// schema is MRMFILE_HSCHEMA_HEADER(_EX) with the names that follow.
type schema struct {
	large        bool
	nodes, items table
	wide, narrow []byte // the two pools of names
	at           int64
}

// readNames reads the schema that a map is made with.
func (f *File) readNames(m *resourceMap) (*names, error) {
	if m.foreign {
		return nil, &Error{"resource map", m.at, ErrNoNames}
	}
	c, s, err := f.payload(m.schema, typeSchema, typeSchemaEx)
	if err != nil {
		return nil, err
	}
	if len(c.data) == 0 {
		return nil, &Error{s.label(), s.at, ErrNoNames}
	}
	n := &names{index: map[string]int{}}
	sc, err := n.readSchema(c, s.kind == typeSchemaEx)
	if err != nil {
		return nil, err
	}
	return n, n.collect(sc)
}

// readSchema reads the section up to its tables.
func (n *names) readSchema(c *cursor, extended bool) (*schema, error) {
	versions, unique, simple := c.u16(), c.u16(), c.u16() // counts of versions, and of characters with their zeroes
	c.u16()
	pools := "[def_hnames]   \x00"
	if extended {
		pools = string(c.take(16)) // hnamesTypeId
	}
	c.array(versions, 20) // MRMFILE_HSCHEMA_VERSION_INFO
	c.array(unique, 2)
	n.simple = wideText(c.array(simple, 2).data)
	c.align(4)
	if c.err != nil {
		return nil, c.err
	}
	if pools != "[def_hnames]   \x00" && pools != "[def_hnamesx]  \x00" {
		return nil, unsupported(c.name, c.at+8, "unknown layout of names %q", pools)
	}
	return readTables(c, pools == "[def_hnamesx]  \x00")
}

// readTables reads DEFFILE_HNAMES_HEADER(_EX) and the tables behind it.
func readTables(c *cursor, extended bool) (*schema, error) {
	c.u16() // cchLongestPath
	s := &schema{large: c.u16()&namesAreMany != 0, at: c.at + int64(c.pos)}
	nodes, scopes, items := c.u32(), c.u32(), c.u32()
	wide := c.u32()
	c.u32() // cbTotal
	narrow := 0
	if extended {
		narrow = c.u32() // cchAsciiNamesPool
	}
	sizes := [3]int{12, 8, 2} // DEFFILE_HNAMES_NODE, DEFFILE_HNAMES_SCOPE, UINT16
	if s.large {
		sizes = [3]int{20, 16, 4}
	}
	s.nodes = c.array(nodes, sizes[0])
	c.array(scopes, sizes[1])
	s.items = c.array(items, sizes[2])
	s.wide = c.array(wide, 2).data
	s.narrow = c.take(narrow)
	if c.err == nil && items > maxNameCount {
		return nil, unsupported(c.name, s.at, "more than %d names", maxNameCount)
	}
	return s, c.err
}

// node is DEFFILE_HNAMES_NODE(_LARGE).
type node struct {
	parent, offset int
	ascii          bool
}

func (s *schema) node(i int) (node, bool) {
	r, ok := s.nodes.row(i)
	if !ok {
		return node{}, false
	}
	if s.large {
		flags := int(r[9])
		return node{r.u32(0), flags&0x0f<<24 | int(r[10])<<16 | r.u16(12), flags&nodeIsASCII != 0}, true
	}
	flags := int(r[7]) // the two highest bits enlarge the pool to 4 MiB
	return node{r.u16(0), (flags&0x0f|flags>>2&0x30)<<16 | r.u16(8), flags&nodeIsASCII != 0}, true
}

func (s *schema) text(n node) string {
	if n.ascii {
		return narrowText(s.narrow[min(n.offset, len(s.narrow)):])
	}
	return wideText(s.wide[min(2*n.offset, len(s.wide)):])
}

// collect makes the full name of every item.
func (n *names) collect(s *schema) error {
	n.list = make([]string, s.items.len())
	total := 0
	for i := range n.list {
		r, _ := s.items.row(i)
		at := r.u16(0)
		if s.large {
			at = r.u32(0)
		}
		name, err := s.fullName(at)
		if err != nil {
			return err
		}
		if total += len(name); total > maxNamesSize {
			return unsupported("names", s.at, "longer than %d characters together", maxNamesSize)
		}
		n.list[i] = name
		n.index[fold(name)] = i
	}
	return nil
}

// fullName walks from a node up to the root, which is node 0 and has no name.
func (s *schema) fullName(at int) (string, error) {
	var parts [maxNameDepth]string
	for i := maxNameDepth - 1; i >= 0; i-- {
		n, ok := s.node(at)
		if !ok {
			return "", corrupt("names", s.at, "there is no name %d", at)
		}
		parts[i] = s.text(n)
		if at == 0 || n.parent == at || n.parent >= s.nodes.len() {
			from := i
			for from < maxNameDepth-1 && parts[from] == "" {
				from++
			}
			return strings.Join(parts[from:], "/"), nil
		}
		at = n.parent
	}
	return "", corrupt("names", s.at, "name %d is more than %d levels deep", at, maxNameDepth)
}

// fold makes names comparable as the resource system compares them: without case.
func fold(name string) string { return strings.ToUpper(strings.ReplaceAll(name, `\`, "/")) }

// String names the file for a log line.
func (f *File) String() string {
	return fmt.Sprintf("%s (%s), %d names", f.Name, magics[f.Magic], len(f.names.list))
}
