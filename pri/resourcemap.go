package pri

// resourceMap is the section that leads from items to candidates
// (MRMFILE_RESOURCE_MAP_HEADER).
type resourceMap struct {
	at                      int64
	schema, decisions       int  // sections
	foreign                 bool // made for a schema in another file
	large                   bool // values have 10 bytes
	types                   table
	dirs, ranges, items     table
	dirs32, ranges32, many  table // the same with 32 bits, appended to the former
	values                  table
	internal                []byte
	environments, schemaRef int // bytes
}

func (f *File) readMap(i int) (*resourceMap, error) {
	c, s, err := f.payload(i, typeMap, typeMap2, typeMap3)
	if err != nil {
		return nil, err
	}
	m := &resourceMap{at: s.at, environments: c.u16()}
	c.u16() // numEnvironmentRefs
	m.schema, m.schemaRef, m.decisions = c.u16(), c.u16(), c.u16()
	types, dirs, ranges, items, flags := c.u16(), c.u16(), c.u16(), c.u16(), c.u16()
	values, internal, more := c.u32(), c.u32(), c.u32()
	c.take(m.environments)
	c.take(m.schemaRef)
	m.foreign = m.schemaRef > 0 && !f.isSchema(m.schema)
	m.large = flags&1 != 0        // MRMFILE_RESOURCE_MAP_BUILD_LARGE_VALUE
	m.types = c.array(types, 8)   // DEF_ATOM: pool, index
	m.dirs = c.array(dirs, 4)     // MRMFILE_MAP_DIR_ENTRY
	m.ranges = c.array(ranges, 4) // MRMFILE_MAP_RANGE
	m.items = c.array(items, 4)   // MRMFILE_MAP_ITEM
	if err := m.readMore(c, more); err != nil {
		return nil, err
	}
	if m.large {
		m.values = c.array(values, 10) // MRMFILE_MAP_VALUE_LARGE
	} else {
		m.values = c.array(values, 8) // MRMFILE_MAP_VALUE
	}
	m.internal = c.take(internal)
	return m, c.err
}

func (f *File) isSchema(i int) bool {
	return i < len(f.sections) && (f.sections[i].kind == typeSchema || f.sections[i].kind == typeSchemaEx)
}

// readMore reads the tables with 32 bits (MRMFILE_RESOURCE_MAP_HEADER_LARGE).
func (m *resourceMap) readMore(c *cursor, size int) error {
	at := c.at + int64(c.pos)
	block := c.take(size)
	if c.err != nil || size == 0 {
		return c.err
	}
	l := &cursor{data: block, at: at, name: c.name}
	dirs, ranges, items := l.u32(), l.u32(), l.u32()
	m.dirs32, m.ranges32, m.many = l.array(dirs, 8), l.array(ranges, 8), l.array(items, 8)
	return l.err
}

// pair gives the two numbers of element i of a table that continues in 32 bits.
func pair(small, large table, i int) (a, b int, ok bool) {
	if r, ok := small.row(i); ok {
		return r.u16(0), r.u16(2), true
	}
	r, ok := large.row(i - small.len())
	if !ok {
		return 0, 0, false
	}
	return r.u32(0), r.u32(4), true
}

// find gives the decision and the first value of an item; false when it has none.
func (m *resourceMap) find(item int) (decision, first int, found bool, err error) {
	ranges := m.ranges.len() + m.ranges32.len()
	for i := range m.dirs.len() + m.dirs32.len() {
		start, at, _ := pair(m.dirs, m.dirs32, i)
		if start > item {
			continue
		}
		place := at - ranges // a number past the ranges is a single item
		if at < ranges {
			count, from, _ := pair(m.ranges, m.ranges32, at)
			if item >= start+count {
				continue
			}
			place = from + item - start
		} else if start != item {
			continue
		}
		decision, first, ok := pair(m.items, m.many, place)
		if !ok {
			return 0, 0, false, corrupt("resource map", m.at, "resource %d leads to item %d, which is not there", item, place)
		}
		return decision & 0xffff, first, true, nil // of 32 bits the upper half is padding
	}
	return 0, 0, false, nil
}
