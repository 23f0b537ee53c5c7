// Writes the table of all kinds that Kubernetes has had, from several releases of its own modules: since when each
// version of a kind is there, deprecated and gone, and what takes its place. `make lifecycle` runs it.
//
// It reads the sources of the modules: what `APILifecycleIntroduced`, `APILifecycleDeprecated`, `APILifecycleRemoved` and
// `APILifecycleReplacement` return, and the kinds that each package registers. The newest release that has a kind counts.
// A kind that a release no longer has was removed in that release, if not before.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// releases are the modules read, the oldest first. Before 0.19 there are no lifecycle methods.
var releases = []string{
	"k8s.io/kube-aggregator@v0.15.12", "k8s.io/apiextensions-apiserver@v0.15.12",
	"k8s.io/api@v0.15.12", "k8s.io/api@v0.16.15", "k8s.io/api@v0.17.17", "k8s.io/api@v0.18.19", "k8s.io/api@v0.19.16", "k8s.io/api@v0.20.15", "k8s.io/api@v0.21.14", "k8s.io/api@v0.22.17", "k8s.io/api@v0.23.17",
	"k8s.io/api@v0.24.17", "k8s.io/api@v0.25.16", "k8s.io/api@v0.26.15", "k8s.io/api@v0.27.16", "k8s.io/api@v0.28.15",
	"k8s.io/api@v0.29.15", "k8s.io/api@v0.30.14", "k8s.io/api@v0.31.14", "k8s.io/api@v0.32.13", "k8s.io/api@v0.33.12",
	"k8s.io/api@v0.34.8", "k8s.io/api@v0.35.5", "k8s.io/api@v0.36.3",
	"k8s.io/kube-aggregator@v0.36.3", "k8s.io/apiextensions-apiserver@v0.36.3",
}

// oldest and newest are the minors of the first and the last of them.
const oldest, newest = 15, 36

// kind is a version of a kind. Minors are 0 where nothing is said.
type kind struct {
	introduced, deprecated, removed, first, last int
	replacement                                  string
}

type key struct{ group, name, version string }

// unsaid are versions of which the modules do not say what became of them, by the changelogs of Kubernetes:
// API servers stopped to serve some whose types are still there, and the kinds of auditing are in another module.
var unsaid = map[key]kind{
	{"audit.k8s.io", "Event", "v1"}:        {introduced: 12},
	{"audit.k8s.io", "Event", "v1alpha1"}:  {introduced: 7, deprecated: 21, removed: 24, replacement: "audit.k8s.io/v1 Event"},
	{"audit.k8s.io", "Event", "v1beta1"}:   {introduced: 8, deprecated: 21, removed: 24, replacement: "audit.k8s.io/v1 Event"},
	{"audit.k8s.io", "Policy", "v1"}:       {introduced: 12},
	{"audit.k8s.io", "Policy", "v1alpha1"}: {introduced: 7, deprecated: 21, removed: 24, replacement: "audit.k8s.io/v1 Policy"},
	{"audit.k8s.io", "Policy", "v1beta1"}:  {introduced: 8, deprecated: 21, removed: 24, replacement: "audit.k8s.io/v1 Policy"},

	{"node.k8s.io", "RuntimeClass", "v1alpha1"}:                     {removed: 24},
	{"rbac.authorization.k8s.io", "ClusterRole", "v1alpha1"}:        {deprecated: 17, removed: 23},
	{"rbac.authorization.k8s.io", "ClusterRoleBinding", "v1alpha1"}: {deprecated: 17, removed: 23},
	{"rbac.authorization.k8s.io", "Role", "v1alpha1"}:               {deprecated: 17, removed: 23},
	{"rbac.authorization.k8s.io", "RoleBinding", "v1alpha1"}:        {deprecated: 17, removed: 23},
	{"scheduling.k8s.io", "PriorityClass", "v1alpha1"}:              {deprecated: 14, removed: 23},
}

func main() {
	kinds := map[key]kind{}
	for _, release := range releases {
		minor := number(strings.Split(release, ".")[2])
		for name, said := range read(download(release)) {
			said.first, said.last = minor, minor
			if known, isKnown := kinds[name]; isKnown {
				said.first = known.first
			}
			kinds[name] = said
		}
	}
	for name, said := range unsaid {
		said.first, said.last = oldest, newest
		kinds[name] = said
	}
	lines := []string{}
	for name, kind := range kinds {
		if kind.introduced == 0 && kind.first > oldest {
			kind.introduced = kind.first
		}
		if kind.last < newest && (kind.removed == 0 || kind.removed > kind.last+1) {
			kind.removed = kind.last + 1
			// It did not live to be deprecated.
			if kind.deprecated > kind.removed {
				kind.deprecated = 0
			}
		}
		lines = append(lines, strings.Join([]string{
			name.group, name.name, name.version,
			optional(kind.introduced), optional(kind.deprecated), optional(kind.removed), kind.replacement,
		}, "\t"))
	}
	slices.Sort(lines)
	fmt.Printf("# The kinds of Kubernetes 1.%d to 1.%d: group, kind, version, and the minors since which it is served,\n", oldest, newest)
	fmt.Print("# deprecated and gone, and what takes its place. Made by ../lifecycle/main.go (`make lifecycle`) of:\n")
	fmt.Printf("# %s\n\n", strings.Join(releases, " "))
	fmt.Print(strings.Join(lines, "\n") + "\n")
}

