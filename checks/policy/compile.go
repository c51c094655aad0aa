package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// program is a compiled CEL expression; it serves many goroutines.
type program = cel.Program

// rule is what a requirement compiles to.
type rule struct {
	applies, pass        program // applies: nil is true
	provePass, proveFail []program
	remedies             []program
}

// Bounds of one expression. A rule over every suite of every protocol costs
// some thousands.
const (
	maxExpressionBytes = 16 << 10
	maxCost            = 500_000
)

// bases returns the environment of each scope, without settings.
var bases = sync.OnceValues(func() (map[Scope]*cel.Env, error) {
	made := map[Scope]*cel.Env{}
	for _, scope := range Scopes() {
		registry, err := types.NewRegistry()
		if err != nil {
			return nil, fmt.Errorf("prepare CEL's types: %w", err)
		}
		options := []cel.EnvOption{
			cel.ClearMacros(), // no has: every field is there, known or not
			cel.Macros(cel.AllMacro, cel.ExistsMacro, cel.ExistsOneMacro, cel.MapMacro, cel.MapFilterMacro, cel.FilterMacro),
			cel.CustomTypeProvider(vocabularyTypes{Provider: registry, kinds: kinds()}), cel.CustomTypeAdapter(registry),
			cel.DefaultUTCTimeZone(true),
			cel.ParserExpressionSizeLimit(maxExpressionBytes),
		}
		for _, one := range variables(scope) {
			options = append(options, cel.VariableWithDoc(one.name, one.of, one.doc))
		}
		env, err := cel.NewCustomEnv(append([]cel.EnvOption{cel.StdLib()}, options...)...)
		if err != nil {
			return nil, fmt.Errorf("prepare CEL for each %s: %w", scope, err)
		}
		made[scope] = env
	}
	return made, nil
})

// compiler compiles the expressions of one profile.
type compiler struct{ envs map[Scope]*cel.Env }

func newCompiler(settings map[string]any) (*compiler, error) {
	envs, err := bases()
	if err != nil {
		return nil, err
	}
	if len(settings) == 0 {
		return &compiler{envs: envs}, nil
	}
	made := &compiler{envs: map[Scope]*cel.Env{}}
	var options []cel.EnvOption
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if of := settingType(settings[name]); of != nil {
			options = append(options, cel.Variable("settings."+name, of))
		}
	}
	for scope, env := range envs {
		if made.envs[scope], err = env.Extend(options...); err != nil {
			return nil, fmt.Errorf("declare the settings: %w", err)
		}
	}
	return made, nil
}

// settingType is the CEL type of a setting's value, nil for what is none.
func settingType(value any) *cel.Type {
	switch value := value.(type) {
	case bool:
		return cel.BoolType
	case int:
		return cel.IntType
	case float64:
		return cel.DoubleType
	case string:
		return cel.StringType
	case []any:
		for _, element := range value {
			if _, ok := element.(string); !ok {
				return nil
			}
		}
		return cel.ListType(cel.StringType)
	}
	return nil
}

func settingValue(value any) ref.Val { return types.DefaultTypeAdapter.NativeToValue(value) }

// condition compiles an expression that gives true or false.
func (c *compiler) condition(scope Scope, source string) (program, error) {
	return c.compile(scope, source, func(of *cel.Type) bool { return of.IsExactType(cel.BoolType) }, "true or false")
}

// statement compiles an expression that gives what stands in a proof.
func (c *compiler) statement(scope Scope, source string) (program, error) {
	return c.compile(scope, source, says, "a text, a value that says something, or a list of either")
}

func says(of *cel.Type) bool {
	if of.Kind() == types.ListKind {
		of = of.Parameters()[0]
	}
	return of.IsExactType(cel.StringType) || of.Kind() == types.StructKind && slices.Contains(speakers(), of.TypeName())
}

func (c *compiler) compile(scope Scope, source string, wanted func(*cel.Type) bool, want string) (program, error) {
	env := c.envs[scope]
	compiled, issues := env.Compile(source)
	if issues.Err() != nil {
		var all []error
		for _, issue := range issues.Errors() {
			all = append(all, fmt.Errorf("%s (at %d:%d)", issue.Message, issue.Location.Line(), issue.Location.Column()+1))
		}
		return nil, errors.Join(all...)
	}
	if !wanted(compiled.OutputType()) {
		return nil, fmt.Errorf("it gives %s, not %s", compiled.OutputType(), want)
	}
	if err := lint(compiled.NativeRep()); err != nil {
		return nil, err
	}
	made, err := env.Program(compiled, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxCost))
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	return made, nil
}

