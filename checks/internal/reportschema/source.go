package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// source is what the schema takes from the text of a package: comments by
// "Type" and "Type.Field", and constants of string types in declared order.
type source struct {
	comments  map[string]string
	constants map[string][]string
}

func readSource(folder string) (source, error) {
	found := source{comments: map[string]string{}, constants: map[string][]string{}}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return source{}, fmt.Errorf("read the source of the types: %w", err)
	}
	set := token.NewFileSet()
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, filepath.Join(folder, entry.Name()), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return source{}, fmt.Errorf("read the source of the types: %w", err)
		}
		for _, declaration := range file.Decls {
			if general, ok := declaration.(*ast.GenDecl); ok {
				found.read(general)
			}
		}
	}
	return found, nil
}

func (s *source) read(declaration *ast.GenDecl) {
	for _, spec := range declaration.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			comment := spec.Doc
			if comment == nil {
				comment = declaration.Doc
			}
			s.comments[spec.Name.Name] = oneLine(comment)
			if object, ok := spec.Type.(*ast.StructType); ok {
				s.readFields(spec.Name.Name, object)
			}
		case *ast.ValueSpec:
			s.readConstant(declaration.Tok, spec)
		}
	}
}

func (s *source) readFields(name string, object *ast.StructType) {
	for _, field := range object.Fields.List {
		comment := field.Doc
		if comment == nil {
			comment = field.Comment
		}
		for _, ident := range field.Names {
			s.comments[name+"."+ident.Name] = oneLine(comment)
		}
	}
}

func (s *source) readConstant(kind token.Token, spec *ast.ValueSpec) {
	typeName, ok := spec.Type.(*ast.Ident)
	if kind != token.CONST || !ok {
		return
	}
	for _, value := range spec.Values {
		literal, ok := value.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			continue
		}
		if text, err := strconv.Unquote(literal.Value); err == nil {
			s.constants[typeName.Name] = append(s.constants[typeName.Name], text)
		}
	}
}

func oneLine(comment *ast.CommentGroup) string {
	return strings.Join(strings.Fields(comment.Text()), " ")
}
