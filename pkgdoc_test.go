package berth_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// TestPackagesAreDocumented wants a package comment in every package and a
// comment on everything that a package exports: types, functions, methods,
// constants, variables and the methods of interfaces, where contracts live.
func TestPackagesAreDocumented(t *testing.T) {
	packages := map[string][]*ast.File{}
	fset := token.NewFileSet()
	for _, file := range sources(t) {
		parsed, err := parser.ParseFile(fset, filepath.FromSlash(file), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		packages[path.Dir(file)] = append(packages[path.Dir(file)], parsed)
	}
	for dir, files := range packages {
		if err := packageComment(dir, files); err != nil {
			t.Error(err)
		}
		for _, file := range files {
			for _, name := range undocumented(file) {
				t.Errorf("%s: %s has no doc comment", fset.Position(name.Pos()), name.Name)
			}
		}
	}
}

func TestMissingDocumentationIsNoticed(t *testing.T) {
	tests := map[string]struct{ source, want string }{
		"all in order":        {"// Package p does.\npackage p\n// F does.\nfunc F() {}\nfunc g() {}", ""},
		"no package comment":  {"package p", "package comment"},
		"comment of another":  {"// Package q does.\npackage p", "package comment"},
		"command":             {"// Command x does.\npackage main", ""},
		"function":            {"// Package p does.\npackage p\nfunc F() {}", "F"},
		"type":                {"// Package p does.\npackage p\ntype T int", "T"},
		"method":              {"// Package p does.\npackage p\n// T is.\ntype T int\nfunc (t *T) M() {}", "M"},
		"method of a private": {"// Package p does.\npackage p\ntype t int\nfunc (t) M() {}", ""},
		"generic receiver":    {"// Package p does.\npackage p\n// T is.\ntype T[E any] int\nfunc (t *T[E]) M() {}", "M"},
		"interface method":    {"// Package p does.\npackage p\n// I is.\ntype I interface { M() }", "M"},
		"constant":            {"// Package p does.\npackage p\nconst C = 1", "C"},
		"group of constants":  {"// Package p does.\npackage p\n// The colours.\nconst (\nC = 1\nD = 2\n)", ""},
		"comment at the end":  {"// Package p does.\npackage p\nvar (\nV = 1 // V is.\n)", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file, err := parser.ParseFile(token.NewFileSet(), "p.go", tt.source, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			if err := packageComment("p", []*ast.File{file}); err != nil {
				got = append(got, err.Error())
			}
			for _, name := range undocumented(file) {
				got = append(got, name.Name)
			}
			if all := strings.Join(got, " "); !strings.Contains(all, tt.want) || (tt.want == "" && all != "") {
				t.Errorf("found %q, want %q", all, tt.want)
			}
		})
	}
}

// packageComment looks for the comment that opens a package, in any one of its
// files.
func packageComment(dir string, files []*ast.File) error {
	for _, file := range files {
		text := file.Doc.Text()
		if strings.HasPrefix(text, "Package "+file.Name.Name+" ") ||
			(file.Name.Name == "main" && strings.HasPrefix(text, "Command ")) {
			return nil
		}
	}
	return fmt.Errorf("%s: no file has a package comment that begins %q (or \"Command …\" for a program)", dir, "Package "+files[0].Name.Name)
}

// undocumented returns the exported names of a file that lack a comment.
// Generated files document themselves through their generator.
func undocumented(file *ast.File) []*ast.Ident {
	if ast.IsGenerated(file) {
		return nil
	}
	var bare []*ast.Ident
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || exportedReceiver(d.Recv)) {
				bare = append(bare, d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				bare = append(bare, undocumentedSpec(spec, d.Doc != nil)...)
			}
		}
	}
	return bare
}

// undocumentedSpec checks one type, or one line of constants or variables. A
// comment above a group of the latter speaks for all of them.
func undocumentedSpec(spec ast.Spec, grouped bool) []*ast.Ident {
	var bare []*ast.Ident
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && s.Doc == nil && !grouped {
			bare = append(bare, s.Name)
		}
		if contract, ok := s.Type.(*ast.InterfaceType); ok && s.Name.IsExported() {
			bare = append(bare, undocumentedMethods(contract)...)
		}
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if name.IsExported() && s.Doc == nil && s.Comment == nil && !grouped {
				bare = append(bare, name)
			}
		}
	}
	return bare
}

func undocumentedMethods(contract *ast.InterfaceType) []*ast.Ident {
	var bare []*ast.Ident
	for _, method := range contract.Methods.List {
		for _, name := range method.Names {
			if name.IsExported() && method.Doc == nil && method.Comment == nil {
				bare = append(bare, name)
			}
		}
	}
	return bare
}

// exportedReceiver strips pointer and type parameters off a receiver; methods
// of private types are seen only through interfaces that document them.
func exportedReceiver(receiver *ast.FieldList) bool {
	for expr := receiver.List[0].Type; ; {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.Ident:
			return e.IsExported()
		default:
			return false
		}
	}
}
