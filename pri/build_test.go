package pri

import (
	"encoding/binary"
	"unicode/utf16"
)

// layout says which of the variants of the format build writes.
type layout struct {
	magic          string
	plainSchema    bool // [mrm_hschema], names in UTF-16 only
	largeNames     bool // DEFFILE_HNAMES_FLAGS_LARGE
	environment    bool // [mrm_res_map__] with a reference to an environment
	internal       bool // values inside the map, as Windows 8 has them
	extendedTables bool // the map's tables in 32 bits
	largeValues    bool
	noDescriptor   bool
	emptySchema    bool
}

type writer struct{ b []byte }

func (w *writer) u16(list ...int) {
	for _, v := range list {
		w.b = binary.LittleEndian.AppendUint16(w.b, uint16(v))
	}
}

func (w *writer) u32(list ...int) {
	for _, v := range list {
		w.b = binary.LittleEndian.AppendUint32(w.b, uint32(v))
	}
}

func (w *writer) wide(s string) {
	for _, u := range utf16.Encode([]rune(s)) {
		w.u16(int(u))
	}
	w.u16(0)
}

func (w *writer) align(n int) {
	for len(w.b)%n != 0 {
		w.b = append(w.b, 0)
	}
}

// build writes an index with the resources Resources/Name (German and English)
// and Files/Logo.png (plain), and an item without candidates.
func build(l layout) []byte {
	kinds := []string{typeDecisions, typeDescriptorEx, typeSchemaEx, typeMap2, typeItems}
	if l.plainSchema {
		kinds[2] = typeSchema
	}
	if l.environment {
		kinds[3] = typeMap
	}
	if l.noDescriptor {
		kinds[1] = "[mrm_pri_desc ]\x00"
	}
	bodies := [][]byte{buildDecisions(), buildDescriptor(), buildSchema(l), buildMap(l), buildItems()}
	if l.emptySchema {
		bodies[2] = nil
	}
	var toc, data writer
	for i, body := range bodies {
		s := writer{b: append([]byte{}, kinds[i]...)}
		size := (lenSection + len(body) + 7) / 8 * 8
		size += lenEnd
		s.u32(0)
		s.u16(0, 0)
		s.u32(size, 0)
		s.b = append(s.b, body...)
		s.align(8)
		s.u32(sectionEnd, size)
		toc.b = append(toc.b, kinds[i]...)
		toc.u16(0, 0)
		toc.u32(0, len(data.b), size)
		data.b = append(data.b, s.b...)
	}
	total := lenHeader + len(toc.b) + len(data.b) + lenTrailer
	w := writer{b: []byte(l.magic)}
	w.u16(0, 1)
	w.u32(total, lenHeader, lenHeader+len(toc.b))
	w.u16(len(bodies), 0xffff)
	w.u32(0)
	w.b = append(append(w.b, toc.b...), data.b...)
	w.u32(fileEnd, total)
	return append(w.b, l.magic...)
}

func buildDescriptor() []byte {
	var w writer
	w.u16(0, 0xffff, 0, 1, 1, 1, 3, 0, 1, 0, 2, 0, 3, 4)
	return w.b
}

// buildDecisions: decision 0 is empty, 1 is neutral, 2 is German or English with English as the default.
func buildDecisions() []byte {
	var w, literals writer
	literals.wide("DE-DE")
	literals.wide("EN-US")
	w.u16(2, 2, 3, 3, 5, len(literals.b)/2)
	w.u16(0, 0, 0, 1, 1, 2)           // decisions: first reference, count
	w.u16(0, 0, 3, 1, 4, 1)           // sets
	w.u16(0, 700, 0, 0, 1, 700, 1000) // qualifiers: condition, priority, fallback, pad
	w.u16(0)                          // the last pad
	w.u16(1, 0, 3, 4)                 // condition: pool, Language, operator
	w.u32(0)                          // DE-DE
	w.u16(1, 0, 3, 4)                 //
	w.u32(6)                          // EN-US
	w.u16(0, 1, 2, 0, 1)              // references: sets 0; sets 1 2; qualifiers 0; 1
	return append(w.b, literals.b...)
}

