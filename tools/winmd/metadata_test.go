package winmd

import (
	"bytes"
	"crypto/sha1" // what ids of generic interfaces are made with
	"debug/pe"
	"encoding/binary"
	"fmt"
	"os"
	"strings"

	"github.com/tdakkota/win32metadata/md"
	"github.com/tdakkota/win32metadata/types"
)

// metadata is what .winmd files say, by the full names of types. ECMA-335, partition II.22 and II.23.
type metadata struct {
	files []*file
	types map[string]place
}

type place struct {
	file *file
	row  uint32
}

// file is one .winmd file.
type file struct {
	*types.Context
	ids       map[uint32]string // GuidAttribute, by row of TypeDef
	overloads map[uint32]string // OverloadAttribute, by row of MethodDef
	defaults  map[uint32]bool   // DefaultAttribute, by row of InterfaceImpl
	standard  map[string]string // class -> its default interface
}

func load(paths ...string) (*metadata, error) {
	m := &metadata{types: map[string]place{}}
	for _, path := range paths {
		f, err := open(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		m.files = append(m.files, f)
		table := f.Table(md.TypeDef)
		for i := range table.RowCount() {
			var t types.TypeDef
			if err := t.FromRow(table.Row(i)); err != nil {
				return nil, err
			}
			m.types[t.TypeNamespace+"."+t.TypeName] = place{f, i}
		}
	}
	return m, nil
}

func open(path string) (*file, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	image, err := pe.NewFile(bytes.NewReader(content)) // read as it is asked for, until the end of the test
	if err != nil {
		return nil, err
	}
	ctx, err := types.FromPE(image)
	if err != nil {
		return nil, err
	}
	f := &file{Context: ctx, ids: map[uint32]string{}, overloads: map[uint32]string{}, defaults: map[uint32]bool{}, standard: map[string]string{}}
	attributes := f.Table(md.CustomAttribute)
	for i := range attributes.RowCount() {
		var a types.CustomAttribute
		if err := a.FromRow(attributes.Row(i)); err == nil {
			f.note(a)
		}
	}
	return f, f.readDefaults()
}

// note keeps the attributes that matter. Values begin with the prolog 0x0001 (II.23.3).
func (f *file) note(a types.CustomAttribute) {
	var member types.MemberRef
	var class types.TypeRef
	if t, _ := a.Type.Table(); t != md.MemberRef {
		return
	}
	row, ok := a.Type.Row(f.Context)
	if !ok || member.FromRow(row) != nil {
		return
	}
	if t, _ := member.Class.Table(); t != md.TypeRef {
		return
	}
	if row, ok = member.Class.Row(f.Context); !ok || class.FromRow(row) != nil {
		return
	}
	parent, _ := a.Parent.Table()
	at, v := a.Parent.TableIndex(), []byte(a.Value)
	switch {
	case class.TypeName == "GuidAttribute" && parent == md.TypeDef && len(v) >= 18:
		f.ids[at] = fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(v[2:]), binary.LittleEndian.Uint16(v[6:]),
			binary.LittleEndian.Uint16(v[8:]), v[10:12], v[12:18])
	case class.TypeName == "OverloadAttribute" && parent == md.MethodDef && len(v) > 3:
		f.overloads[at] = string(v[3 : 3+int(v[2])])
	case class.TypeName == "DefaultAttribute" && parent == md.InterfaceImpl:
		f.defaults[at] = true
	}
}

func (f *file) readDefaults() error {
	implemented, defined := f.Table(md.InterfaceImpl), f.Table(md.TypeDef)
	for i := range implemented.RowCount() {
		var impl types.InterfaceImpl
		var class types.TypeDef
		if err := impl.FromRow(implemented.Row(i)); err != nil {
			return err
		}
		if !f.defaults[i] {
			continue
		}
		if err := class.FromRow(defined.Row(uint32(impl.Class) - 1)); err != nil {
			return err
		}
		f.standard[class.TypeNamespace+"."+class.TypeName] = f.name(impl.Interface)
	}
	return nil
}