func optional(minor int) string {
	if minor == 0 {
		return "-"
	}
	return strconv.Itoa(minor)
}

// download gives the folder of a module, which the go command verifies and keeps.
func download(release string) string {
	out, err := exec.Command("go", "mod", "download", "-json", release).Output()
	var module struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &module); jsonErr != nil || module.Dir == "" {
		fmt.Fprintln(os.Stderr, "cannot download", release, err, module.Error)
		os.Exit(1)
	}
	return module.Dir
}

// read gives the kinds that all packages of a module register.
func read(module string) map[key]kind {
	kinds := map[key]kind{}
	folders := map[string]bool{}
	check(filepath.WalkDir(module, func(path string, entry fs.DirEntry, err error) error {
		if entry.Name() == "register.go" && !strings.Contains(path, "/testdata/") && !strings.Contains(path, "/examples/") {
			folders[filepath.Dir(path)] = true
		}
		return err
	}))
	for folder := range folders {
		group, version, names, lifecycles := readPackage(folder)
		// Versions without a name are internal.
		if !strings.HasPrefix(version, "v") {
			continue
		}
		for _, name := range names {
			if isObject(name) {
				kinds[key{group, name, version}] = lifecycles[name]
			}
		}
	}
	return kinds
}

// isObject leaves out lists of kinds and the options of requests.
func isObject(name string) bool {
	return !strings.HasSuffix(name, "List") && !strings.HasSuffix(name, "Options") && name != "Status"
}

func readPackage(folder string) (group, version string, names []string, lifecycles map[string]kind) {
	lifecycles = map[string]kind{}
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	check(err)
	for _, file := range files {
		isRegister := filepath.Base(file) == "register.go"
		if strings.HasSuffix(file, "_test.go") || !(isRegister || strings.Contains(filepath.Base(file), "lifecycle")) {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		check(err)
		ast.Inspect(parsed, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.ValueSpec:
				switch node.Names[0].Name {
				case "GroupName":
					group = literal(node.Values[0])
				case "SchemeGroupVersion":
					version = member(node.Values[0], "Version")
				}
			case *ast.CallExpr:
				if method, isMethod := node.Fun.(*ast.SelectorExpr); isMethod && method.Sel.Name == "AddKnownTypes" {
					names = append(names, registered(node.Args[1:])...)
				}
			case *ast.FuncDecl:
				readMethod(node, lifecycles)
			}
			return true
		})
	}
	return group, version, names, lifecycles
}

// registered gives the names of types in `&Pod{}, &PodList{}`.
func registered(arguments []ast.Expr) (names []string) {
	for _, argument := range arguments {
		if address, isAddress := argument.(*ast.UnaryExpr); isAddress {
			if name, isName := address.X.(*ast.CompositeLit).Type.(*ast.Ident); isName {
				names = append(names, name.Name)
			}
		}
	}
	return names
}

// readMethod reads what a lifecycle method returns.
func readMethod(method *ast.FuncDecl, lifecycles map[string]kind) {
	what, isLifecycle := strings.CutPrefix(method.Name.Name, "APILifecycle")
	if !isLifecycle || method.Recv == nil {
		return
	}
	name := method.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name
	results := method.Body.List[0].(*ast.ReturnStmt).Results
	said := lifecycles[name]
	switch what {
	case "Introduced":
		said.introduced = minor(results)
	case "Deprecated":
		said.deprecated = minor(results)
	case "Removed":
		said.removed = minor(results)
	case "Replacement":
		group, version := member(results[0], "Group"), member(results[0], "Version")
		said.replacement = strings.TrimPrefix(group+"/"+version+" "+member(results[0], "Kind"), "/")
	}
	lifecycles[name] = said
}

// minor reads `1, 16`. A kind of 1.0 has always been there.
func minor(results []ast.Expr) int {
	if results[0].(*ast.BasicLit).Value != "1" {
		panic("a major other than 1")
	}
	return number(results[1].(*ast.BasicLit).Value)
}

func member(value ast.Expr, name string) string {
	for _, element := range value.(*ast.CompositeLit).Elts {
		pair := element.(*ast.KeyValueExpr)
		if pair.Key.(*ast.Ident).Name == name {
			return literal(pair.Value)
		}
	}
	return ""
}

// literal reads a string; a name, such as runtime.APIVersionInternal, is not a literal.
func literal(value ast.Expr) string {
	text, isLiteral := value.(*ast.BasicLit)
	if !isLiteral {
		return ""
	}
	unquoted, err := strconv.Unquote(text.Value)
	check(err)
	return unquoted
}

func number(text string) int {
	number, err := strconv.Atoi(text)
	check(err)
	return number
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