// buildSchema: the root, two scopes, three items.
func buildSchema(l layout) []byte {
	var w, wide, narrow writer
	nodes := []struct {
		name    string
		parent  int
		scope   bool
		payload int
	}{{"", 0, true, 0}, {"Resources", 0, true, 1}, {"Files", 0, true, 2}, {"Name", 1, false, 0}, {"Logo.png", 2, false, 1}, {"Unused", 1, false, 2}}
	w.u16(1, len("ms-appx://Test/")+1, len("Test")+1, 0)
	if !l.plainSchema {
		w.b = append(w.b, "[def_hnamesx]  \x00"...)
	}
	w.u16(1, 0)
	w.u32(0, 0, 3, 3)
	w.wide("ms-appx://Test/")
	w.wide("Test")
	w.align(4)
	var table writer
	for i, n := range nodes {
		ascii := !l.plainSchema && i != 1 // one name in the wide pool
		offset, flags := len(wide.b)/2, 0
		if ascii {
			offset, flags = len(narrow.b), nodeIsASCII
			narrow.b = append(narrow.b, n.name+"\x00"...)
		} else {
			wide.wide(n.name)
		}
		if n.scope {
			flags |= nodeIsScope
		}
		if l.largeNames {
			table.u32(n.parent)
			table.u16(0, 0)
			table.b = append(table.b, byte(len(n.name)), byte(flags), 0, 0)
			table.u16(offset, 0)
			table.u32(n.payload)
			continue
		}
		table.u16(n.parent, 0, 0)
		table.b = append(table.b, byte(len(n.name)), byte(flags))
		table.u16(offset, n.payload)
	}
	large := 0
	if l.largeNames {
		large = namesAreMany
	}
	w.u16(0, large)
	w.u32(len(nodes), 3, 3, len(wide.b)/2, 0)
	if !l.plainSchema {
		w.u32(len(narrow.b))
	}
	w.b = append(w.b, table.b...)
	if l.largeNames {
		w.u32(0, 2, 1, 0, 1, 2, 3, 0, 2, 1, 4, 0, 3, 4, 5)
	} else {
		w.u16(0, 2, 1, 0, 1, 2, 3, 0, 2, 1, 4, 0, 3, 4, 5)
	}
	return append(append(w.b, wide.b...), narrow.b...)
}

// buildItems holds the three values.
func buildItems() []byte {
	var w writer
	w.u32(0)
	w.u16(3, 0)
	w.u32(len("Hallo\x00Hello\x00Logo.png\x00"))
	w.u16(0, 6, 6, 6, 12, 9)
	return append(w.b, "Hallo\x00Hello\x00Logo.png\x00"...)
}

func buildMap(l layout) []byte {
	var w, tables, values, data writer
	environments := 0
	if l.environment {
		environments = 1
	}
	internal := []string{"Hallo", "Hello", "Logo.png"}
	for i, s := range internal {
		kind := 0 // String
		if i == 2 {
			kind = 1 // Path
		}
		if l.internal {
			values.b = append(values.b, locatedHere, byte(kind))
			values.u16(2 * (len(s) + 1))
			values.u32(len(data.b))
			data.wide(s)
			continue
		}
		values.b = append(values.b, locatedInItem, byte(kind+2)) // the same in ASCII
		values.u16(0, i, 4)
		if l.largeValues {
			values.u16(0)
		}
	}
	counts := [3]int{2, 1, 2} // directory, ranges, items
	more := 0
	if l.extendedTables {
		tables.u32(2, 1, 2)
		tables.u32(0, 0, 1, 2) // item 0: range 0; item 1: item 1 behind the one range
		tables.u32(1, 0)
		tables.u32(2, 0, 1, 2)
		counts, more = [3]int{}, len(tables.b)
	} else {
		tables.u16(0, 0, 1, 2, 1, 0, 2, 0, 1, 2)
	}
	flags := 0
	if l.largeValues {
		flags = 1
	}
	w.u16(environments*0x22c, environments, 2, 0, 0, 4, counts[0], counts[1], counts[2], flags)
	w.u32(3, len(data.b), more)
	w.b = append(w.b, make([]byte, environments*0x22c)...)
	w.u32(4, 0, 4, 1, 4, 3, 4, 5) // String, Path, ASCIIString, ASCIIPath
	return append(append(append(w.b, tables.b...), values.b...), data.b...)
}