func (f *file) name(t types.TypeDefOrRef) string {
	space, name, err := f.ResolveTypeDefOrRefName(t)
	if err != nil {
		return "?"
	}
	return space + "." + name
}

// methods are the methods of an interface with their slots, which begin behind those of IInspectable.
func (m *metadata) methods(name string) (map[string]int, error) {
	p, ok := m.types[name]
	if !ok {
		return nil, fmt.Errorf("there is no %s", name)
	}
	var t types.TypeDef
	if err := t.FromRow(p.file.Table(md.TypeDef).Row(p.row)); err != nil {
		return nil, err
	}
	slots := map[string]int{}
	for i := t.MethodList.Start(); i < t.MethodList.End(); i++ {
		var method types.MethodDef
		if err := method.FromRow(p.file.Table(md.MethodDef).Row(i)); err != nil {
			return nil, err
		}
		called := method.Name
		if o := p.file.overloads[i]; o != "" {
			called = o
		}
		slots[called] = 6 + int(i-t.MethodList.Start())
	}
	return slots, nil
}

// values are the members of an enumeration.
func (m *metadata) values(name string) (map[string]uint32, error) {
	p, ok := m.types[name]
	if !ok {
		return nil, fmt.Errorf("there is no %s", name)
	}
	var t types.TypeDef
	if err := t.FromRow(p.file.Table(md.TypeDef).Row(p.row)); err != nil {
		return nil, err
	}
	members := map[string]uint32{}
	constants := p.file.Table(md.Constant)
	for i := range constants.RowCount() {
		var c types.Constant
		var field types.Field
		if err := c.FromRow(constants.Row(i)); err != nil {
			return nil, err
		}
		at := c.Parent.TableIndex()
		if table, _ := c.Parent.Table(); table != md.Field || at < t.FieldList.Start() || at >= t.FieldList.End() || len(c.Value) < 4 {
			continue
		}
		if err := field.FromRow(p.file.Table(md.Field).Row(at)); err != nil {
			return nil, err
		}
		members[field.Name] = binary.LittleEndian.Uint32(c.Value)
	}
	return members, nil
}

// id is that of an interface; of a generic one with its arguments, computed from the signature of the type.
func (m *metadata) id(name string, arguments ...string) (string, error) {
	p, ok := m.types[name]
	if !ok {
		return "", fmt.Errorf("there is no %s", name)
	}
	if len(arguments) == 0 {
		return p.file.ids[p.row], nil
	}
	parts := []string{"{" + p.file.ids[p.row] + "}"}
	for _, a := range arguments {
		s, err := m.signature(a)
		if err != nil {
			return "", err
		}
		parts = append(parts, s)
	}
	// "Guid generation for parameterized types" of Microsoft's WinRT type system: a UUID of version 5 in a namespace of its own.
	h := sha1.New()
	h.Write([]byte{0x11, 0xf4, 0x7a, 0xd5, 0x7b, 0x73, 0x42, 0xc0, 0xab, 0xae, 0x87, 0x8b, 0x1e, 0x16, 0xad, 0xee})
	h.Write([]byte("pinterface(" + strings.Join(parts, ";") + ")"))
	b := h.Sum(nil)
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16]), nil
}

// signature is how a type is written in the signature of a generic one.
func (m *metadata) signature(name string) (string, error) {
	p, ok := m.types[name]
	if !ok {
		return "", fmt.Errorf("there is no %s", name)
	}
	if standard := p.file.standard[name]; standard != "" {
		at := m.types[standard]
		return fmt.Sprintf("rc(%s;{%s})", name, at.file.ids[at.row]), nil
	}
	if name == "Windows.Management.Deployment.DeploymentProgress" { // the one structure among those that are used: an enumeration and a UINT32
		return "struct(" + name + ";enum(Windows.Management.Deployment.DeploymentProgressState;i4);u4)", nil
	}
	return "", fmt.Errorf("%s is neither a class nor known", name)
}