// lint finds what CEL's types do not: names that a map does not hold, texts
// that a field never is, and sizes of lists that may go on.
func lint(tree *ast.AST) error {
	var faults []error
	ast.PreOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.SelectKind:
			if of, ok := fieldOf(tree, e.AsSelect().Operand()); ok && of.of.Kind() == types.MapKind {
				faults = append(faults, amongKeys(of, e.AsSelect().FieldName()))
			}
		case ast.CallKind:
			faults = append(faults, lintCall(tree, e.AsCall()))
		}
	}))
	return errors.Join(faults...)
}

func lintCall(tree *ast.AST, call ast.CallExpr) error {
	arguments := call.Args()
	if call.IsMemberFunction() {
		arguments = append([]ast.Expr{call.Target()}, arguments...)
	}
	switch call.FunctionName() {
	case operators.Index:
		of, ok := fieldOf(tree, arguments[0])
		if name, isText := text(arguments[1]); ok && isText && of.of.Kind() == types.MapKind {
			return amongKeys(of, name)
		}
	case operators.Equals, operators.NotEquals:
		return errors.Join(amongValues(tree, arguments[0], arguments[1]), amongValues(tree, arguments[1], arguments[0]))
	case operators.In:
		if arguments[1].Kind() == ast.ListKind {
			var faults []error
			for _, element := range arguments[1].AsList().Elements() {
				faults = append(faults, amongValues(tree, arguments[0], element))
			}
			return errors.Join(faults...)
		}
	case "size":
		return openList(tree, arguments[0])
	}
	return nil
}

// fieldOf returns the vocabulary's field that an expression selects, also
// behind an index into it.
func fieldOf(tree *ast.AST, e ast.Expr) (field, bool) {
	if e.Kind() != ast.SelectKind {
		return field{}, false
	}
	selected := e.AsSelect()
	of := tree.GetType(selected.Operand().ID())
	if of == nil || of.Kind() != types.StructKind {
		return field{}, false
	}
	k, ok := kinds()[of.TypeName()]
	if !ok {
		return field{}, false
	}
	i, ok := k.field(selected.FieldName())
	if !ok {
		return field{}, false
	}
	return k.fields[i], true
}

func text(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	value, ok := e.AsLiteral().(types.String)
	return string(value), ok
}

func amongKeys(of field, name string) error {
	if len(of.names) > 0 && !slices.Contains(of.names, name) {
		return fmt.Errorf("%s holds no %q; it holds %s", of.name, name, strings.Join(of.names, ", "))
	}
	return nil
}

// amongValues compares a literal with what the other side can be.
func amongValues(tree *ast.AST, e, literal ast.Expr) error {
	value, ok := text(literal)
	if !ok {
		return nil
	}
	of, ok := fieldOf(tree, e)
	switch {
	case ok:
	case e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.Index:
		of, ok = fieldOf(tree, e.AsCall().Args()[0])
	case e.Kind() == ast.SelectKind:
		of, ok = fieldOf(tree, e.AsSelect().Operand())
	}
	if ok && len(of.values) > 0 && !slices.Contains(of.values, value) {
		return fmt.Errorf("%s is never %q; it is one of %s", of.name, value, strings.Join(of.values, ", "))
	}
	return nil
}

// openList refuses the size of a list that may go on behind what was seen.
func openList(tree *ast.AST, list ast.Expr) error {
	var faults []error
	ast.PreOrderVisit(list, ast.NewExprVisitor(func(e ast.Expr) {
		of, ok := fieldOf(tree, e)
		if ok && of.open || e.Kind() == ast.IdentKind && e.AsIdent() == "addresses" {
			faults = append(faults, errors.New("the size of a list that may not have been seen whole means nothing; use exists or all"))
		}
	}))
	if len(faults) > 0 {
		return faults[0]
	}
	return nil
}
