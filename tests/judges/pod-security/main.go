// Checks pods as the admission plugin of Kubernetes does, with the plugin's own library, for the test beside it.
//
// On standard input stands a line of JSON for each pod, `{"bare": bool, "template": {"metadata", "spec"}}`. For each, a
// line goes to standard output: the checks that the pod fails, by level and by version, where each entry counts from a
// minor on to the next entry's: `{"baseline": [[0, ["hostPorts"]], [34, []]], "restricted": [...]}`; or `{"error": why}`.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	sigsjson "sigs.k8s.io/json"
)

// newest is a minor beyond all that the library knows. It gives them the checks of the newest that it does.
const newest = 40

type question struct {
	Bare     bool            `json:"bare"`
	Template json.RawMessage `json:"template"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	out := bufio.NewWriter(os.Stdout)
	evaluator := newEvaluator()
	for lines.Scan() {
		line, err := json.Marshal(answer(evaluator, lines.Bytes()))
		if err != nil {
			panic(err)
		}
		out.Write(append(line, '\n'))
		out.Flush()
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
}

// newEvaluator gives the library's evaluator, whose reasons are the names of the checks.
func newEvaluator() policy.Evaluator {
	checks := policy.DefaultChecks()
	for _, check := range checks {
		for i := range check.Versions {
			decide := check.Versions[i].CheckPod
			check.Versions[i].CheckPod = func(metadata *metav1.ObjectMeta, spec *corev1.PodSpec) policy.CheckResult {
				result := decide(metadata, spec)
				result.ForbiddenReason = string(check.ID)
				return result
			}
		}
	}
	evaluator, err := policy.NewEvaluator(checks, nil)
	if err != nil {
		panic(err)
	}
	return evaluator
}

func answer(evaluator policy.Evaluator, line []byte) map[string]any {
	var asked question
	var template corev1.PodTemplateSpec
	if err := json.Unmarshal(line, &asked); err != nil {
		panic(err)
	}
	if err := sigsjson.UnmarshalCaseSensitivePreserveInts(asked.Template, &template); err != nil {
		return map[string]any{"error": err.Error()}
	}
	fillIn(&template.Spec, asked.Bare)
	answers := map[string]any{}
	for _, level := range []api.Level{api.LevelBaseline, api.LevelRestricted} {
		entries := [][2]any{}
		last := []string{"none yet"}
		for minor := range newest + 1 {
			failed := failed(evaluator, api.LevelVersion{Level: level, Version: api.MajorMinorVersion(1, minor)}, &template)
			if !slices.Equal(failed, last) {
				entries = append(entries, [2]any{minor, failed})
				last = failed
			}
		}
		latest := failed(evaluator, api.LevelVersion{Level: level, Version: api.LatestVersion()}, &template)
		if !slices.Equal(latest, last) {
			panic("latest is not the newest version")
		}
		answers[string(level)] = entries
	}
	return answers
}

func failed(evaluator policy.Evaluator, standard api.LevelVersion, template *corev1.PodTemplateSpec) []string {
	names := []string{}
	for _, result := range evaluator.EvaluatePod(standard, &template.ObjectMeta, &template.Spec) {
		if !result.Allowed {
			names = append(names, result.ForbiddenReason)
		}
	}
	return names
}

// fillIn does what the API server does before it asks the plugin (SetDefaults_Volume and SetDefaults_Pod in
// k8s.io/kubernetes/pkg/apis/core/v1), as far as a check sees it.
func fillIn(spec *corev1.PodSpec, bare bool) {
	for i := range spec.Volumes {
		if spec.Volumes[i].VolumeSource == (corev1.VolumeSource{}) {
			spec.Volumes[i].EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
	if !bare || !spec.HostNetwork {
		return
	}
	for _, containers := range [][]corev1.Container{spec.Containers, spec.InitContainers} {
		for _, container := range containers {
			for i := range container.Ports {
				if container.Ports[i].HostPort == 0 {
					container.Ports[i].HostPort = container.Ports[i].ContainerPort
				}
			}
		}
	}
}
