// Writes what Kubernetes grants to the roles that it makes itself, from the test data of its bootstrap policy:
//
//	go run . v1.36.3 >../src/granted.tsv
//
// One line a rule or a binding, columns parted by tabs, lists by commas:
//
//	role     <name>               <verbs>    <groups>  <resources>  <resourceNames>  <nonResourceURLs>
//	binding  <name of the role>   <subject>
//
// The name of a Role is namespace/name. Of the rules, those are left out that nobody would complain of, and of the
// bindings those to users and ServiceAccounts.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

const (
	module = "k8s.io/kubernetes"
	folder = "plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata"
)

type rule struct {
	Verbs, APIGroups, Resources, ResourceNames, NonResourceURLs []string
}

type object struct {
	Metadata struct{ Name, Namespace string }
	Rules    []rule
	RoleRef  struct{ Name string }
	Subjects []struct{ Kind, Name string }
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go run . <version of Kubernetes>")
	}
	version := os.Args[1]
	out, err := exec.Command("go", "mod", "download", "-json", module+"@"+version).Output()
	if err != nil {
		log.Fatal(err)
	}
	var downloaded struct{ Dir string }
	if err := json.Unmarshal(out, &downloaded); err != nil {
		log.Fatal(err)
	}
	var all []object
	for _, name := range []string{
		"cluster-roles-featuregates", "controller-roles", "namespace-roles",
		"cluster-role-bindings", "namespace-role-bindings",
	} {
		text, err := os.ReadFile(filepath.Join(downloaded.Dir, folder, name+".yaml"))
		if err != nil {
			log.Fatal(err)
		}
		var list struct{ Items []object }
		if err := yaml.Unmarshal(text, &list); err != nil {
			log.Fatal(err)
		}
		all = append(all, list.Items...)
	}
	fmt.Printf("# What %s %s grants, from %s.\n", module, version, folder)
	for _, it := range all {
		for _, rule := range it.Rules {
			if !isPowerful(rule) {
				continue
			}
			lists := [][]string{rule.Verbs, rule.APIGroups, rule.Resources, rule.ResourceNames, rule.NonResourceURLs}
			columns := []string{"role", name(it)}
			for _, list := range lists {
				columns = append(columns, strings.Join(list, ","))
			}
			fmt.Println(strings.Join(columns, "\t"))
		}
		for _, subject := range it.Subjects {
			if subject.Kind == "Group" {
				fmt.Println(strings.Join([]string{"binding", it.RoleRef.Name, subject.Name}, "\t"))
			}
		}
	}
}

// Whether a rule holds anything that the policy may complain of; what is missing here is a finding there.
func isPowerful(rule rule) bool {
	words := []string{
		"*", "escalate", "bind", "impersonate", "approve", "secrets", "pods/exec", "pods/attach", "nodes/proxy",
		"serviceaccounts/token", "pods/ephemeralcontainers", "certificatesigningrequests/approval",
		"mutatingwebhookconfigurations", "validatingwebhookconfigurations",
	}
	isOne := func(word string) bool { return slices.Contains(words, word) || strings.Contains(word, "*") }
	return slices.ContainsFunc(slices.Concat(rule.Verbs, rule.APIGroups, rule.Resources, rule.NonResourceURLs), isOne)
}

func name(it object) string {
	if it.Metadata.Namespace == "" {
		return it.Metadata.Name
	}
	return it.Metadata.Namespace + "/" + it.Metadata.Name
}
