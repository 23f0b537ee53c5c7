// Prints what Kubernetes' own types say of their lifecycle, for the test beside it: a line for every kind that the schemes
// of client-go, kube-aggregator and apiextensions-apiserver know, with the minors since which it is deprecated and removed
// (0 where it does not say), and what takes its place.
package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	crds "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/scheme"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	services "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/scheme"
)

func main() {
	lines := []string{}
	for _, known := range []*runtime.Scheme{scheme.Scheme, crds.Scheme, services.Scheme} {
		for gvk, kind := range known.AllKnownTypes() {
			// What every group has: lists, options of requests, and the events of a watch.
			isShared := strings.HasPrefix(kind.PkgPath(), "k8s.io/apimachinery/")
			if isShared || strings.HasSuffix(gvk.Kind, "List") || strings.HasSuffix(gvk.Kind, "Options") {
				continue
			}
			lines = append(lines, line(gvk, reflect.New(kind).Interface()))
		}
	}
	slices.Sort(lines)
	for _, line := range slices.Compact(lines) {
		fmt.Println(line)
	}
}

func line(gvk schema.GroupVersionKind, object any) string {
	var introduced, deprecated, removed int
	var replacement string
	if said, says := object.(interface{ APILifecycleIntroduced() (int, int) }); says {
		_, introduced = said.APILifecycleIntroduced()
	}
	if said, says := object.(interface{ APILifecycleDeprecated() (int, int) }); says {
		_, deprecated = said.APILifecycleDeprecated()
	}
	if said, says := object.(interface{ APILifecycleRemoved() (int, int) }); says {
		_, removed = said.APILifecycleRemoved()
	}
	if said, says := object.(interface {
		APILifecycleReplacement() schema.GroupVersionKind
	}); says {
		gvk := said.APILifecycleReplacement()
		replacement = gvk.GroupVersion().String() + " " + gvk.Kind
	}
	return fmt.Sprintf("%s\t%s\t%s\t%d\t%d\t%d\t%s", gvk.Group, gvk.Kind, gvk.Version, introduced, deprecated, removed, replacement)
}
